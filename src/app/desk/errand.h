// SPDX-License-Identifier: Apache-2.0
// One piece of work at a time on a thread of its own, so that the window stays awake.
#pragma once

#include <QObject>
#include <functional>
#include <thread>

namespace fairlead::app {

class Errand final : public QObject {
  Q_OBJECT

 public:
  using End = std::function<void()>;

  explicit Errand(QObject* parent = nullptr) : QObject(parent) {}
  ~Errand() override { wait(); }

  // `work` runs on the thread; what it returns is then called on this object's. False: another goes
  // on, and nothing was begun.
  bool begin(std::function<End()> work);
  bool goes_on() const { return thread_.joinable(); }
  void wait();  // until it is through; its end is not told any more

 signals:
  void changed();

 private:
  std::thread thread_;
};

}  // namespace fairlead::app
