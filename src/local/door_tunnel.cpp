// SPDX-License-Identifier: Apache-2.0
// The Wi-Fi network that goes with a Grant: given as it is, or by Wi-Fi Easy Connect through a
// tunnel whose ends are the client's Configurator and the device's Enrollee.
#include "local/door.h"
#include "local/door_obstacles.h"

namespace fairlead::local {

std::optional<Obstacle> Door::no_network_now() const {
  if (!options_.wifi) return no_wifi();
  if (under_way(report_.progress)) return in_the_way(report_.progress);
  if (report_.progress == Progress::committed)
    return Obstacle{"committed", "the device is provisioned; reset it instead"};
  return std::nullopt;
}

Answer Door::use_wifi(WifiCredentials network, Time now) {
  if (auto obstacle = no_network_now()) return answer::No{std::move(*obstacle)};
  wifi_with_grant_ = std::move(network);
  begun(now);
  return answer::Done{};
}

Actions Door::on_tunnel(UseTunnel tunnel, Time now) {
  if (!options_.easy_connect)
    return answer_command(answer::No{{"unsupported", "this device has no Wi-Fi Easy Connect"}});
  if (auto obstacle = no_network_now()) return answer_command(answer::No{std::move(*obstacle)});
  session_->asked_driver = session_->began = true;
  begun(now);  // a tunnel that nobody closes ends with the roll-back
  Actions out;
  out.push_back(std::move(tunnel));
  return out;
}

namespace {

answer::No failed(const Error& error) { return {{"easy_connect_failed", error.context}}; }

}  // namespace

Actions Door::tunnel_opened(Result<std::string> uri) {
  if (!session_ || !session_->asked_driver) return {};
  if (!uri) return answer_command(failed(uri.error()));
  return answer_command(answer::TunnelOpen{std::move(*uri)});
}

Actions Door::tunnel_carried(Result<answer::Carried> carried) {
  if (!session_ || !session_->asked_driver) return {};
  if (!carried) return answer_command(failed(carried.error()));
  return answer_command(std::move(*carried));
}

Actions Door::tunnel_closed(Result<WifiCredentials> network, Time now) {
  if (!session_ || !session_->asked_driver) return {};
  if (!network) return answer_command(failed(network.error()));
  return answer_command(use_wifi(std::move(*network), now));
}

}  // namespace fairlead::local
