#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/executor.h"
#include "core/base/mutex.h"

namespace flink::operators {

/// Where calls that end outside of the task's step report to: the step takes them from here, or
/// parks until one comes or the alarm rings.
/// Thread: ended(), runBlocking() from any thread; the rest from the step.
/// Lifetime: shared with calls that are on their way; close() makes those go nowhere.
class AsyncCalls final : public WaitCondition, public std::enable_shared_from_this<AsyncCalls> {
 public:
  AsyncCalls(Executor* executor, const Clock& clock, std::function<void()> wake);
  ~AsyncCalls() override;

  /// Call `id` has its result.
  void ended(std::uint64_t id);
  /// Runs `work` on a thread for blocking work; nothing once closed.
  void runBlocking(std::function<void()> work);

  /// The calls that ended since the last time, in that order.
  void take(std::vector<std::uint64_t>& ids);
  /// Returns once a call has ended, or after `afterMs` (none: not before a call ends).
  void park(std::optional<std::int64_t> afterMs);
  void close();

 private:
  [[nodiscard]] bool ready() const override { return ready_.load(std::memory_order_acquire); }
  void makeReady();

  Executor* executor_;
  const Clock& clock_;
  Mutex mutex_;
  std::function<void()> wake_ FLINK_GUARDED_BY(mutex_);
  std::vector<std::uint64_t> ended_ FLINK_GUARDED_BY(mutex_);
  bool closed_ FLINK_GUARDED_BY(mutex_) = false;
  std::atomic<bool> ready_{false};
  std::unique_ptr<EventLoop> alarm_;
};

}  // namespace flink::operators
