// SPDX-License-Identifier: Apache-2.0
#include "client/provision/device_link.h"

namespace fairlead::client {

namespace {

Problem own_problem(const Error& error) {
  ProblemKind kind =
      error.code == Errc::untrusted ? ProblemKind::untrusted_server : ProblemKind::server_fault;
  return {kind, error.context};
}

bool broke_off(const Problem& problem) {
  return problem.kind == ProblemKind::failed || problem.kind == ProblemKind::server_fault;
}

Problem wrong_code_perhaps(const Problem& problem) {
  return {ProblemKind::forbidden,
          "the device broke off when the code was shown to it, so that is wrong, most likely (" +
              problem.message + ")",
          "Compare it with the label. The firmware of this device says no more than that."};
}

}  // namespace

Answer<local::Version> ask_version(DeviceCarrier& device) {
  TRY(auto answer, device.exchange("proto-ver", as_view("ESP")));
  auto version = local::decode_version(answer);
  if (!version) return std::unexpected(own_problem(version.error()));
  return std::move(*version);
}

Answer<DeviceLink> DeviceLink::open(DeviceCarrier& device, local::ClientSecret secret,
                                    Random& random, Firmware firmware) {
  DeviceLink out(device, std::move(secret), random);
  local::Send next = out.conversation_.begin();
  for (bool shown = false;; shown = true) {
    auto heard = out.exchange(std::move(next));
    if (!heard && shown && firmware == Firmware::stock && broke_off(heard.error()))
      return std::unexpected(wrong_code_perhaps(heard.error()));
    if (!heard) return std::unexpected(std::move(heard.error()));
    if (std::holds_alternative<local::SessionOpen>(*heard)) return out;
    next = std::move(std::get<local::Send>(*heard));
  }
}

Answer<Bytes> DeviceLink::ask(const std::string& endpoint, View plain) {
  auto send = conversation_.ask(endpoint, plain);
  if (!send) return std::unexpected(own_problem(send.error()));
  TRY(auto heard, exchange(std::move(*send)));
  return std::move(std::get<local::StockAnswer>(heard).plain);
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
