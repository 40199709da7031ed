// SPDX-License-Identifier: Apache-2.0
// A control socket that answers as wpa_supplicant 2.10 does as far as networks go, and joins as the
// test says.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "support/temporary_directory.h"

namespace fairlead::test {

class SupplicantSocket {
 public:
  SupplicantSocket() : socket_(directory_.path() / "wlan0") {
    descriptor_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_.string().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~SupplicantSocket() {
    stopping_ = true;
    thread_.join();
    ::close(descriptor_);
  }

  const std::filesystem::path& socket() const { return socket_; }
  // Each on SELECT_NETWORK or SCAN, in order, "#" being the network's number.
  void says_on_select(std::vector<std::string> events) { on_select_ = std::move(events); }
  void hears(std::string scan_results) { scan_results_ = std::move(scan_results); }
  void has_status(std::string status) { status_ = std::move(status); }
  // The answer to commands that begin so, before any other.
  void answers(std::string command, std::string text) {
    std::lock_guard lock(mutex_);
    answers_.emplace_back(std::move(command), std::move(text));
  }
  void says_on_chirp(std::vector<std::string> events) { on_chirp_ = std::move(events); }
  unsigned chirps() const { return chirps_; }  // how often it was told to
  void refuses_to_set_but(std::string name) { settable_ = std::move(name); }
  void refuses(std::string command) { refused_ = std::move(command); }
  // A network as it was configured before; its number.
  int add(bool enabled, std::string id_str = "") {
    std::lock_guard lock(mutex_);
    networks_[next_] = {{}, enabled};
    if (!id_str.empty()) networks_[next_].values["id_str"] = "\"" + id_str + "\"";
    return next_++;
  }
  std::string value(int network, const std::string& name) {
    std::lock_guard lock(mutex_);
    auto found = networks_.find(network);
    return found == networks_.end() ? "gone" : found->second.values[name];
  }
  bool enabled(int network) {
    std::lock_guard lock(mutex_);
    return networks_.contains(network) && networks_[network].enabled;
  }
  std::size_t count() {
    std::lock_guard lock(mutex_);
    return networks_.size();
  }
  int last() {  // the one that was added last
    std::lock_guard lock(mutex_);
    return next_ - 1;
  }
  int saved() const { return saved_; }
  std::string selected() {  // the words of the last SELECT_NETWORK
    std::lock_guard lock(mutex_);
    return selected_;
  }

 private:
  struct Network {
    std::map<std::string, std::string> values;
    bool enabled = false;
  };

  void serve() {
    while (!stopping_) {
      pollfd waiting{descriptor_, POLLIN, 0};
      if (::poll(&waiting, 1, 20) <= 0) continue;
      char text[4096];
      sockaddr_un from{};
      socklen_t size = sizeof from;
      auto length =
          ::recvfrom(descriptor_, text, sizeof text, 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (length <= 0) continue;
      const std::string command(text, static_cast<std::size_t>(length));
      if (command == "ATTACH") listener_ = {from, size};
      send(answer(command), from, size);
      if (command.starts_with("SELECT_NETWORK "))
        tell(on_select_, command.substr(15, command.find(' ', 15) - 15));
      if (command.starts_with("DPP_CHIRP")) tell(on_chirp_, "");
      if (command == "SCAN") tell({"CTRL-EVENT-SCAN-STARTED ", "CTRL-EVENT-SCAN-RESULTS "}, "");
    }
  }
  void send(const std::string& text, const sockaddr_un& to, socklen_t size) {
    ::sendto(descriptor_, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&to),
             size);
  }
  void tell(const std::vector<std::string>& events, const std::string& number) {
    for (std::string each : events) {
      if (auto at = each.find('#'); at != each.npos) each.replace(at, 1, number);
      send("<3>" + each, listener_.first, listener_.second);
    }
  }
  std::string answer(const std::string& command) {
    std::lock_guard lock(mutex_);
    std::vector<std::string> words;
    for (std::size_t at = 0; words.size() < 3 && at < command.size();) {
      std::size_t end = words.size() == 3 ? command.npos : command.find(' ', at);
      words.push_back(command.substr(at, end == command.npos ? end : end - at));
      at = end == command.npos ? command.size() : end + 1;
      if (words.size() == 3 && at < command.size()) words.push_back(command.substr(at));
    }
    chirps_ += command.starts_with("DPP_CHIRP");
    for (const auto& [begin, text] : answers_)
      if (command.starts_with(begin)) return text;
    if (!refused_.empty() && command.starts_with(refused_)) return "FAIL\n";
    if (words[0] == "SET_NETWORK" && !settable_.empty() && words.at(2) != settable_)
      return "FAIL\n";
    if (words[0] == "PING") return "PONG\n";
    if (words[0] == "BSS_FLUSH") return "OK\n";
    if (words[0] == "STATUS") return status_;
    if (words[0] == "SCAN_RESULTS") return scan_results_;
    if (words[0] == "LIST_NETWORKS") return list();
    if (words[0] == "SAVE_CONFIG") ++saved_;
    if (words[0] == "ADD_NETWORK") {
      networks_[next_] = {};
      return std::to_string(next_++) + "\n";
    }
    if (words.size() < 2) return "OK\n";
    const int number = std::atoi(words[1].c_str());
    if (!networks_.contains(number)) return "FAIL\n";
    if (words[0] == "REMOVE_NETWORK") networks_.erase(number);
    if (words[0] == "ENABLE_NETWORK") networks_[number].enabled = true;
    if (words[0] == "SELECT_NETWORK") selected_ = command.substr(15);
    if (words[0] == "SELECT_NETWORK")
      for (auto& [each, network] : networks_) network.enabled = each == number;
    if (words[0] == "SET_NETWORK") networks_[number].values[words[2]] = words.at(3);
    if (words[0] != "GET_NETWORK") return "OK\n";
    const std::string& found = networks_[number].values[words[2]];
    return found.empty() ? "FAIL\n" : found;
  }
  std::string list() {
    std::string out = "network id / ssid / bssid / flags\n";
    for (auto& [number, network] : networks_)
      out +=
          std::to_string(number) + "\tname\tany\t" + (network.enabled ? "" : "[DISABLED]") + "\n";
    return out;
  }

  TemporaryDirectory directory_;
  std::filesystem::path socket_;
  std::vector<std::string> on_select_, on_chirp_;
  std::vector<std::pair<std::string, std::string>> answers_;
  std::atomic<unsigned> chirps_ = 0;
  std::string scan_results_, status_, refused_, settable_, selected_;
  std::pair<sockaddr_un, socklen_t> listener_{};
  std::mutex mutex_;
  std::map<int, Network> networks_;
  int next_ = 0, descriptor_ = -1;
  std::atomic<int> saved_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace fairlead::test
