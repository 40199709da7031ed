// SPDX-License-Identifier: Apache-2.0
#include "link/wpa/wpa_wifi.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/limits.h"
#include "link/wpa/control.h"
#include "link/wpa/join_watch.h"

namespace fairlead::link::wpa {

namespace {

using std::chrono::steady_clock;

constexpr auto scan_deadline = std::chrono::seconds(8), join_deadline = std::chrono::seconds(35);
constexpr unsigned events_at_once = 64;

// Our networks have the id_str "fairlead after IDS with WORD": those that are to be enabled again,
// as "0,2", and the word of start_trial() in hexadecimal. How far one is stands in its priority,
// the one value that can be set without losing a link by WPA3: any other flushes the keys in use.
constexpr std::string_view our_mark = "fairlead after ";
constexpr std::string_view on_trial = "1000", stored = "999", kept = "1";

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }
std::string unquoted(std::string text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    return text.substr(1, text.size() - 2);
  return text;
}

WifiFailure missing(const Error& error) { return {WifiObstacle::missing, error.context}; }

class WpaWifi final : public Wifi {
 public:
  explicit WpaWifi(std::filesystem::path socket)
      : socket_(std::move(socket)), interface_(socket_.filename()) {}

  const std::string& interface() const override { return interface_; }
  Result<void> start_scan() override;
  Result<std::optional<std::vector<WifiNetwork>>> scanned() override;
  std::expected<void, WifiFailure> start_trial(const WifiCredentials& credentials,
                                               const std::string& word) override;
  WifiTrial trial() override;
  Result<void> store() override;
  Result<void> keep() override;
  Result<void> revert() override;
  Result<void> settle(const std::string& word) override;
  Result<std::size_t> forget() override;

 private:
  struct Ours {  // a network of ours, as wpa_supplicant has it
    std::string id, priority, after, word;
  };
  struct Joining {
    std::string id;
    Bytes ssid;
    JoinWatch watch;
    steady_clock::time_point until;
    bool narrow = false;  // so far it was looked for only on the channel where it was heard
  };

  Result<void> connect();
  Result<std::string> ask(const std::string& command);
  Result<void> tell(const std::string& command);
  Result<void> set(const std::string& id, const std::string& name, const std::string& value);
  Result<std::optional<std::string>> event();
  Result<std::vector<Ours>> ours();
  Result<std::vector<Ours>> trials();
  Result<void> add(const WifiCredentials& credentials, const std::string& word);
  Result<void> describe(const std::string& id, const WifiCredentials& credentials, bool hides);
  Verdict look_again();
  Result<void> enable_others();
  Result<std::vector<WifiNetwork>> heard();
  Result<WifiNetwork> joined_network();
  Result<void> save();

  std::filesystem::path socket_;
  std::string interface_;
  std::unique_ptr<Control> control_;
  std::optional<steady_clock::time_point> scanning_until_;
  std::optional<Joining> joining_;
  bool scan_over_ = false;
};

// One that was restarted has forgotten us: we ask its successor.
Result<void> WpaWifi::connect() {
  if (control_ && control_->ask("PING").value_or("") == "PONG") return ok();
  control_.reset();
  TRY(control_, Control::open(socket_));
  return ok();
}

Result<std::string> WpaWifi::ask(const std::string& command) {
  if (!control_) return fail(Errc::io, "wpa_supplicant was not asked");
  return control_->ask(command);
}

Result<void> WpaWifi::tell(const std::string& command) {
  TRY(std::string answer, ask(command));
  if (answer != "OK")
    return fail(Errc::refused, "wpa_supplicant: " + command.substr(0, command.find(' ')));
  return ok();
}

Result<void> WpaWifi::set(const std::string& id, const std::string& name,
                          const std::string& value) {
  return tell("SET_NETWORK " + id + " " + name + " " + value).in(name);
}

Result<std::optional<std::string>> WpaWifi::event() {
  TRY(auto event, control_->next_event(Duration(0)));
  if (event && event->starts_with("CTRL-EVENT-SCAN-RESULTS")) scan_over_ = true;
  return event;
}

Result<std::vector<WifiNetwork>> WpaWifi::heard() {
  TRY(std::string reply, ask("SCAN_RESULTS"));
  return decode_scan_results(reply);
}

Result<void> WpaWifi::start_scan() {
  if (joining_) return fail(Errc::busy, "the device is joining a network");
  TRY_VOID(connect());
  for (unsigned i = 0; i < events_at_once; ++i) {
    TRY(auto old, event());
    if (!old) break;
  }
  scan_over_ = false;
  scanning_until_ = steady_clock::now() + scan_deadline;
  ignore(tell("BSS_FLUSH 0"), "then what was heard before is shown too");
  auto scan = ask("SCAN");
  // FAIL-BUSY: one is under way already, and its end is ours.
  if (!scan && scan.error().code != Errc::refused) return fail(scan.error());
  return ok();
}

Result<std::optional<std::vector<WifiNetwork>>> WpaWifi::scanned() {
  if (!scanning_until_) return fail(Errc::conflict, "no scan was begun");
  if (joining_)
    return fail(Errc::busy, "the device is joining a network");  // whose events they are
  for (unsigned i = 0; i < events_at_once && !scan_over_; ++i) {
    TRY(auto next, event());
    if (!next) break;
  }
  if (!scan_over_ && steady_clock::now() < *scanning_until_)
    return std::optional<std::vector<WifiNetwork>>();
  TRY(auto networks, heard());
  return std::optional(std::move(networks));
}

Result<std::vector<WpaWifi::Ours>> WpaWifi::ours() {
  TRY(std::string list, ask("LIST_NETWORKS"));
  std::vector<Ours> out;
  for (const KnownNetwork& each : decode_network_list(list)) {
    auto id_str = ask("GET_NETWORK " + each.id + " id_str");
    if (!id_str) continue;  // it has none
    const std::string text = unquoted(*id_str);
    const std::size_t with = text.find(" with ");
    if (!text.starts_with(our_mark) || with == text.npos) continue;
    TRY(std::string priority, ask("GET_NETWORK " + each.id + " priority"));
    out.push_back({each.id, std::move(priority),
                   text.substr(our_mark.size(), with - our_mark.size()), text.substr(with + 6)});
  }
  return out;
}

Result<std::vector<WpaWifi::Ours>> WpaWifi::trials() {
  TRY(auto out, ours());
  std::erase_if(out, [](const Ours& each) { return each.priority == kept; });
  return out;
}

// SAE beside PSK: wpa_supplicant takes what the access point offers, the better first. A hidden
// network answers only to who calls it by its name (scan_ssid); one that is heard need not be
// called so wherever this device goes.
Result<void> WpaWifi::describe(const std::string& id, const WifiCredentials& credentials,
                               bool hides) {
  TRY_VOID(set(id, "ssid", to_hex(credentials.ssid)));
  TRY_VOID(set(id, "scan_ssid", hides ? "1" : "0"));
  const bool by_passphrase = !credentials.passphrase.empty();
  if (!by_passphrase && !credentials.connector) return set(id, "key_mgmt", "NONE");
  TRY_VOID(set(id, "ieee80211w", "1"));
  if (credentials.connector) {
    const WifiConnector& connector = *credentials.connector;
    TRY_VOID(set(id, "dpp_connector", in_quotes(connector.text)));
    TRY_VOID(set(id, "dpp_csign", to_hex(connector.c_sign)));
    TRY_VOID(set(id, "dpp_netaccesskey", to_hex(connector.network_key.reveal())));
  }
  if (!by_passphrase) return set(id, "key_mgmt", "DPP");
  const std::string dpp = credentials.connector ? " DPP" : "";
  if (!set(id, "key_mgmt", "SAE WPA-PSK WPA-PSK-SHA256" + dpp))  // built without SAE
    TRY_VOID(set(id, "key_mgmt", "WPA-PSK" + dpp));
  return set(id, "psk", in_quotes(as_text(credentials.passphrase.reveal())));
}

Result<void> WpaWifi::add(const WifiCredentials& credentials, const std::string& word) {
  TRY(std::string list, ask("LIST_NETWORKS"));
  std::string enabled;
  for (const KnownNetwork& each : decode_network_list(list))
    if (each.enabled) enabled += (enabled.empty() ? "" : ",") + each.id;
  TRY(std::string id, ask("ADD_NETWORK"));
  // First the mark, so that whatever ends here can be undone.
  TRY_VOID(set(id, "id_str",
               in_quotes(std::string(our_mark) + enabled + " with " + to_hex(as_view(word)))));
  TRY_VOID(set(id, "priority", std::string(on_trial)));
  TRY(auto networks, heard());
  std::ranges::sort(networks, std::greater(), &WifiNetwork::signal_dbm);
  auto found = std::ranges::find(networks, credentials.ssid, &WifiNetwork::ssid);
  const bool is_heard = found != networks.end();
  TRY_VOID(describe(id, credentials, !is_heard));
  for (unsigned i = 0; i < events_at_once; ++i) {
    TRY(auto old, event());
    if (!old) break;
  }
  // What was heard of it may be of an access point as it was; and where one is, is looked at
  // first: one channel takes a tenth of the time of all.
  ignore(tell("BSS_FLUSH 0"), "then it may be tried as it was");
  TRY_VOID(tell("SELECT_NETWORK " + id +
                (is_heard ? " freq=" + std::to_string(found->frequency_mhz) : "")));
  joining_.emplace(
      id, credentials.ssid,
      JoinWatch(id, credentials.ssid, !credentials.passphrase.empty() || credentials.connector),
      steady_clock::now() + join_deadline, is_heard);
  return ok();
}

// It moved to another channel, or hides its name by now: wpa_supplicant goes on looking everywhere.
Verdict WpaWifi::look_again() {
  auto networks = heard().value_or(std::vector<WifiNetwork>());
  const bool is_heard =
      std::ranges::find(networks, joining_->ssid, &WifiNetwork::ssid) != networks.end();
  if (!is_heard && std::exchange(joining_->narrow, false)) {
    ignore(set(joining_->id, "scan_ssid", "1"), "then it is found if it shows its name");
    return Undecided{};
  }
  return joining_->watch.on_networks(networks);
}

std::expected<void, WifiFailure> WpaWifi::start_trial(const WifiCredentials& credentials,
                                                      const std::string& word) {
  const std::string_view passphrase = as_text(credentials.passphrase.reveal());
  const auto printable = [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != '\x7f'; };
  if (!passphrase.empty() && (passphrase.size() < limits::wifi_passphrase_bytes_min ||
                              passphrase.size() > limits::wifi_passphrase_bytes_max ||
                              !std::ranges::all_of(passphrase, printable)))
    return std::unexpected(WifiFailure{WifiObstacle::wrong_passphrase,
                                       "a passphrase has 8 to 63 printable characters"});
  auto reverted = revert();
  if (!reverted) return std::unexpected(missing(reverted.error()));
  auto added = add(credentials, word);
  if (added) return {};
  ignore(revert(), "what was added is removed before the next trial, too");
  return std::unexpected(missing(added.error()));
}

WifiTrial WpaWifi::trial() {
  if (!joining_)
    return std::unexpected(WifiFailure{WifiObstacle::missing, "no network is on trial"});
  Verdict verdict = Undecided{};
  for (unsigned i = 0; i < events_at_once && std::holds_alternative<Undecided>(verdict); ++i) {
    auto next = event();
    if (!next) return std::unexpected(missing(next.error()));
    if (!*next) break;
    verdict = joining_->watch.on_event(**next);
    if (std::holds_alternative<LookAround>(verdict)) verdict = look_again();
  }
  if (auto* failure = std::get_if<WifiFailure>(&verdict))
    return std::unexpected(std::move(*failure));
  if (std::holds_alternative<Joined>(verdict)) {
    auto network = joined_network();
    if (!network) return std::unexpected(missing(network.error()));
    return std::optional(std::move(*network));
  }
  if (steady_clock::now() < joining_->until) return std::nullopt;
  return std::unexpected(joining_->watch.on_deadline());
}

Result<WifiNetwork> WpaWifi::joined_network() {
  TRY_VOID(enable_others());
  TRY(std::string status, ask("STATUS"));
  TRY(auto networks, heard());
  const Joining joined = *std::exchange(joining_, std::nullopt);
  WifiNetwork out;
  out.ssid = joined.ssid;
  const std::string bssid = decode_status_value(status, "bssid");
  for (WifiNetwork& each : networks) {
    std::string address = to_hex(each.bssid);
    for (std::size_t at = 10; at > 0; at -= 2) address.insert(at, ":");
    if (address != bssid) continue;
    each.ssid = joined.ssid;
    return std::move(each);
  }
  return out;
}

// They were disabled by SELECT_NETWORK, and would be stored so. Those of a stored trial are
// enabled, and their numbers may be others by now.
Result<void> WpaWifi::enable_others() {
  TRY(auto all, ours());
  for (const Ours& each : all) {
    if (each.priority != on_trial) continue;
    std::string_view ids = each.after;
    while (!ids.empty()) {
      const std::size_t end = std::min(ids.find(','), ids.size());
      ignore(tell("ENABLE_NETWORK " + std::string(ids.substr(0, end))),
             "it was removed meanwhile by somebody else");
      ids.remove_prefix(std::min(end + 1, ids.size()));
    }
  }
  return ok();
}

Result<void> WpaWifi::save() {
  auto saved = tell("SAVE_CONFIG");
  if (saved) return ok();
  return fail(Errc::io,
              "wpa_supplicant can't store its networks: it needs update_config=1 and a file that "
              "it may write");
}

Result<void> WpaWifi::store() {
  TRY_VOID(connect());
  TRY(auto tried, trials());
  if (tried.empty()) return ok();
  const std::string& id = tried.front().id;
  TRY(std::string status, ask("STATUS"));
  if (decode_status_value(status, "id") != id)
    return fail(Errc::conflict, "the device is no longer on the network that was tried");
  TRY_VOID(enable_others());
  TRY_VOID(set(id, "priority", std::string(stored)));
  return save();
}

Result<void> WpaWifi::keep() {
  joining_.reset();
  TRY_VOID(connect());
  TRY_VOID(enable_others());
  TRY(auto all, ours());
  auto tried = std::ranges::find_if(all, [](const Ours& each) { return each.priority != kept; });
  if (tried == all.end()) return ok();
  TRY(std::string ssid, ask("GET_NETWORK " + tried->id + " ssid"));
  // The same network as it was known before, with the passphrase of then.
  for (const Ours& each : all)
    if (each.id != tried->id && ask("GET_NETWORK " + each.id + " ssid").value_or("") == ssid)
      TRY_VOID(tell("REMOVE_NETWORK " + each.id));
  TRY_VOID(set(tried->id, "priority", std::string(kept)));
  return save();
}

Result<void> WpaWifi::revert() {
  joining_.reset();
  TRY_VOID(connect());
  TRY_VOID(enable_others());
  TRY(auto tried, trials());
  if (tried.empty()) return ok();
  bool on_disk = false;
  for (const Ours& each : tried) {
    on_disk |= each.priority == stored;
    TRY_VOID(tell("REMOVE_NETWORK " + each.id));
  }
  ignore(tell("REASSOCIATE"), "it looks for the networks of before by itself, too");
  return on_disk ? save() : ok();
}

// One that is stored without what it goes with, or goes with something that was never stored.
Result<void> WpaWifi::settle(const std::string& word) {
  TRY_VOID(connect());
  TRY(auto tried, trials());
  const bool stays = !word.empty() && tried.size() == 1 && tried.front().priority == stored &&
                     tried.front().word == to_hex(as_view(word));
  return stays ? keep() : revert();
}

// Where the file can't be written, it is read again: who asks once more finds what is still in it.
Result<std::size_t> WpaWifi::forget() {
  joining_.reset();
  TRY_VOID(connect());
  TRY_VOID(enable_others());
  TRY(auto all, ours());
  if (all.empty()) return std::size_t{0};
  for (const Ours& each : all) TRY_VOID(tell("REMOVE_NETWORK " + each.id));
  if (auto saved = save(); !saved) {
    ignore(tell("RECONFIGURE"), "that they could not be removed is said in any case");
    return fail(saved.error());
  }
  ignore(tell("REASSOCIATE"), "it looks for the networks of others by itself, too");
  return all.size();
}

}  // namespace

std::unique_ptr<Wifi> wpa_wifi(std::filesystem::path socket) {
  return std::make_unique<WpaWifi>(std::move(socket));
}

}  // namespace fairlead::link::wpa
