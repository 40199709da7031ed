// SPDX-License-Identifier: Apache-2.0
// What can go wrong between an operator and a server: a kind that programs act on, a sentence and
// an advice for the person.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "client/operator/transport.h"

namespace fairlead::client {

enum class ProblemKind {
  failed,             // here: a file, a form that can't be read
  usage,              // the command is written wrongly
  bad_request,        // the server can't read what was sent, or does not do that (400, 405)
  not_authenticated,  // 401
  forbidden,          // 403
  not_found,          // 404
  conflict,           // something else is there already, or has changed meanwhile (409, 412)
  too_large,          // 413
  busy,               // 429, 503: again later
  unreachable,        // no answer
  untrusted_server,   // its certificate is not accepted
  server_fault,       // 5xx, or an answer that is none
  partly_refused      // some of many were refused; the rest is done
};

struct Problem {
  ProblemKind kind = ProblemKind::failed;
  std::string message;   // one plain sentence or clause; no line breaks, no secrets
  std::string advice{};  // what a person can do; may be empty
  // What stands in the way, by name, where a device said it: "wrong-code" (docs/wire/local.md),
  // "wifi_not_found" (docs/log-events/device.md); else empty.
  std::string reason{};
};

template <class T>
using Answer = std::expected<T, Problem>;

[[nodiscard]] inline std::unexpected<Problem> problem(ProblemKind kind, std::string message,
                                                      std::string advice = {}) {
  return std::unexpected(Problem{kind, std::move(message), std::move(advice)});
}

// Of an answer whose status is not 2xx. {"error":{"code","message","advice"}} where the server says
// so, else words for the status.
Problem problem_of(const ApiResponse& response);
Problem problem_of(const Error& transport_error);

// No answer may hold control characters when a person sees it: line breaks become spaces, others
// U+FFFD; invalid UTF-8 too. At most `bytes_max` bytes, cut at a character.
std::string plain_text(std::string_view text, std::size_t bytes_max = 1024);

}  // namespace fairlead::client
