// SPDX-License-Identifier: Apache-2.0
// The scan, on a thread of its own for as long as it is wanted.
#pragma once

#include <QObject>
#include <atomic>
#include <thread>

#include "tool/scan.h"

namespace fairlead::app {

class Lookout final : public QObject {
  Q_OBJECT

 public:
  explicit Lookout(QObject* parent = nullptr) : QObject(parent) {}
  ~Lookout() override { stop(); }

  void start(tool::ScanOptions options);  // in place of one that goes on
  void stop();                            // waits for its end
  bool goes_on() const { return thread_.joinable(); }

 signals:  // from the scan's thread
  void seen(const fairlead::client::Sighting& sighting);
  void told(const QString& words);

 private:
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace fairlead::app
