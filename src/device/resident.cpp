// SPDX-License-Identifier: Apache-2.0
#include "device/resident.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace fairlead::device {

namespace {

struct Mapping {
  std::uintptr_t begin = 0, end = 0;
  bool of_file = false, read_only = false;
  // Pages that are in no file, in memory or swapped out: pointers that the linker has filled in.
  bool has_own_pages = false;
};

// "55d0c8a00000-55d0c8c40000 r-xp 00001000 fe:00 131 /usr/bin/x", then lines as "Swap:  0 kB"
// (proc(5), smaps).
std::vector<Mapping> mappings() {
  std::vector<Mapping> out;
  std::ifstream smaps("/proc/self/smaps");
  for (std::string line; std::getline(smaps, line);) {
    Mapping found;
    char rights[5] = {};
    unsigned long inode = 0, kib = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %4s %*s %*s %lu", &found.begin, &found.end, rights,
                    &inode) == 4) {
      found.of_file = inode != 0;
      found.read_only = rights[1] == '-';
      out.push_back(found);
    } else if (!out.empty() && (std::sscanf(line.c_str(), "Anonymous: %lu", &kib) == 1 ||
                                std::sscanf(line.c_str(), "Swap: %lu", &kib) == 1)) {
      out.back().has_own_pages = out.back().has_own_pages || kib > 0;
    }
  }
  return out;
}

}  // namespace

// A mapping is let go of as a whole, so one page that no file has keeps the rest of it.
void let_go_of_memory() {
  ::malloc_trim(0);
  for (const Mapping& each : mappings())
    if (each.of_file && each.read_only && !each.has_own_pages)
      ::madvise(reinterpret_cast<void*>(each.begin), each.end - each.begin, MADV_DONTNEED);
}

void bind_libraries_at_start(char** argv) {
  constexpr const char* bind_now = "LD_BIND_NOW";
  if (::getenv(bind_now)) {
    ::unsetenv(bind_now);
    return;
  }
  std::error_code unknown;
  // By its own name: that of the link would be the process's then.
  const auto program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  // Another name: it is the dynamic linker's file, which has the program as an argument.
  if (unknown || program.filename() != std::filesystem::path(argv[0]).filename()) return;
  ::setenv(bind_now, "1", 1);
  ::execv(program.c_str(), argv);
  ::unsetenv(bind_now);
}

}  // namespace fairlead::device
