// SPDX-License-Identifier: Apache-2.0
#include "device/button.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>

#include "base/events.h"
#include "net/test_loop.h"

namespace fairlead::device {
namespace {

// What a person does comes through a pipe: 'd' down, 'u' up a second later; its end: unplugged.
class PipeButton final : public link::Button {
 public:
  explicit PipeButton(int read_end) : read_end_(read_end) {}
  ~PipeButton() override { ::close(read_end_); }
  int descriptor() const override { return read_end_; }
  Result<std::vector<link::ButtonChange>> changes() override {
    char said = 0;
    if (::read(read_end_, &said, 1) != 1) return fail(Errc::io, "unplugged");
    time_ += std::chrono::seconds(1);
    return std::vector<link::ButtonChange>{{said == 'd', time_}};
  }

 private:
  int read_end_;
  link::ButtonTime time_{};
};

class WatchButton : public testing::Test {
 protected:
  WatchButton() {
    EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0);
    auto open = [this](const link::ButtonPlace&) -> Result<std::unique_ptr<link::Button>> {
      if (tries_++ == 0) return std::make_unique<PipeButton>(ends_[0]);
      return fail(Errc::not_found, "no such button");
    };
    thread_.loop.spawn("button",
                       watch_button(thread_.loop, thread_.log, link::InputKey{}, open, [this] {
                         thread_.log(event::device_door_open, {{"why", "pressed"}});
                       }));
    thread_.start();
  }
  void TearDown() override {
    thread_.stop();
    unplug();
  }
  void unplug() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }
  void do_(std::string_view what) {
    EXPECT_EQ(::write(ends_[1], what.data(), what.size()), static_cast<ssize_t>(what.size()));
  }

  int ends_[2] = {-1, -1};
  std::atomic<int> tries_ = 0;
  net::LoopThread thread_;
};

TEST_F(WatchButton, SaysThatItWasPressed) {
  do_("u");
  do_("du");
  EXPECT_NE(thread_.log.await("DEVICE_DOOR_OPEN"), "");
}

TEST_F(WatchButton, ThatIsUnpluggedIsSaidAndLookedForAgain) {
  unplug();
  EXPECT_NE(thread_.log.await("DEVICE_BUTTON_FAILED").find("unplugged"), std::string::npos);
  EXPECT_EQ(tries_, 1);
}

}  // namespace
}  // namespace fairlead::device
