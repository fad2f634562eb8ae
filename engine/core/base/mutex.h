#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define FLINK_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define FLINK_THREAD_ANNOTATION(x)
#endif
#define FLINK_CAPABILITY(x) FLINK_THREAD_ANNOTATION(capability(x))
#define FLINK_SCOPED_CAPABILITY FLINK_THREAD_ANNOTATION(scoped_lockable)
#define FLINK_GUARDED_BY(x) FLINK_THREAD_ANNOTATION(guarded_by(x))
#define FLINK_REQUIRES(...) FLINK_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define FLINK_EXCLUDES(...) FLINK_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define FLINK_ACQUIRE(...) FLINK_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define FLINK_RELEASE(...) FLINK_THREAD_ANNOTATION(release_capability(__VA_ARGS__))

namespace flink {

/// std::mutex with lock annotations, checked by `clang -Wthread-safety`.
class FLINK_CAPABILITY("mutex") Mutex {
 public:
  void lock() FLINK_ACQUIRE() { mutex_.lock(); }
  void unlock() FLINK_RELEASE() { mutex_.unlock(); }
  std::mutex& native() { return mutex_; }

 private:
  std::mutex mutex_;
};

class FLINK_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) FLINK_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() FLINK_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

/// Condition variable of a flink::Mutex; the caller loops over its condition.
class ConditionVariable {
 public:
  void wait(Mutex& mutex) FLINK_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.native(), std::adopt_lock);
    cv_.wait(lock);
    lock.release();
  }
  /// False when `timeout` passed.
  bool waitFor(Mutex& mutex, std::chrono::nanoseconds timeout) FLINK_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.native(), std::adopt_lock);
    const bool notified = cv_.wait_for(lock, timeout) == std::cv_status::no_timeout;
    lock.release();
    return notified;
  }
  void notifyOne() { cv_.notify_one(); }
  void notifyAll() { cv_.notify_all(); }

 private:
  std::condition_variable cv_;
};

}  // namespace flink
