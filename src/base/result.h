// SPDX-License-Identifier: Apache-2.0
// Errors are values of few kinds; each caller adds where.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace fairlead {

// A kind exists because some caller acts differently on it.
enum class Errc {
  malformed,    // tell the peer: it can't be decoded
  unsupported,  // tell the peer: decoded, but we don't do that
  untrusted,    // ask a person: a signature, chain or trust decision failed
  expired,      // ask a person: outside its validity
  refused,      // tell the peer: a rule says no
  not_found,
  conflict,   // ask a person: something else is there already
  busy,       // retry: a bound is reached
  timed_out,  // retry
  cancelled,
  io,       // retry: disk, network, broker
  internal  // give up: our own fault
};

std::string_view to_string(Errc code);

struct Error {
  Errc code;
  std::string
      context;  // one plain sentence for a person: "device certificate: no such file". No secrets.
};

std::string to_string(const Error& error);  // "malformed: device certificate: ..."

[[nodiscard]] inline std::unexpected<Error> fail(Errc code, std::string context) {
  return std::unexpected<Error>(Error{code, std::move(context)});
}
[[nodiscard]] inline std::unexpected<Error> fail(Error error) {
  return std::unexpected<Error>(std::move(error));
}

template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {  // an alias could not be nodiscard
 public:
  using std::expected<T, Error>::expected;

  // Prefixes the context of an error: "where: ...".
  Result in(std::string_view where) && {
    if (!this->has_value())
      this->error().context = std::string(where) + ": " + this->error().context;
    return std::move(*this);
  }
};

inline Result<void> ok() { return {}; }

// Drops an error on purpose; the reason stands in the code for the next reader.
template <class T>
void ignore(const Result<T>&, [[maybe_unused]] std::string_view reason) {}

}  // namespace fairlead

// Plain statements, not statement-expressions, so that they behave in coroutines.
#define FAIRLEAD_JOIN2(a, b) a##b
#define FAIRLEAD_JOIN(a, b) FAIRLEAD_JOIN2(a, b)
#define FAIRLEAD_TRY_IMPL(temporary, declaration, expression, leave)   \
  auto temporary = (expression);                                       \
  if (!temporary) leave std::unexpected(std::move(temporary).error()); \
  declaration = std::move(*temporary)
#define FAIRLEAD_TRY_VOID_IMPL(temporary, expression, leave)             \
  do {                                                                   \
    auto temporary = (expression);                                       \
    if (!temporary) leave std::unexpected(std::move(temporary).error()); \
  } while (false)

#define TRY(declaration, ...) \
  FAIRLEAD_TRY_IMPL(FAIRLEAD_JOIN(try_result_, __LINE__), declaration, (__VA_ARGS__), return)
#define CO_TRY(declaration, ...) \
  FAIRLEAD_TRY_IMPL(FAIRLEAD_JOIN(try_result_, __LINE__), declaration, (__VA_ARGS__), co_return)
#define TRY_VOID(...) \
  FAIRLEAD_TRY_VOID_IMPL(FAIRLEAD_JOIN(try_result_, __LINE__), (__VA_ARGS__), return)
#define CO_TRY_VOID(...) \
  FAIRLEAD_TRY_VOID_IMPL(FAIRLEAD_JOIN(try_result_, __LINE__), (__VA_ARGS__), co_return)
