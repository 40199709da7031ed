// SPDX-License-Identifier: Apache-2.0
#include "server/http_status.h"

namespace fairlead::server {

unsigned http_status_of(Errc code) {
  switch (code) {
    case Errc::malformed:
    case Errc::unsupported:
      return 400;
    case Errc::untrusted:
      return 401;
    case Errc::refused:
      return 403;
    case Errc::not_found:
      return 404;
    case Errc::conflict:
    case Errc::expired:
      return 409;
    case Errc::busy:
      return 429;
    case Errc::timed_out:
    case Errc::cancelled:
    case Errc::io:
      return 503;
    case Errc::internal:
      return 500;
  }
  return 500;
}

}  // namespace fairlead::server
