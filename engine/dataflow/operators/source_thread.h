#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>

#include "core/base/executor.h"
#include "core/base/mutex.h"
#include "dataflow/operators/source_function.h"

namespace flink::operators {

/// Thrown out of collect() when the task no longer wants records; ends the user's run().
struct SourceCancelled {};

/// A lock that its holder may take again.
/// Thread: any.
class RecursiveLock {
 public:
  void lock();
  void unlock();

 private:
  Mutex mutex_;
  std::atomic<const void*> holder_{nullptr};
  int depth_ = 0;  ///< touched by the holder only
};

class RecursiveLockGuard {
 public:
  explicit RecursiveLockGuard(RecursiveLock& lock) : lock_(lock) { lock_.lock(); }
  ~RecursiveLockGuard() { lock_.unlock(); }
  RecursiveLockGuard(const RecursiveLockGuard&) = delete;
  RecursiveLockGuard& operator=(const RecursiveLockGuard&) = delete;

 private:
  RecursiveLock& lock_;
};

/// Runs a source function on a thread of its own, and counts the records that wait between it and
/// the task's step. Thread: waitForRoom, published and the body on the source's thread; the rest on
/// the task's step. Lifetime: start() once; stop() returns after the body.
class SourceThread {
 public:
  /// Records that may wait for the step.
  static constexpr std::size_t kCapacity = 1024;

  SourceThread(const Clock& clock, std::string name, std::function<void()> wake);
  ~SourceThread();

  void start(std::function<void()> body);
  /// Tells the body to end (its collect() throws from now on) and waits for it. `cancel` is the
  /// user's.
  void stop(const std::function<void()>& cancel);

  /// Guards the caller's queue of waiting records together with the state here.
  [[nodiscard]] Mutex& mutex() { return mutex_; }
  /// Waits until fewer than kCapacity records wait. Throws SourceCancelled. REQUIRES: mutex() held.
  void waitForRoom();
  /// While the step waits for a lock of the source, records need no room: else the two would wait
  /// for each other.
  void setUnbounded(bool unbounded);
  /// One more record waits; true when the step sleeps and the caller must call wakeStep() after
  /// unlocking.
  [[nodiscard]] bool published();
  void wakeStep() { wake_(); }
  /// Takes everything that waits: how many. At 0 the step is noted as asleep unless the body has
  /// ended. REQUIRES: mutex() held.
  std::size_t takeAll();
  /// Takes everything that waits without noting the step as asleep; false when nothing does.
  /// REQUIRES: mutex() held.
  bool takeWaiting();
  /// True after the body ended; throws what it threw. REQUIRES: mutex() held.
  bool ended();

 private:
  void finishBody(std::exception_ptr failure);

  std::function<void()> wake_;
  std::unique_ptr<EventLoop> loop_;
  Mutex mutex_;
  ConditionVariable room_;
  std::size_t waiting_ FLINK_GUARDED_BY(mutex_) = 0;
  bool stepSleeps_ FLINK_GUARDED_BY(mutex_) = false;
  bool started_ = false;
  bool ended_ FLINK_GUARDED_BY(mutex_) = false;
  bool cancelled_ FLINK_GUARDED_BY(mutex_) = false;
  bool unbounded_ FLINK_GUARDED_BY(mutex_) = false;
  std::exception_ptr failure_ FLINK_GUARDED_BY(mutex_);
};

}  // namespace flink::operators
