// SPDX-License-Identifier: Apache-2.0
#include "client/provision/device_carrier.h"

namespace fairlead::client {

namespace {

constexpr Duration device_deadline = std::chrono::seconds(20);

ProblemKind kind_of(unsigned status) {
  switch (status) {
    case 400:
      return ProblemKind::bad_request;
    case 403:
      return ProblemKind::forbidden;
    case 429:
    case 503:
      return ProblemKind::busy;
    default:
      return ProblemKind::server_fault;
  }
}

// A device says in words why it doesn't answer.
Problem refusal_of(const ApiResponse& response) {
  std::string words = plain_text(response.body, 200);
  if (words.empty()) words = "the device answers with status " + std::to_string(response.status);
  return {kind_of(response.status), std::move(words), {}, plain_text(response.reason, 40)};
}

}  // namespace

Answer<Bytes> HttpCarrier::exchange(const std::string& endpoint, View body) {
  ApiRequest request;
  request.method = "POST";
  request.target = "/" + endpoint;
  request.content_type = "application/x-www-form-urlencoded";
  request.cookie = cookie_;
  request.body = std::string(as_text(body));
  request.limit = device_deadline;
  auto answer = device_.exchange(request);
  if (!answer)
    return problem(ProblemKind::failed, "the device does not answer: " + answer.error().context,
                   "Check its address, and that it is in provisioning mode: press its button.");
  if (answer->status != 200) return std::unexpected(refusal_of(*answer));
  if (!answer->set_cookie.empty()) cookie_ = answer->set_cookie;
  return to_bytes(answer->body);
}

}  // namespace fairlead::client
