// SPDX-License-Identifier: Apache-2.0
#include "app/desk/lookout.h"

#include "app/desk/text.h"

namespace fairlead::app {

void Lookout::start(tool::ScanOptions options) {
  stop();
  stop_ = false;
  options.duration.reset();
  thread_ = std::thread([this, options = std::move(options)] {
    tool::scan(options, {[this](const client::Sighting& each) { emit seen(each); },
                         [this](const std::string& words) { emit told(shown(words)); },
                         [this] { return !stop_; }});
  });
}

void Lookout::stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

}  // namespace fairlead::app
