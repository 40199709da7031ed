// SPDX-License-Identifier: Apache-2.0
#include "client/provision/device_carrier.h"
#include "local/refusal.h"

namespace fairlead::client {

namespace {

ProblemKind kind_of(local::Refusal::Kind kind) {
  switch (kind) {
    case local::Refusal::Kind::malformed:
    case local::Refusal::Kind::unsupported:
      return ProblemKind::bad_request;
    case local::Refusal::Kind::wrong_code:
    case local::Refusal::Kind::closed:
      return ProblemKind::forbidden;
    case local::Refusal::Kind::wait:
    case local::Refusal::Kind::busy:
      return ProblemKind::busy;
    case local::Refusal::Kind::internal:
      break;
  }
  return ProblemKind::server_fault;
}

}  // namespace

Problem refusal_by_att_error(std::uint8_t error) {
  auto refusal = local::refusal_of_att_error(error);
  std::string reason(local::to_string(refusal.kind));
  return {kind_of(refusal.kind), std::move(refusal.why), {}, std::move(reason)};
}

}  // namespace fairlead::client
