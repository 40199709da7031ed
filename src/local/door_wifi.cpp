// SPDX-License-Identifier: Apache-2.0
// What is said at the open door about Wi-Fi: Espressif's endpoints for stock clients, who want the
// join and no more, and what our own endpoint shares with them.
#include <algorithm>

#include "base/limits.h"
#include "local/door.h"

namespace fairlead::local {

namespace {

// What a person chooses from: each name once per kind of security, the strongest first.
std::vector<scan::Entry> list_of(std::vector<scan::Entry> heard) {
  std::erase_if(heard, [](const scan::Entry& each) { return each.ssid.empty(); });
  std::ranges::sort(heard, std::ranges::greater(), &scan::Entry::rssi);
  std::vector<scan::Entry> out;
  for (scan::Entry& each : heard) {
    auto same = [&](const scan::Entry& other) {
      return other.ssid == each.ssid && other.auth == each.auth;
    };
    if (out.size() == limits::scan_entries_max) break;
    if (std::ranges::none_of(out, same)) out.push_back(std::move(each));
  }
  return out;
}

std::string why_not(WifiAuth auth) {
  if (auth == WifiAuth::wpa2_enterprise) return "it takes no passphrase, but accounts";
  if (auth == WifiAuth::wep) return "its encryption (WEP) is broken";
  return "";
}

}  // namespace

Actions Door::show_networks(Looking who) {
  session_->asked_driver = true;
  session_->looking = who;
  Actions out;
  out.push_back(ShowNetworks{});
  return out;
}

answer::Networks Door::nearby_networks() const {
  answer::Networks out;
  for (const scan::Entry& each : networks_)
    out.heard.push_back({each.ssid, each.auth, std::clamp(each.rssi, -127, 0),
                         std::min(each.channel, 255u), why_not(each.auth)});
  return out;
}

Actions Door::networks_seen(std::vector<scan::Entry> heard) {
  networks_ = list_of(std::move(heard));
  if (!session_) return {};
  switch (std::exchange(session_->looking, Looking::no)) {
    case Looking::own:
      return answer_command(nearby_networks());
    case Looking::stock:
      session_->asked_driver = false;
      return reply(scan::encode_answer(scan::Started{}));
    case Looking::no:
      break;
  }
  return {};
}

Actions Door::wifi_joined(config::Connected connected, Time now) {
  Actions out;
  if (report_.progress == Progress::joining) {
    report_.progress = Progress::connecting;
    begun(now);
    out.push_back(GoOnline{});
  } else if (std::holds_alternative<config::Connecting>(wifi_status_.state)) {
    wifi_status_.state = std::move(connected);
    out.push_back(KeepWifi{});
  }
  return out;
}

Actions Door::wifi_failed(Obstacle obstacle, config::FailReason reason, Time) {
  if (report_.progress == Progress::joining) return give_up(std::move(obstacle));
  if (std::holds_alternative<config::Connecting>(wifi_status_.state))
    wifi_status_.state = config::ConnectionFailed{reason};
  return {};
}

// iOS never sees a failed Set, so what it left out fails again at Apply.
Actions Door::on_config(View plain, Time) {
  auto command = config::decode_config_command(plain);
  PeerId peer = session_->peer;
  if (!command) {
    session_.reset();
    return no_session(peer, command.error().context);
  }
  if (auto* other = std::get_if<OtherNetwork>(&*command))
    return reply(config::encode_answer(config::OtherAnswer{other->step, Status::invalid_argument}));
  if (std::holds_alternative<config::AskStatus>(*command))
    return reply(config::encode_answer(wifi_status_));
  if (auto* set = std::get_if<config::Set>(&*command)) {
    bool good = options_.wifi && config::plausible(*set);
    wifi_.reset();
    if (good) wifi_ = std::move(*set);
    return reply(
        config::encode_answer(config::SetDone{good ? Status::success : Status::invalid_argument}));
  }
  return apply_wifi();
}

Actions Door::apply_wifi() {
  const bool busy = std::holds_alternative<config::Connecting>(wifi_status_.state) ||
                    report_.progress == Progress::joining ||
                    report_.progress == Progress::connecting;
  if (!wifi_ || busy)
    return reply(config::encode_answer(config::ApplyDone{Status::invalid_argument}));
  Actions out = reply(config::encode_answer(config::ApplyDone{}));
  wifi_status_.state = config::Connecting{};
  out.push_back(JoinWifi{{std::move(wifi_->ssid), std::move(wifi_->passphrase)}});
  wifi_.reset();
  return out;
}

Actions Door::on_control(View plain, Time) {
  auto command = ctrl::decode_ctrl_command(plain);
  PeerId peer = session_->peer;
  if (!command) {
    session_.reset();
    return no_session(peer, command.error().context);
  }
  bool known = *command != ctrl::Command::other;
  bool busy = std::holds_alternative<config::Connecting>(wifi_status_.state);
  if (known && !busy) {
    wifi_.reset();
    wifi_status_.state = config::Disconnected{};
  }
  Status status = !known || busy ? Status::invalid_argument : Status::success;
  return reply(ctrl::encode_answer(*command, status));
}

// The start is answered when there is a list: clients ask for the status once and give up on a scan
// that isn't finished. A page beyond the end is refused, since an empty one crashes a client.
Actions Door::on_scan(View plain) {
  auto command = scan::decode_scan_command(plain);
  PeerId peer = session_->peer;
  if (!command) {
    session_.reset();
    return no_session(peer, command.error().context);
  }
  if (auto* other = std::get_if<OtherNetwork>(&*command))
    return reply(scan::encode_answer(scan::OtherAnswer{other->step, Status::invalid_argument}));
  const Status status = options_.wifi ? Status::success : Status::invalid_argument;
  if (std::holds_alternative<scan::Start>(*command)) {
    if (options_.wifi) return show_networks(Looking::stock);
    return reply(scan::encode_answer(scan::Started{status}));
  }
  const auto count = static_cast<std::uint32_t>(networks_.size());
  if (std::holds_alternative<scan::AskStatus>(*command))
    return reply(scan::encode_answer(scan::TellStatus{status, true, count}));
  const auto& asked = std::get<scan::AskResult>(*command);
  if (!options_.wifi || (asked.count > 0 && asked.start_index >= count))
    return reply(scan::encode_answer(scan::TellResult{Status::invalid_argument, {}}));
  const std::uint32_t first = std::min(asked.start_index, count);
  const std::uint32_t last = first + std::min(asked.count, count - first);
  return reply(scan::encode_answer(
      scan::TellResult{Status::success, {networks_.begin() + first, networks_.begin() + last}}));
}

}  // namespace fairlead::local
