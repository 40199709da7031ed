// SPDX-License-Identifier: Apache-2.0
// One invocation from words to exit code; main() supplies the world.
#pragma once

#include <functional>
#include <memory>

#include "cli/context.h"
#include "cli/exit_code.h"

namespace fairlead::cli {

struct World {
  Console console;
  Clock clock;
  std::function<void(Duration)> wait;
  std::function<std::string(const std::string&)> environment;  // "" if unset
  struct Target {
    std::string server, ca;
    bool plain_http = false;
  };
  std::function<Answer<std::unique_ptr<client::Transport>>(const Target&)> connect;
  tool::Bluetooth bluetooth{};
  DrawLabels draw_labels{};
  std::function<bool()> go_on = [] { return true; };  // false: interrupted
};

ExitCode run(const World& world, std::span<const std::string> words);

}  // namespace fairlead::cli
