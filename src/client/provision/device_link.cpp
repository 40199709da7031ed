// SPDX-License-Identifier: Apache-2.0
#include "client/provision/device_link.h"

namespace fairlead::client {

namespace {

constexpr Duration device_deadline = std::chrono::seconds(20);

ApiRequest request_for(const local::Send& send, const std::string& cookie) {
  ApiRequest out;
  out.method = "POST";
  out.target = "/" + send.endpoint;
  out.content_type = "application/x-www-form-urlencoded";
  out.cookie = cookie;
  out.body = std::string(as_text(send.body));
  out.limit = device_deadline;
  return out;
}

// A device says in words why it doesn't answer.
Problem refusal_of(const ApiResponse& response) {
  std::string words = plain_text(response.body, 200);
  if (words.empty()) words = "the device answers with status " + std::to_string(response.status);
  switch (response.status) {
    case 400:
      return {ProblemKind::bad_request, words};
    case 403:
      return {ProblemKind::forbidden, words};
    case 429:
    case 503:
      return {ProblemKind::busy, words};
    default:
      return {ProblemKind::server_fault, words};
  }
}

Problem own_problem(const Error& error) {
  ProblemKind kind =
      error.code == Errc::untrusted ? ProblemKind::untrusted_server : ProblemKind::server_fault;
  return {kind, error.context};
}

Answer<ApiResponse> ask(Transport& device, const ApiRequest& request) {
  auto answer = device.exchange(request);
  if (!answer)
    return problem(ProblemKind::failed, "the device does not answer: " + answer.error().context,
                   "Check its address, and that it is in provisioning mode: press its button.");
  if (answer->status != 200) return std::unexpected(refusal_of(*answer));
  return std::move(*answer);
}

}  // namespace

Answer<local::Version> ask_version(Transport& device) {
  TRY(auto answer, ask(device, request_for({"proto-ver", to_bytes("ESP")}, {})));
  auto version = local::decode_version(as_view(answer.body));
  if (!version) return std::unexpected(own_problem(version.error()));
  return std::move(*version);
}

Answer<DeviceLink> DeviceLink::open(Transport& device, local::ClientSecret secret, Random& random) {
  DeviceLink out(device, std::move(secret), random);
  local::Send next = out.conversation_.begin();
  for (;;) {
    TRY(auto heard, out.exchange(std::move(next)));
    if (std::holds_alternative<local::SessionOpen>(heard)) return out;
    next = std::move(std::get<local::Send>(heard));
  }
}

Answer<local::Heard> DeviceLink::exchange(local::Send send) {
  TRY(auto answer, ask(device_, request_for(send, cookie_)));
  if (!answer.set_cookie.empty()) cookie_ = answer.set_cookie;
  auto heard = conversation_.hear(as_view(answer.body));
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
