#include "core/base/task_scheduler.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "core/base/log.h"
#include "core/base/signal_stack.h"

namespace flink {
namespace {

Logger kLog{"flink.executor"};

constexpr Duration kSpin = std::chrono::microseconds(8);
constexpr Duration kBenchLinger = std::chrono::seconds(2);

void pauseCpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

thread_local TaskScheduler::Worker* TaskScheduler::currentWorker = nullptr;
thread_local const TaskScheduler* TaskScheduler::currentScheduler = nullptr;

TaskScheduler::TaskScheduler(const ExecutorOptions& options, const Clock& clock)
    : options_(options), clock_(clock) {}
TaskScheduler::~TaskScheduler() = default;

void TaskScheduler::start() {
  MutexLock lock(mutex_);
  for (int i = 0; i < std::max(options_.numThreads, 1); ++i) startThread();
  watchdog_ = std::thread([this] { watch(); });
  ::pthread_setname_np(watchdog_.native_handle(), "flink-watchdog");
}

void TaskScheduler::stop() {
  FLINK_CHECK(currentScheduler != this, "an executor must not be stopped from inside a step");
  std::vector<std::thread> ended;
  {
    MutexLock lock(mutex_);
    if (stopped_) return;
    stopped_ = true;
    stopping_.store(true, std::memory_order_relaxed);
    idleWakeUp_.notifyAll();
    benchWakeUp_.notifyAll();
    watchdogWakeUp_.notifyAll();
    while (!workers_.empty()) threadEnded_.wait(mutex_);
    ended.swap(ended_);
    while (head_ != nullptr) popHead();
  }
  for (std::thread& thread : ended) thread.join();
  watchdog_.join();
}

void TaskScheduler::enqueue(std::shared_ptr<TaskEntry> entry) {
  MutexLock lock(mutex_);
  push(std::move(entry));
}

void TaskScheduler::awaitRemoval(TaskEntry& entry) {
  FLINK_CHECK(currentScheduler != this || currentWorker->current.get() != &entry,
              "a task must not remove itself in its step");
  MutexLock lock(mutex_);
  while (entry.state_.load(std::memory_order_acquire) != State::kEnded) taskEnded_.wait(mutex_);
}

void TaskScheduler::await(WaitCondition& condition) {
  if (condition.ready()) return;
  Waiter waiter{&condition, {}, false};
  Worker* self = currentScheduler == this ? currentWorker : nullptr;
  if (self != nullptr) self->current->task_.onAwait(true);
  {
    MutexLock lock(mutex_);
    waiters_.push_back(&waiter);
    // Pairs with notify(): either it sees this waiter, or ready() below sees what was done before
    // it.
    numWaiters_.fetch_add(1, std::memory_order_acq_rel);
    if (self != nullptr) {
      self->stepStart.store(0, std::memory_order_relaxed);
      block(*self, /*parked=*/true);
    }
  }
  // ready() is called without the lock: it may take locks under which notify() is called.
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

void TaskScheduler::notify(const WaitCondition& condition) {
  // A read-modify-write, so that it is ordered with the one in await(); usually nobody waits.
  if (numWaiters_.fetch_add(0, std::memory_order_acq_rel) == 0) return;
  MutexLock lock(mutex_);
  for (Waiter* waiter : waiters_) {
    if (waiter->condition != &condition) continue;
    waiter->notified = true;
    waiter->wakeUp.notifyOne();
  }
}

// --- threads
// ---------------------------------------------------------------------------------------------------------

void TaskScheduler::startThread() {
  for (std::thread& thread : std::exchange(ended_, {}))
    thread.join();  // their last locked section is over
  auto worker = std::make_unique<Worker>();
  ++active_;
  worker->thread = std::thread([this, self = worker.get()] { serve(*self); });
  ::pthread_setname_np(worker->thread.native_handle(), "flink-task");
  workers_.push_back(std::move(worker));
}

void TaskScheduler::block(Worker& self, bool parked) {
  if (!self.blocked.load(std::memory_order_relaxed)) {
    self.blocked.store(true, std::memory_order_relaxed);
    --active_;
  }
  if (stopped_ || active_ >= options_.numThreads) return;
  if (benched_ > benchCalls_) {
    ++benchCalls_;
    ++active_;
    benchWakeUp_.notifyOne();
  } else if (parked ||
             static_cast<int>(workers_.size()) < options_.numThreads + options_.maxSpareThreads) {
    startThread();
  }
}

void TaskScheduler::unblock(Worker& self) {
  if (!self.blocked.load(std::memory_order_relaxed)) return;
  self.blocked.store(false, std::memory_order_relaxed);
  ++active_;
}

void TaskScheduler::serve(Worker& self) {
  const SignalStack signalStack;
  currentWorker = &self;
  currentScheduler = this;
  while (takeNext(self)) runCurrent(self);
  MutexLock lock(mutex_);
  const auto position = std::find_if(workers_.begin(), workers_.end(),
                                     [&](const auto& w) { return w.get() == &self; });
  ended_.push_back(std::move(self.thread));
  workers_.erase(position);
  threadEnded_.notifyAll();
}

bool TaskScheduler::takeNext(Worker& self) {
  MutexLock lock(mutex_);
  unblock(self);
  bool spun = false;
  while (true) {
    if (stopped_ || (active_ > options_.numThreads && !waitOnBench())) {
      --active_;
      return false;
    }
    if (takeHead(self)) return true;
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

bool TaskScheduler::takeHead(Worker& self) {
  while (head_ != nullptr) {
    std::shared_ptr<TaskEntry> entry = popHead();
    State queued = State::kQueued;  // else it was removed meanwhile
    if (!entry->state_.compare_exchange_strong(queued, State::kRunning, std::memory_order_acq_rel))
      continue;
    self.current = std::move(entry);
    return true;
  }
  return false;
}

void TaskScheduler::spin() {
  ++spinning_;
  mutex_.unlock();
  const MonotonicTime end = clock_.now() + kSpin;
  while (queueSize_.load(std::memory_order_relaxed) == 0 && clock_.now() < end) pauseCpu();
  mutex_.lock();
  --spinning_;
}

bool TaskScheduler::waitOnBench() {
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

// --- steps
// -----------------------------------------------------------------------------------------------------------

void TaskScheduler::runCurrent(Worker& self) {
  TaskEntry& entry = *self.current;
  while (true) {
    // In this order, both sequentially consistent: see watch().
    self.stepStart.store(nowNs(), std::memory_order_seq_cst);
    if (watchdogAsleep_.load(std::memory_order_seq_cst)) wakeWatchdog();
    const StepResult result = entry.task_.step(options_.stepBudget);
    self.stepStart.store(0, std::memory_order_relaxed);
    if (result == StepResult::kDone) return endCurrent(self);
    if (settle(self, entry, result)) return;
  }
}

bool TaskScheduler::settle(Worker& self, TaskEntry& entry, StepResult result) {
  State seen = entry.state_.load(std::memory_order_relaxed);
  while (true) {
    if (seen == State::kRemoving) {
      endCurrent(self);
      return true;
    }
    const bool again = result == StepResult::kProgress || seen == State::kWoken;
    if (again && nobodyElseWaits(self)) {
      if (entry.state_.compare_exchange_weak(seen, State::kRunning, std::memory_order_acq_rel))
        return false;
    } else if (entry.state_.compare_exchange_weak(seen, again ? State::kQueued : State::kIdle,
                                                  std::memory_order_acq_rel)) {
      leaveCurrent(self, again);
      return true;
    }
  }
}

bool TaskScheduler::nobodyElseWaits(const Worker& self) const {
  return queueSize_.load(std::memory_order_relaxed) == 0 &&
         !self.blocked.load(std::memory_order_relaxed) &&
         active_.load(std::memory_order_relaxed) <= options_.numThreads &&
         !stopping_.load(std::memory_order_relaxed);
}

void TaskScheduler::leaveCurrent(Worker& self, bool again) {
  std::shared_ptr<TaskEntry> entry;  // destroyed after the lock
  MutexLock lock(mutex_);
  entry = std::move(self.current);
  if (again) push(std::move(entry));
}

void TaskScheduler::endCurrent(Worker& self) {
  std::shared_ptr<TaskEntry> entry;  // destroyed after the lock
  MutexLock lock(mutex_);
  entry = std::move(self.current);
  entry->state_.store(State::kEnded, std::memory_order_release);
  taskEnded_.notifyAll();
}

// --- run queue
// -------------------------------------------------------------------------------------------------------

void TaskScheduler::push(std::shared_ptr<TaskEntry> entry) {
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
  // A thread that spins takes one without being woken.
  if (sleeping_ > 0 && size > spinning_) idleWakeUp_.notifyOne();
}

std::shared_ptr<TaskEntry> TaskScheduler::popHead() {
  std::shared_ptr<TaskEntry> entry = std::move(head_);
  head_ = std::move(entry->next_);
  queueSize_.store(queueSize_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  return entry;
}

// --- watchdog
// --------------------------------------------------------------------------------------------------------

void TaskScheduler::wakeWatchdog() {
  if (!watchdogAsleep_.exchange(false)) return;
  MutexLock lock(mutex_);
  watchdogWakeUp_.notifyOne();
}

void TaskScheduler::watch() {
  MutexLock lock(mutex_);
  while (!stopped_) {
    watchdogAsleep_.store(true, std::memory_order_seq_cst);
    // A step that began before the store is seen here; one that begins after it sees the store.
    const bool running = std::any_of(workers_.begin(), workers_.end(), [](const auto& w) {
      return w->stepStart.load(std::memory_order_seq_cst) != 0;
    });
    if (running) watchdogAsleep_.store(false, std::memory_order_seq_cst);
    while (!stopped_ && watchdogAsleep_.load(std::memory_order_seq_cst))
      watchdogWakeUp_.wait(mutex_);
    if (!stopped_) watchdogWakeUp_.waitFor(mutex_, options_.stuckAfter);
    if (!stopped_) reportStuck();
  }
}

void TaskScheduler::reportStuck() {
  const std::int64_t now = nowNs();
  std::vector<std::pair<std::shared_ptr<TaskEntry>, std::int64_t>> stuck;
  for (std::size_t i = 0, n = workers_.size(); i < n; ++i) {  // block() may add workers at the end
    Worker& worker = *workers_[i];
    const std::int64_t since = worker.stepStart.load(std::memory_order_relaxed);
    if (since == 0 || now - since < options_.stuckAfter.count()) continue;
    if (worker.current != nullptr && worker.current->holdFlag_ != nullptr)
      worker.current->holdFlag_->store(true, std::memory_order_relaxed);
    if (worker.blocked.load(std::memory_order_relaxed)) continue;
    block(worker, /*parked=*/false);
    if (worker.current != nullptr && !std::exchange(worker.current->reportedStuck_, true)) {
      stuck.emplace_back(worker.current, now - since);
    }
  }
  if (stuck.empty()) return;
  mutex_.unlock();
  for (const auto& [entry, held] : stuck) {
    FLINK_WARN(kLog, "a step holds its thread, others got a spare one: task={} heldMs={}",
               entry->name_, held / 1'000'000);
  }
  stuck.clear();
  mutex_.lock();
}

// --- entries
// ---------------------------------------------------------------------------------------------------------

void TaskEntry::wake() {
  State seen = state_.load(std::memory_order_acquire);
  while (true) {
    switch (seen) {
      case State::kIdle:
        if (!state_.compare_exchange_weak(seen, State::kQueued, std::memory_order_acq_rel))
          continue;
        scheduler_->enqueue(shared_from_this());
        return;
      case State::kRunning:
        if (state_.compare_exchange_weak(seen, State::kWoken, std::memory_order_acq_rel)) return;
        continue;
      case State::kQueued:
      case State::kWoken:
        // A step is due anyway; writing the same state orders what the caller did before it.
        if (state_.compare_exchange_weak(seen, seen, std::memory_order_acq_rel)) return;
        continue;
      case State::kRemoving:
      case State::kEnded:
        return;
    }
  }
}

void TaskEntry::remove() {
  State seen = state_.load(std::memory_order_acquire);
  while (seen != State::kEnded) {
    const bool inStep = seen != State::kIdle && seen != State::kQueued;
    if (seen != State::kRemoving &&
        !state_.compare_exchange_weak(seen, inStep ? State::kRemoving : State::kEnded,
                                      std::memory_order_acq_rel)) {
      continue;
    }
    if (inStep) scheduler_->awaitRemoval(*this);
    return;
  }
}

}  // namespace flink
