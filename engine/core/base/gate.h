#pragma once

#include "core/base/mutex.h"

namespace flink {

/// Lets a service's stop() wait for the operations that are still inside it.
/// Thread: safe from any thread.
class Gate {
 public:
  /// Holds the gate open while alive; false (operator bool) when the gate was already closed.
  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(gate.enter() ? &gate : nullptr) {}
    ~Pass() {
      if (gate_ != nullptr) gate_->leave();
    }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    explicit operator bool() const { return gate_ != nullptr; }

   private:
    Gate* gate_;
  };

  /// False when closed. Every successful enter() needs one leave().
  [[nodiscard]] bool enter();
  void leave();
  /// Refuses new entries and returns once everybody has left.
  void close();

 private:
  Mutex mutex_;
  ConditionVariable empty_;
  int inside_ FLINK_GUARDED_BY(mutex_) = 0;
  bool closed_ FLINK_GUARDED_BY(mutex_) = false;
};

}  // namespace flink
