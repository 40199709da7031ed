// SPDX-License-Identifier: Apache-2.0
#include "tool/address_probe.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/limits.h"
#include "local/version.h"
#include "net/http.h"
#include "net/loop.h"
#include "tool/silence.h"

namespace fairlead::tool {

namespace {

// Answers cross from the loop's thread to the caller's.
struct Answers {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<client::Sighting> found;
  std::size_t ended = 0;
};

struct Probe {
  net::Loop& loop;
  net::HttpClient& client;
  Answers& answers;
};

std::optional<client::Sighting> sighting_of(const client::HostPort& at, std::string address,
                                            const net::HttpResponse& response) {
  if (response.status != 200) return std::nullopt;
  auto version = local::decode_version(response.body);
  if (!version || version->fairlead_capabilities.empty()) return std::nullopt;
  client::Sighting out;
  out.by = client::SeenBy::address;
  auto zone = address.find('%');
  if (zone != address.npos) {
    out.interface = address.substr(zone + 1);
    address.resize(zone);
  }
  out.addresses = {std::move(address)};
  out.port = at.port;
  const local::About& about = version->about;
  out.said = {about.product_uri, {},          about.vendor, about.model, about.serial,
              about.firmware,    about.state, "1.0",        {},          {}};
  return out;
}

net::Task<void> ask(Probe probe, client::HostPort at) {
  std::optional<client::Sighting> found;
  auto addresses = co_await net::resolve(probe.loop, at.host, probe_limit);
  for (std::size_t i = 0; addresses && i < addresses->size() && !found; ++i) {
    client::HostPort numeric{(*addresses)[i], at.port};
    auto url = net::parse_url(numeric.url() + "/proto-ver");
    if (!url) continue;
    net::HttpRequest request;
    request.method = "POST";
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = to_bytes("ESP");
    net::Url target = std::move(*url);
    auto response = co_await probe.client.send(std::move(target), std::move(request), probe_limit,
                                               limits::local_version_bytes_max);
    if (response) found = sighting_of(at, numeric.host, *response);
  }
  std::lock_guard lock(probe.answers.mutex);
  if (found) probe.answers.found.push_back(std::move(*found));
  ++probe.answers.ended;
  probe.answers.changed.notify_one();
  co_return ok();
}

}  // namespace

Probed probe_addresses(const std::vector<client::HostPort>& addresses,
                       const std::atomic<bool>& stop,
                       const std::function<void(const client::Sighting&)>& seen) {
  Silence log;
  Answers answers;
  net::Loop loop(log);
  net::HttpClient http(loop, net::TlsClient{});
  std::thread thread([&] { loop.run(); });
  Probed out;
  std::size_t found = 0;
  std::unique_lock lock(answers.mutex);
  while (answers.ended < addresses.size() && !stop) {
    while (out.asked < addresses.size() && out.asked - answers.ended < probes_at_once)
      loop.spawn("probe", ask({loop, http, answers}, addresses[out.asked++]));
    answers.changed.wait_for(lock, std::chrono::milliseconds(100));
    auto fresh = std::exchange(answers.found, {});
    found += fresh.size();
    lock.unlock();
    for (const auto& each : fresh) seen(each);
    lock.lock();
  }
  for (const auto& each : answers.found) seen(each), ++found;
  out.silent = answers.ended - std::min(found, answers.ended);
  lock.unlock();
  loop.stop();
  thread.join();
  return out;
}

}  // namespace fairlead::tool
