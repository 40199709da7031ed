// SPDX-License-Identifier: Apache-2.0
#include "app/desk/errand.h"

namespace fairlead::app {

bool Errand::begin(std::function<End()> work) {
  if (goes_on()) return false;
  thread_ = std::thread([this, work = std::move(work)] {
    End end = work();
    QMetaObject::invokeMethod(
        this,
        [this, end = std::move(end)] {
          wait();
          emit changed();
          end();
        },
        Qt::QueuedConnection);
  });
  emit changed();
  return true;
}

void Errand::wait() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace fairlead::app
