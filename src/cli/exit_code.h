// SPDX-License-Identifier: Apache-2.0
// Exit codes that scripts can act on (docs/cli.md). The numbers never change meaning.
#pragma once

#include "client/operator/problem.h"

namespace fairlead::cli {

enum class ExitCode : int {
  ok = 0,
  failed = 1,
  usage = 2,
  not_allowed = 3,  // not authenticated, or forbidden
  not_found = 4,
  conflict = 5,
  unreachable = 6,  // no answer, or a server that is not to be trusted
  partly_refused = 7
};

constexpr ExitCode exit_code_of(client::ProblemKind kind) {
  using client::ProblemKind;
  switch (kind) {
    case ProblemKind::usage:
      return ExitCode::usage;
    case ProblemKind::not_authenticated:
    case ProblemKind::forbidden:
      return ExitCode::not_allowed;
    case ProblemKind::not_found:
      return ExitCode::not_found;
    case ProblemKind::conflict:
      return ExitCode::conflict;
    case ProblemKind::unreachable:
    case ProblemKind::untrusted_server:
      return ExitCode::unreachable;
    case ProblemKind::partly_refused:
      return ExitCode::partly_refused;
    case ProblemKind::failed:
    case ProblemKind::bad_request:
    case ProblemKind::too_large:
    case ProblemKind::busy:
    case ProblemKind::server_fault:
      return ExitCode::failed;
  }
  return ExitCode::failed;
}

}  // namespace fairlead::cli
