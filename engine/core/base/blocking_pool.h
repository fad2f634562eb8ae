#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "core/base/clock.h"
#include "core/base/mutex.h"

namespace flink {

/// Runs blocking functions on threads that exist only while there is work, and a little longer.
/// Thread: run from any thread; stop not from a function that runs here.
class BlockingPool {
 public:
  BlockingPool() = default;
  ~BlockingPool() { stop(); }
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  void run(std::function<void()> work);
  /// Drops what has not begun and returns once nothing runs.
  void stop();

 private:
  static constexpr std::size_t kMaxThreads = 16;
  static constexpr Duration kLinger = std::chrono::seconds(2);

  void serve();
  void joinEnded(std::vector<std::thread>& ended);

  Mutex mutex_;
  ConditionVariable wakeUp_;
  ConditionVariable allEnded_;
  std::deque<std::function<void()>> queue_ FLINK_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ FLINK_GUARDED_BY(mutex_);
  std::vector<std::thread> ended_ FLINK_GUARDED_BY(mutex_);
  std::size_t idle_ FLINK_GUARDED_BY(mutex_) = 0;
  bool stopped_ FLINK_GUARDED_BY(mutex_) = false;
};

}  // namespace flink
