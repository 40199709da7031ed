// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

#include "base/result.h"

namespace fairlead::test {

// The value, or the test ends with the error's words.
template <class T, class E>
T must(std::expected<T, E> result) {
  if (!result) {
    if constexpr (std::is_same_v<E, Error>)
      throw std::runtime_error(to_string(result.error()));
    else
      throw std::runtime_error(result.error().why);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}
template <class T>
T must(Result<T> result) {
  return must(static_cast<std::expected<T, Error>&&>(result));
}

}  // namespace fairlead::test
