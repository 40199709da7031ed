// SPDX-License-Identifier: Apache-2.0
#include "client/operator/problem.h"

#include <boost/json.hpp>

#include "base/log.h"

namespace fairlead::client {

namespace json = boost::json;

namespace {

struct StatusWords {
  unsigned status;
  ProblemKind kind;
  std::string_view message, advice;  // where the server gives none
};
constexpr StatusWords status_words[] = {
    {400, ProblemKind::bad_request, "the server can't read the request", ""},
    {401, ProblemKind::not_authenticated, "the server wants a valid token",
     "Sign in with `fairlead login`, or name a token with --token-file or FAIRLEAD_TOKEN."},
    {403, ProblemKind::forbidden, "this user or token may not do that",
     "Ask an administrator for a role or token that allows it; `fairlead status` shows who you "
     "are."},
    {404, ProblemKind::not_found, "there is nothing of that name", ""},
    {405, ProblemKind::bad_request, "the server does not do that here",
     "Compare the versions of `fairlead` and the server."},
    {409, ProblemKind::conflict, "something else is there already", ""},
    {412, ProblemKind::conflict, "somebody else changed it meanwhile",
     "Look at it again and repeat your change."},
    {413, ProblemKind::too_large, "the request is larger than the server takes", ""},
    {429, ProblemKind::busy, "the server has too much to do", "Try again in a while."},
    {500, ProblemKind::server_fault, "a fault of the server's own",
     "Its log says more; look for API_REFUSED or INTERNAL_ERROR."},
    {503, ProblemKind::busy, "the server can't do that at the moment", "Try again in a while."},
};

StatusWords words_for(unsigned status) {
  for (const auto& row : status_words)
    if (row.status == status) return row;
  if (status >= 400 && status < 500)
    return {status, ProblemKind::bad_request, "the server refused the request", ""};
  return {status, ProblemKind::server_fault, "the answer is not one of Fairlead's API",
          "Check that --server names a Fairlead server and its API port."};
}

std::string text_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_string() ? plain_text(value->get_string()) : std::string();
}

}  // namespace

std::string plain_text(std::string_view text, std::size_t bytes_max) {
  constexpr std::string_view replacement = "\xEF\xBF\xBD";
  std::string out;
  while (!text.empty()) {
    std::size_t size = utf8_sequence(text);
    auto first = static_cast<unsigned char>(text.front());
    // C1 controls are C2 80 to C2 9F: terminals obey them too.
    bool control = first < 0x20 || first == 0x7f ||
                   (size == 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0);
    bool blank = first == '\n' || first == '\r' || first == '\t';
    std::string_view piece = blank                  ? " "
                             : control || size == 0 ? replacement
                                                    : text.substr(0, size);
    if (out.size() + piece.size() > bytes_max) break;
    out += piece;
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

Problem problem_of(const ApiResponse& response) {
  StatusWords words = words_for(response.status);
  Problem out{words.kind, std::string(words.message), std::string(words.advice)};
  boost::system::error_code error;
  json::value body = json::parse(response.body, error);
  const json::object* object = !error ? body.if_object() : nullptr;
  const json::value* inner = object ? object->if_contains("error") : nullptr;
  if (!inner || !inner->is_object()) {
    out.message += " (HTTP status " + std::to_string(response.status) + ")";
    return out;
  }
  if (auto message = text_member(inner->get_object(), "message"); !message.empty())
    out.message = message;
  if (auto advice = text_member(inner->get_object(), "advice"); !advice.empty())
    out.advice = advice;
  return out;
}

Problem problem_of(const Error& error) {
  std::string message = plain_text(error.context);
  switch (error.code) {
    case Errc::untrusted:
    case Errc::expired:
      return {ProblemKind::untrusted_server, message,
              "Name the certificate of the authority that issued the server's: --ca FILE."};
    case Errc::malformed:
    case Errc::refused:
    case Errc::unsupported:
      return {ProblemKind::server_fault, message,
              "Check that --server names a Fairlead server and its API port."};
    case Errc::internal:
      return {ProblemKind::failed, message, {}};
    default:
      return {ProblemKind::unreachable, message,
              "Check that the server runs and that --server (or FAIRLEAD_SERVER) names it."};
  }
}

}  // namespace fairlead::client
