// SPDX-License-Identifier: Apache-2.0
// For our own bugs only, never for peer input, files or configuration. Stays on in release.
#pragma once

#include <cstdio>
#include <cstdlib>

#define ASSERT(condition)                                                                 \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "fairlead: bug: %s:%d: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)
