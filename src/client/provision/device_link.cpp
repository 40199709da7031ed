// SPDX-License-Identifier: Apache-2.0
#include "client/provision/device_link.h"

namespace fairlead::client {

namespace {

Problem own_problem(const Error& error) {
  ProblemKind kind =
      error.code == Errc::untrusted ? ProblemKind::untrusted_server : ProblemKind::server_fault;
  return {kind, error.context};
}

}  // namespace

Answer<local::Version> ask_version(DeviceCarrier& device) {
  TRY(auto answer, device.exchange("proto-ver", as_view("ESP")));
  auto version = local::decode_version(answer);
  if (!version) return std::unexpected(own_problem(version.error()));
  return std::move(*version);
}

Answer<DeviceLink> DeviceLink::open(DeviceCarrier& device, local::ClientSecret secret,
                                    Random& random) {
  DeviceLink out(device, std::move(secret), random);
  local::Send next = out.conversation_.begin();
  for (;;) {
    TRY(auto heard, out.exchange(std::move(next)));
    if (std::holds_alternative<local::SessionOpen>(heard)) return out;
    next = std::move(std::get<local::Send>(heard));
  }
}

Answer<local::Heard> DeviceLink::exchange(local::Send send) {
  TRY(auto answer, device_.exchange(send.endpoint, send.body));
  auto heard = conversation_.hear(answer);
  if (!heard) return std::unexpected(own_problem(heard.error()));
  return std::move(*heard);
}

Answer<local::Answer> DeviceLink::say(const local::Command& command) {
  auto first = conversation_.say(command);
  if (!first) return std::unexpected(own_problem(first.error()));
  local::Send next = std::move(*first);
  for (;;) {
    TRY(auto heard, exchange(std::move(next)));
    if (auto* answer = std::get_if<local::Answer>(&heard)) return std::move(*answer);
    next = std::move(std::get<local::Send>(heard));
  }
}

}  // namespace fairlead::client
