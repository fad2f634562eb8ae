#include <pthread.h>

#include <algorithm>
#include <deque>
#include <map>
#include <thread>
#include <utility>

#include "core/base/check.h"
#include "core/base/executor.h"
#include "core/base/mutex.h"
#include "core/base/signal_stack.h"

namespace flink {
namespace {

class ThreadEventLoop final : public EventLoop {
 public:
  ThreadEventLoop(std::string name, const Clock& clock) : clock_(clock) {
    thread_ = std::thread([this] { run(); });
    loopId_ = thread_.get_id();
    constexpr std::size_t kMaxThreadName = 15;
    name.resize(std::min(name.size(), kMaxThreadName));
    ::pthread_setname_np(thread_.native_handle(), name.c_str());
  }

  ~ThreadEventLoop() override {
    FLINK_CHECK(!inLoop(), "an event loop must not be destroyed by a function that runs on it");
    stop();
  }

  void post(std::function<void()> fn) override {
    MutexLock lock(mutex_);
    if (stopped_) return;
    queue_.push_back(std::move(fn));
    if (sleeping_) wakeUp_.notifyOne();
  }

  TimerId schedule(Duration after, std::function<void()> fn) override {
    const MonotonicTime due = clock_.now() + after;
    MutexLock lock(mutex_);
    if (stopped_) return TimerId::kNone;
    const std::uint64_t id = ++lastTimer_;
    const auto position = timers_.emplace(std::pair(due, id), std::move(fn)).first;
    dueOf_.emplace(id, due);
    if (sleeping_ && position == timers_.begin()) wakeUp_.notifyOne();
    return static_cast<TimerId>(id);
  }

  void cancel(TimerId timer) override {
    std::function<void()> dropped;  // destroyed outside the lock: it may own objects that call back
    MutexLock lock(mutex_);
    const auto found = dueOf_.find(static_cast<std::uint64_t>(timer));
    if (found == dueOf_.end()) return;
    const auto entry = timers_.find(std::pair(found->second, found->first));
    dropped = std::move(entry->second);
    timers_.erase(entry);
    dueOf_.erase(found);
  }

  [[nodiscard]] bool inLoop() const override { return std::this_thread::get_id() == loopId_; }

  void stop() override {
    {
      MutexLock lock(mutex_);
      stopped_ = true;
      wakeUp_.notifyAll();
    }
    if (inLoop()) return;  // the running function is the last one; the destructor joins
    MutexLock lock(joinMutex_);
    if (thread_.joinable()) thread_.join();
  }

 private:
  using TimerKey = std::pair<MonotonicTime, std::uint64_t>;

  void run() {
    const SignalStack signalStack;
    while (runOne()) {
    }
    dropRest();
  }

  /// Runs the next function that is due, waiting for it; false once stopped.
  bool runOne() {
    std::function<void()> fn;
    {
      MutexLock lock(mutex_);
      while (!stopped_ && !takeDue(fn)) {
        sleeping_ = true;
        if (timers_.empty()) {
          wakeUp_.wait(mutex_);
        } else {
          wakeUp_.waitFor(mutex_, timers_.begin()->first.first - clock_.now());
        }
        sleeping_ = false;
      }
      if (stopped_) return false;
    }
    fn();
    return true;
  }

  /// Timers first: a flood of posts must not delay them.
  bool takeDue(std::function<void()>& fn) FLINK_REQUIRES(mutex_) {
    if (!timers_.empty() && timers_.begin()->first.first <= clock_.now()) {
      const auto first = timers_.begin();
      fn = std::move(first->second);
      dueOf_.erase(first->first.second);
      timers_.erase(first);
      return true;
    }
    if (queue_.empty()) return false;
    fn = std::move(queue_.front());
    queue_.pop_front();
    return true;
  }

  void dropRest() {
    std::deque<std::function<void()>> queue;
    std::map<TimerKey, std::function<void()>> timers;
    MutexLock lock(mutex_);
    queue.swap(queue_);
    timers.swap(timers_);
    dueOf_.clear();
  }

  const Clock& clock_;
  Mutex mutex_;
  ConditionVariable wakeUp_;
  std::deque<std::function<void()>> queue_ FLINK_GUARDED_BY(mutex_);
  std::map<TimerKey, std::function<void()>> timers_ FLINK_GUARDED_BY(mutex_);
  std::map<std::uint64_t, MonotonicTime> dueOf_ FLINK_GUARDED_BY(mutex_);
  std::uint64_t lastTimer_ FLINK_GUARDED_BY(mutex_) = 0;
  bool sleeping_ FLINK_GUARDED_BY(mutex_) = false;
  bool stopped_ FLINK_GUARDED_BY(mutex_) = false;
  Mutex joinMutex_;
  std::thread thread_;
  std::thread::id loopId_;
};

}  // namespace

std::unique_ptr<EventLoop> makeThreadEventLoop(std::string name, const Clock& clock) {
  return std::make_unique<ThreadEventLoop>(std::move(name), clock);
}

}  // namespace flink
