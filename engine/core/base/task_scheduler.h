#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/base/executor.h"
#include "core/base/mutex.h"

namespace flink {

class TaskScheduler;

/// One task of a TaskScheduler, which owns its members. State moves:
///   idle → queued (wake) → running (a thread takes it) → idle | queued (progress) | ended (done)
///   running → woken (wake during the step) → queued when the step returns, whatever it returned
///   but done idle, queued → ended (remove); running, woken → removing (remove) → ended when the
///   step returns
class TaskEntry final : public Executor::Handle, public std::enable_shared_from_this<TaskEntry> {
 public:
  enum class State : std::uint8_t { kIdle, kQueued, kRunning, kWoken, kRemoving, kEnded };

  TaskEntry(Steppable& task, std::shared_ptr<TaskScheduler> scheduler)
      : task_(task),
        name_(task.name()),
        holdFlag_(task.holdFlag()),
        scheduler_(std::move(scheduler)) {}

  void wake() override;
  void remove() override;

  Steppable& task_;
  const std::string name_;
  const std::shared_ptr<std::atomic<bool>> holdFlag_;  // may be null
  const std::shared_ptr<TaskScheduler> scheduler_;
  std::atomic<State> state_{State::kQueued};
  // Guarded by the scheduler's mutex.
  std::shared_ptr<TaskEntry> next_;  // in the run queue
  bool reportedStuck_ = false;
};

/// The run queue and the threads of the executor. Shared by the executor and its handles, so that a
/// late wake finds a living object.
///
/// At most `numThreads` threads are *active*: they run steps or look for some. A parked or stuck
/// thread is *blocked*, and another one becomes active in its place; when it comes back, one thread
/// too many is active, and the first that finishes its step goes to the *bench*, from where it
/// returns for the next blocked one or ends after a while. Thread: any, unless said otherwise.
class TaskScheduler : public std::enable_shared_from_this<TaskScheduler> {
 public:
  TaskScheduler(const ExecutorOptions& options, const Clock& clock);
  ~TaskScheduler();

  void start();
  void stop();
  /// REQUIRES: the entry's state is kQueued and it is in no queue.
  void enqueue(std::shared_ptr<TaskEntry> entry);
  /// Returns once the entry's step is over. REQUIRES: its state was set to kRemoving.
  void awaitRemoval(TaskEntry& entry);
  void await(WaitCondition& condition);
  void notify(const WaitCondition& condition);

 private:
  using State = TaskEntry::State;

  /// One thread. `stepStart` is 0 outside steps and while parked.
  struct Worker {
    std::thread thread;
    std::atomic<std::int64_t> stepStart{0};
    std::atomic<bool> blocked{
        false};  // parked or stuck: does not count as active; written under the mutex
    std::shared_ptr<TaskEntry> current;  // written by the worker under the mutex
  };
  /// A step that waits in await().
  struct Waiter {
    const WaitCondition* condition;
    ConditionVariable wakeUp;
    bool notified = false;
  };

  [[nodiscard]] std::int64_t nowNs() const { return clock_.now().time_since_epoch().count(); }

  // Threads.
  void startThread() FLINK_REQUIRES(mutex_);
  /// Another thread becomes active in place of `self`, which runs a step.
  void block(Worker& self, bool parked) FLINK_REQUIRES(mutex_);
  void unblock(Worker& self) FLINK_REQUIRES(mutex_);
  void serve(Worker& self);
  /// Waits for a task and makes it current; false when the thread shall end.
  bool takeNext(Worker& self);
  bool takeHead(Worker& self) FLINK_REQUIRES(mutex_);
  /// Looks out for work for a few microseconds without the lock: waking a blocked thread costs the
  /// waker more.
  void spin() FLINK_REQUIRES(mutex_);
  /// Too many threads are active: this one steps back. False when nobody needed it for a while.
  bool waitOnBench() FLINK_REQUIRES(mutex_);

  // Steps.
  void runCurrent(Worker& self);
  /// Moves the entry out of its step; false when the same thread shall step it once more at once.
  bool settle(Worker& self, TaskEntry& entry, StepResult result);
  [[nodiscard]] bool nobodyElseWaits(const Worker& self) const;
  void leaveCurrent(Worker& self, bool again);
  void endCurrent(Worker& self);

  // Run queue.
  void push(std::shared_ptr<TaskEntry> entry) FLINK_REQUIRES(mutex_);
  std::shared_ptr<TaskEntry> popHead() FLINK_REQUIRES(mutex_);

  // Watchdog.
  void wakeWatchdog();
  /// Looks at the running steps every `stuckAfter`, and sleeps for good while none runs.
  void watch();
  void reportStuck() FLINK_REQUIRES(mutex_);

  const ExecutorOptions options_;
  const Clock& clock_;
  Mutex mutex_;
  ConditionVariable idleWakeUp_, benchWakeUp_, watchdogWakeUp_, threadEnded_, taskEnded_;
  std::shared_ptr<TaskEntry> head_ FLINK_GUARDED_BY(mutex_);
  TaskEntry* tail_ FLINK_GUARDED_BY(mutex_) = nullptr;
  std::atomic<int> queueSize_{0};  // written under the mutex, read by spinning threads
  std::vector<std::unique_ptr<Worker>> workers_ FLINK_GUARDED_BY(mutex_);
  std::vector<std::thread> ended_ FLINK_GUARDED_BY(mutex_);
  std::atomic<int> active_{0};  // written under the mutex
  int sleeping_ FLINK_GUARDED_BY(mutex_) = 0;
  int spinning_ FLINK_GUARDED_BY(mutex_) = 0;
  int benched_ FLINK_GUARDED_BY(mutex_) = 0;
  int benchCalls_ FLINK_GUARDED_BY(mutex_) =
      0;  // benched threads that were counted active and have not left yet
  std::vector<Waiter*> waiters_ FLINK_GUARDED_BY(mutex_);
  std::atomic<int> numWaiters_{0};
  std::atomic<bool> watchdogAsleep_{false};
  std::atomic<bool> stopping_{false};
  bool stopped_ FLINK_GUARDED_BY(mutex_) = false;
  std::thread watchdog_;

  static thread_local Worker* currentWorker;
  static thread_local const TaskScheduler* currentScheduler;
};

}  // namespace flink
