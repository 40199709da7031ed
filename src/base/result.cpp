// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

namespace fairlead {

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::malformed:
      return "malformed";
    case Errc::unsupported:
      return "unsupported";
    case Errc::untrusted:
      return "untrusted";
    case Errc::expired:
      return "expired";
    case Errc::refused:
      return "refused";
    case Errc::not_found:
      return "not found";
    case Errc::conflict:
      return "conflict";
    case Errc::busy:
      return "busy";
    case Errc::timed_out:
      return "timed out";
    case Errc::cancelled:
      return "cancelled";
    case Errc::io:
      return "input/output";
    case Errc::internal:
      return "internal";
  }
  return "internal";
}

std::string to_string(const Error& error) {
  return std::string(to_string(error.code)) + ": " + error.context;
}

}  // namespace fairlead
