#include "core/base/gate.h"

#include "core/base/check.h"

namespace flink {

bool Gate::enter() {
  MutexLock lock(mutex_);
  if (closed_) return false;
  ++inside_;
  return true;
}

void Gate::leave() {
  MutexLock lock(mutex_);
  FLINK_CHECK(inside_ > 0, "a gate was left more often than entered");
  // Notified under the lock: close() may destroy the gate as soon as it sees that nobody is inside.
  if (--inside_ == 0 && closed_) empty_.notifyAll();
}

void Gate::close() {
  MutexLock lock(mutex_);
  closed_ = true;
  while (inside_ > 0) empty_.wait(mutex_);
}

}  // namespace flink
