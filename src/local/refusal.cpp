// SPDX-License-Identifier: Apache-2.0
#include "local/refusal.h"

#include <utility>

namespace fairlead::local {

std::string_view to_string(Refusal::Kind kind) {
  switch (kind) {
    case Refusal::Kind::malformed:
      return "malformed";
    case Refusal::Kind::unsupported:
      return "unsupported";
    case Refusal::Kind::wrong_code:
      return "wrong-code";
    case Refusal::Kind::wait:
      return "wait";
    case Refusal::Kind::busy:
      return "busy";
    case Refusal::Kind::closed:
      return "closed";
    case Refusal::Kind::internal:
      return "internal";
  }
  std::unreachable();
}

}  // namespace fairlead::local
