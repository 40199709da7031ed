# SPDX-License-Identifier: Apache-2.0
# Flags for every target, each with its reason.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)  # the broker plugin is a shared object made of our rooms

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_link_options(-fuse-ld=lld-19)              # links in a tenth of the time of ld.bfd
add_compile_options(
  -Wall -Wextra
  -Wconversion -Wno-sign-conversion            # a narrowed length is how decoders go wrong
  -Wshadow                                     # the inner name is usually the bug
  -Wnon-virtual-dtor                           # ports are deleted through their base
  -Wimplicit-fallthrough
  -Wthread-safety
  -Werror=unused-result                        # a dropped Result is a swallowed error
  -Werror=return-type
  -fstack-protector-strong
  -fno-omit-frame-pointer)                     # perf and sanitizers want frames
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_options(-D_FORTIFY_SOURCE=2)
endif()
add_compile_options(-ffunction-sections -fdata-sections)
add_link_options(-Wl,--gc-sections -Wl,-z,relro,-z,now)   # the device's binary stays small
if(FAIRLEAD_WERROR)
  add_compile_options(-Werror)
endif()
if(FAIRLEAD_LTO)
  add_compile_options(-flto=thin)
  # What ships: functions that came out alike are kept once, relocations packed (glibc 2.36 reads them).
  add_link_options(-flto=thin -Wl,--icf=safe -Wl,-z,pack-relative-relocs)
endif()
if(FAIRLEAD_SANITIZE)
  add_compile_options(-fsanitize=${FAIRLEAD_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${FAIRLEAD_SANITIZE})
endif()
if(FAIRLEAD_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
