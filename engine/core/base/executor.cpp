#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <list>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/blocking_pool.h"
#include "core/base/check.h"
#include "core/base/executor.h"
#include "core/base/log.h"
#include "core/base/mutex.h"

namespace flink {
namespace {

Logger kLog{"flink.executor"};

class Scheduler;

/// One added task. State moves:
///   idle → queued (wake) → running (a thread takes it) → idle | queued (progress) | ended (done)
///   running → woken (wake during the step) → queued when the step returns, whatever it returned but done
///   idle, queued → ended (remove); running, woken → removing (remove) → ended when the step returns
class TaskEntry final : public Executor::Handle, public std::enable_shared_from_this<TaskEntry> {
 public:
  enum class State : std::uint8_t { kIdle, kQueued, kRunning, kWoken, kRemoving, kEnded };

  TaskEntry(Steppable& task, std::shared_ptr<Scheduler> scheduler)
      : task_(task), name_(task.name()), scheduler_(std::move(scheduler)) {}

  void wake() override;
  void remove() override;

  Steppable& task_;
  const std::string name_;
  const std::shared_ptr<Scheduler> scheduler_;
  std::atomic<State> state_{State::kQueued};
  std::shared_ptr<TaskEntry> next_;  // in the run queue; guarded by the scheduler's mutex
  bool reportedStuck_ = false;       // guarded by the scheduler's mutex
};

using State = TaskEntry::State;

/// One thread of the executor. `stepStart` is 0 outside steps and while parked.
struct WorkerThread {
  std::thread thread;
  std::atomic<std::int64_t> stepStart{0};
  std::atomic<bool> blocked{false};     // parked or stuck: does not count as active; written under the mutex
  std::shared_ptr<TaskEntry> current;   // guarded by the scheduler's mutex
};

/// A step that waits in await().
struct Waiter {
  const WaitCondition* condition;
  ConditionVariable wakeUp;
  bool notified = false;
};

thread_local WorkerThread* tlsWorker = nullptr;
thread_local const Scheduler* tlsScheduler = nullptr;

/// Run queue and threads. Shared by the executor and its handles, so that a late wake finds a living object.
///
/// At most `numThreads` threads are *active*: they run steps or look for some. A parked or stuck thread is *blocked*, and
/// another one becomes active in its place; when it comes back, one thread too many is active, and the first that
/// finishes its step goes to the *bench*, from where it returns for the next blocked one or ends after a while.
class Scheduler : public std::enable_shared_from_this<Scheduler> {
 public:
  Scheduler(const ExecutorOptions& options, const Clock& clock) : options_(options), clock_(clock) {}

  void start() {
    MutexLock lock(mutex_);
    for (int i = 0; i < std::max(options_.numThreads, 1); ++i) startThread();
    watchdog_ = std::thread([this] { watch(); });
    ::pthread_setname_np(watchdog_.native_handle(), "flink-watchdog");
  }

  void stop() {
    FLINK_CHECK(tlsScheduler != this, "an executor must not be stopped from inside a step");
    std::vector<std::thread> ended;
    {
      MutexLock lock(mutex_);
      if (stopped_) return;
      stopped_ = true;
      stopping_.store(true, std::memory_order_relaxed);
      idleWakeUp_.notifyAll();
      benchWakeUp_.notifyAll();
      watchdogWakeUp_.notifyAll();
      while (!threads_.empty()) threadEnded_.wait(mutex_);
      ended.swap(ended_);
      while (head_ != nullptr) popHead();
    }
    for (std::thread& thread : ended) thread.join();
    watchdog_.join();
  }

  /// REQUIRES: the entry's state is kQueued and it is in no queue.
  void enqueue(std::shared_ptr<TaskEntry> entry) {
    MutexLock lock(mutex_);
    push(std::move(entry));
  }

  void awaitRemoval(TaskEntry& entry) {
    FLINK_CHECK(tlsScheduler != this || tlsWorker->current.get() != &entry, "a task must not remove itself in its step");
    MutexLock lock(mutex_);
    while (entry.state_.load(std::memory_order_acquire) != State::kEnded) taskEnded_.wait(mutex_);
  }

  void await(WaitCondition& condition) {
    if (condition.ready()) return;
    Waiter waiter{&condition, {}, false};
    WorkerThread* self = tlsScheduler == this ? tlsWorker : nullptr;
    if (self != nullptr) self->current->task_.onAwait(true);
    {
      MutexLock lock(mutex_);
      waiters_.push_back(&waiter);
      // Pairs with notify(): either it sees this waiter, or ready() below sees what was done before it.
      numWaiters_.fetch_add(1, std::memory_order_acq_rel);
      if (self != nullptr) {
        self->stepStart.store(0, std::memory_order_relaxed);
        block(*self, /*parked=*/true);
      }
    }
    while (!condition.ready()) {
      MutexLock lock(mutex_);
      while (!waiter.notified) waiter.wakeUp.wait(mutex_);
      waiter.notified = false;
    }
    {
      MutexLock lock(mutex_);
      std::erase(waiters_, &waiter);
      numWaiters_.fetch_sub(1, std::memory_order_acq_rel);
      if (self != nullptr) {
        unblock(*self);
        self->stepStart.store(nowNs(), std::memory_order_seq_cst);
      }
    }
    if (self != nullptr) self->current->task_.onAwait(false);
  }

  void notify(const WaitCondition& condition) {
    // A read-modify-write, so that it is ordered with the one in await(); usually nobody waits.
    if (numWaiters_.fetch_add(0, std::memory_order_acq_rel) == 0) return;
    MutexLock lock(mutex_);
    for (Waiter* waiter : waiters_) {
      if (waiter->condition != &condition) continue;
      waiter->notified = true;
      waiter->wakeUp.notifyOne();
    }
  }

 private:
  static constexpr Duration kSpin = std::chrono::microseconds(8);
  static constexpr Duration kBenchLinger = std::chrono::seconds(2);

  [[nodiscard]] std::int64_t nowNs() const { return clock_.now().time_since_epoch().count(); }

  // --- threads -------------------------------------------------------------------------------------------------------

  void startThread() FLINK_REQUIRES(mutex_) {
    for (std::thread& thread : std::exchange(ended_, {})) thread.join();  // their last locked section is over
    auto worker = std::make_unique<WorkerThread>();
    ++active_;
    worker->thread = std::thread([this, self = worker.get()] { serve(*self); });
    ::pthread_setname_np(worker->thread.native_handle(), "flink-task");
    threads_.push_back(std::move(worker));
  }

  /// REQUIRES: `self` runs a step. Another thread becomes active in its place.
  void block(WorkerThread& self, bool parked) FLINK_REQUIRES(mutex_) {
    if (!self.blocked.load(std::memory_order_relaxed)) {
      self.blocked.store(true, std::memory_order_relaxed);
      --active_;
    }
    if (stopped_ || active_ >= options_.numThreads) return;
    if (benched_ > benchCalls_) {
      ++benchCalls_;
      ++active_;
      benchWakeUp_.notifyOne();
    } else if (parked || static_cast<int>(threads_.size()) < options_.numThreads + options_.maxSpareThreads) {
      startThread();
    }
  }

  void unblock(WorkerThread& self) FLINK_REQUIRES(mutex_) {
    if (!self.blocked.load(std::memory_order_relaxed)) return;
    self.blocked.store(false, std::memory_order_relaxed);
    ++active_;
  }

  void serve(WorkerThread& self) {
    tlsWorker = &self;
    tlsScheduler = this;
    while (takeNext(self)) runCurrent(self);
    MutexLock lock(mutex_);
    const auto position = std::find_if(threads_.begin(), threads_.end(), [&](const auto& w) { return w.get() == &self; });
    ended_.push_back(std::move(self.thread));
    threads_.erase(position);
    threadEnded_.notifyAll();
  }

  /// Waits for a task and makes it current; false when the thread shall end.
  bool takeNext(WorkerThread& self) {
    MutexLock lock(mutex_);
    unblock(self);
    bool spun = false;
    while (true) {
      if (stopped_ || (active_ > options_.numThreads && !waitOnBench())) {
        --active_;
        return false;
      }
      while (head_ != nullptr) {
        std::shared_ptr<TaskEntry> entry = popHead();
        State queued = State::kQueued;  // else it was removed meanwhile
        if (!entry->state_.compare_exchange_strong(queued, State::kRunning, std::memory_order_acq_rel)) continue;
        self.current = std::move(entry);
        return true;
      }
      if (!spun && spinning_ == 0) {
        spun = true;
        spin();
        continue;
      }
      ++sleeping_;
      idleWakeUp_.wait(mutex_);
      --sleeping_;
      spun = false;
    }
  }

  /// Looks out for work for a few microseconds without the lock: waking a blocked thread costs the waker more.
  void spin() FLINK_REQUIRES(mutex_) {
    ++spinning_;
    mutex_.unlock();
    const MonotonicTime end = clock_.now() + kSpin;
    while (queueSize_.load(std::memory_order_relaxed) == 0 && clock_.now() < end) {
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
    mutex_.lock();
    --spinning_;
  }

  /// Too many threads are active: this one steps back. False when nobody needed it for a while.
  bool waitOnBench() FLINK_REQUIRES(mutex_) {
    --active_;
    ++benched_;
    while (!stopped_ && benchCalls_ == 0) {
      if (!benchWakeUp_.waitFor(mutex_, kBenchLinger)) break;
    }
    --benched_;
    if (benchCalls_ > 0) {
      --benchCalls_;  // the caller counted this thread active
      return true;
    }
    ++active_;  // as takeNext() expects it
    return false;
  }

  // --- steps ---------------------------------------------------------------------------------------------------------

  void runCurrent(WorkerThread& self) {
    TaskEntry& entry = *self.current;
    while (true) {
      // In this order, both sequentially consistent: see watch().
      self.stepStart.store(nowNs(), std::memory_order_seq_cst);
      if (watchdogAsleep_.load(std::memory_order_seq_cst)) wakeWatchdog();
      const StepResult result = entry.task_.step(options_.stepBudget);
      self.stepStart.store(0, std::memory_order_relaxed);
      if (result == StepResult::kDone) return finishCurrent(self);
      if (settle(self, entry, result)) return;
    }
  }

  /// Moves the entry out of its step; false when the same thread shall step it once more at once.
  bool settle(WorkerThread& self, TaskEntry& entry, StepResult result) {
    State seen = entry.state_.load(std::memory_order_relaxed);
    while (true) {
      if (seen == State::kRemoving) {
        finishCurrent(self);
        return true;
      }
      const bool again = result == StepResult::kProgress || seen == State::kWoken;
      if (again && nobodyElseWaits(self)) {
        if (entry.state_.compare_exchange_weak(seen, State::kRunning, std::memory_order_acq_rel)) return false;
      } else if (entry.state_.compare_exchange_weak(seen, again ? State::kQueued : State::kIdle,
                                                    std::memory_order_acq_rel)) {
        leaveCurrent(self, again);
        return true;
      }
    }
  }

  [[nodiscard]] bool nobodyElseWaits(const WorkerThread& self) const {
    return queueSize_.load(std::memory_order_relaxed) == 0 && !self.blocked.load(std::memory_order_relaxed) &&
           active_.load(std::memory_order_relaxed) <= options_.numThreads && !stopping_.load(std::memory_order_relaxed);
  }

  void leaveCurrent(WorkerThread& self, bool again) {
    std::shared_ptr<TaskEntry> dropped;
    MutexLock lock(mutex_);
    dropped = std::move(self.current);
    if (again) push(std::move(dropped));
  }

  void finishCurrent(WorkerThread& self) {
    std::shared_ptr<TaskEntry> dropped;
    MutexLock lock(mutex_);
    dropped = std::move(self.current);
    dropped->state_.store(State::kEnded, std::memory_order_release);
    taskEnded_.notifyAll();
  }

  // --- run queue -----------------------------------------------------------------------------------------------------

  void push(std::shared_ptr<TaskEntry> entry) FLINK_REQUIRES(mutex_) {
    if (stopped_) return;
    TaskEntry* raw = entry.get();
    if (head_ == nullptr) {
      head_ = std::move(entry);
    } else {
      tail_->next_ = std::move(entry);
    }
    tail_ = raw;
    const int size = queueSize_.load(std::memory_order_relaxed) + 1;
    queueSize_.store(size, std::memory_order_relaxed);
    // A spinning thread and those already woken take one each.
    if (sleeping_ > 0 && size > spinning_) idleWakeUp_.notifyOne();
  }

  std::shared_ptr<TaskEntry> popHead() FLINK_REQUIRES(mutex_) {
    std::shared_ptr<TaskEntry> entry = std::move(head_);
    head_ = std::move(entry->next_);
    queueSize_.store(queueSize_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    return entry;
  }

  // --- watchdog ------------------------------------------------------------------------------------------------------

  void wakeWatchdog() {
    if (!watchdogAsleep_.exchange(false)) return;
    MutexLock lock(mutex_);
    watchdogWakeUp_.notifyOne();
  }

  /// Looks at the running steps every `stuckAfter`, and sleeps for good while none runs.
  void watch() {
    MutexLock lock(mutex_);
    while (!stopped_) {
      watchdogAsleep_.store(true, std::memory_order_seq_cst);
      // A step that began before the store is seen here; one that begins after it sees the store.
      const bool running = std::any_of(threads_.begin(), threads_.end(),
                                       [](const auto& w) { return w->stepStart.load(std::memory_order_seq_cst) != 0; });
      if (running) watchdogAsleep_.store(false, std::memory_order_seq_cst);
      while (!stopped_ && watchdogAsleep_.load(std::memory_order_seq_cst)) watchdogWakeUp_.wait(mutex_);
      if (!stopped_) watchdogWakeUp_.waitFor(mutex_, options_.stuckAfter);
      if (!stopped_) reportStuck();
    }
  }

  void reportStuck() FLINK_REQUIRES(mutex_) {
    const std::int64_t now = nowNs();
    std::vector<std::pair<std::shared_ptr<TaskEntry>, std::int64_t>> stuck;
    for (std::size_t i = 0, n = threads_.size(); i < n; ++i) {  // block() may add threads at the end
      WorkerThread& worker = *threads_[i];
      const std::int64_t since = worker.stepStart.load(std::memory_order_relaxed);
      if (since == 0 || now - since < options_.stuckAfter.count() || worker.blocked.load(std::memory_order_relaxed)) continue;
      block(worker, /*parked=*/false);
      if (worker.current != nullptr && !std::exchange(worker.current->reportedStuck_, true)) {
        stuck.emplace_back(worker.current, now - since);
      }
    }
    if (stuck.empty()) return;
    mutex_.unlock();
    for (const auto& [entry, held] : stuck) {
      FLINK_WARN(kLog, "a step holds its thread, others got a spare one: task={} heldMs={}", entry->name_, held / 1'000'000);
    }
    stuck.clear();
    mutex_.lock();
  }

  const ExecutorOptions options_;
  const Clock& clock_;
  Mutex mutex_;
  ConditionVariable idleWakeUp_, benchWakeUp_, watchdogWakeUp_, threadEnded_, taskEnded_;
  std::shared_ptr<TaskEntry> head_ FLINK_GUARDED_BY(mutex_);
  TaskEntry* tail_ FLINK_GUARDED_BY(mutex_) = nullptr;
  std::atomic<int> queueSize_{0};  // written under the mutex, read by spinning threads
  std::vector<std::unique_ptr<WorkerThread>> threads_ FLINK_GUARDED_BY(mutex_);
  std::vector<std::thread> ended_ FLINK_GUARDED_BY(mutex_);
  std::atomic<int> active_{0};  // written under the mutex
  int sleeping_ FLINK_GUARDED_BY(mutex_) = 0;
  int spinning_ FLINK_GUARDED_BY(mutex_) = 0;
  int benched_ FLINK_GUARDED_BY(mutex_) = 0;
  int benchCalls_ FLINK_GUARDED_BY(mutex_) = 0;  // benched threads that were counted active and have not left yet
  std::vector<Waiter*> waiters_ FLINK_GUARDED_BY(mutex_);
  std::atomic<int> numWaiters_{0};
  std::atomic<bool> watchdogAsleep_{false};
  std::atomic<bool> stopping_{false};
  bool stopped_ FLINK_GUARDED_BY(mutex_) = false;
  std::thread watchdog_;
};

void TaskEntry::wake() {
  State seen = state_.load(std::memory_order_acquire);
  while (true) {
    if (seen == State::kIdle) {
      if (!state_.compare_exchange_weak(seen, State::kQueued, std::memory_order_acq_rel)) continue;
      scheduler_->enqueue(shared_from_this());
      return;
    }
    if (seen != State::kRunning) {
      // Also a wake that changes nothing must order what its caller did before the step that is due.
      if (seen == State::kEnded || seen == State::kRemoving) return;
      if (state_.compare_exchange_weak(seen, seen, std::memory_order_acq_rel)) return;
      continue;
    }
    if (state_.compare_exchange_weak(seen, State::kWoken, std::memory_order_acq_rel)) return;
  }
}

void TaskEntry::remove() {
  State seen = state_.load(std::memory_order_acquire);
  while (seen != State::kEnded) {
    const bool inStep = seen != State::kIdle && seen != State::kQueued;
    if (seen != State::kRemoving &&
        !state_.compare_exchange_weak(seen, inStep ? State::kRemoving : State::kEnded, std::memory_order_acq_rel)) {
      continue;
    }
    if (inStep) scheduler_->awaitRemoval(*this);
    return;
  }
}

class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor(const ExecutorOptions& options, const Clock& clock)
      : scheduler_(std::make_shared<Scheduler>(options, clock)) {
    scheduler_->start();
  }
  ~ThreadExecutor() override { stop(); }

  std::shared_ptr<Handle> add(Steppable& task) override {
    auto entry = std::make_shared<TaskEntry>(task, scheduler_);
    scheduler_->enqueue(entry);
    return entry;
  }
  void await(WaitCondition& condition) override { scheduler_->await(condition); }
  void notify(WaitCondition& condition) override { scheduler_->notify(condition); }
  void runBlocking(std::function<void()> work) override { blocking_.run(std::move(work)); }
  void stop() override {
    blocking_.stop();
    scheduler_->stop();
  }

 private:
  const std::shared_ptr<Scheduler> scheduler_;
  BlockingPool blocking_;
};

}  // namespace

std::unique_ptr<Executor> makeThreadExecutor(const ExecutorOptions& options, const Clock& clock) {
  return std::make_unique<ThreadExecutor>(options, clock);
}

}  // namespace flink
