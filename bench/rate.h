// SPDX-License-Identifier: Apache-2.0
// How often per second of this thread's own processor time: what else runs on the machine costs
// cache and clock rate, but no counted time.
#pragma once

#include <ctime>

namespace fairlead::bench {

inline double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Adds up turns of one piece of work. Pieces that are to be compared take turns in short rounds, so
// that a change of the processor's pace meets them all.
class Rate {
 public:
  // Calls work() until `seconds` of processor time are spent; false as soon as it says false.
  template <class Work>
  bool run_for(double seconds, Work&& work) {
    const double begin = thread_seconds();
    double end = begin;
    while (end - begin < seconds) {
      for (int i = 0; i < 16; ++i)
        if (!work()) return false;
      count_ += 16;
      end = thread_seconds();
    }
    seconds_ += end - begin;
    return true;
  }
  void add(const Rate& other) {
    count_ += other.count_;
    seconds_ += other.seconds_;
  }
  double per_second() const { return seconds_ > 0 ? static_cast<double>(count_) / seconds_ : 0; }

 private:
  long count_ = 0;
  double seconds_ = 0;
};

}  // namespace fairlead::bench
