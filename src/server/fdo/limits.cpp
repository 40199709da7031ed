// SPDX-License-Identifier: Apache-2.0
#include "server/fdo/limits.h"

#include "base/events.h"

namespace fairlead::server {

Duration FdoLimits::before_opening(const Caller& caller, const std::optional<fdo::Guid>& guid) {
  if (limits_.is_exempt(caller.peer)) return {};
  std::string_view whose = "its address";
  auto verdict = limits_.at_address(caller.peer, caller.now);
  if (verdict.wait == Duration(0) && guid) {
    verdict = limits_.as(as_text(View(*guid)), caller.now);
    whose = "its GUID";
  }
  if (verdict.worth_a_line) {
    Fields fields{{"peer", caller.peer},
                  {"guid", guid ? fdo::to_text(*guid) : "none"},
                  {"whose", std::string(whose)}};
    log_.write(event::fdo_held_up, fields);
  }
  return verdict.wait;
}

}  // namespace fairlead::server
