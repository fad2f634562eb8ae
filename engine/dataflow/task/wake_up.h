#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "core/base/executor.h"

namespace flink::task {

/// Wakes a steppable that may not be added to its executor yet, or that is already gone. Callbacks
/// share it. Thread: any; attach once.
class WakeUp {
 public:
  /// Also makes up for wakes that came too early.
  void attach(std::shared_ptr<Executor::Handle> handle) {
    handle_ = std::move(handle);
    attached_.store(true, std::memory_order_release);
    handle_->wake();
  }
  void wake() {
    if (attached_.load(std::memory_order_acquire)) handle_->wake();
  }
  /// Returns once no step runs and none will; at once when nothing was attached.
  void remove() {
    if (attached_.load(std::memory_order_acquire)) handle_->remove();
  }

 private:
  std::shared_ptr<Executor::Handle> handle_;
  std::atomic<bool> attached_{false};
};

}  // namespace flink::task
