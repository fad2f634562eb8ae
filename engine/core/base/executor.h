#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/clock.h"

namespace flink {

/// Runs posted functions one at a time, in order: the mailbox of an actor (JobManager, supervisor,
/// worker control). Thread: post, schedule, cancel from any thread. Lifetime: start() begins;
/// stop() drops what is still queued and returns after the running function.
class EventLoop {
 public:
  enum class TimerId : std::uint64_t { kNone = 0 };
  virtual ~EventLoop() = default;
  virtual void post(std::function<void()> fn) = 0;
  /// Runs `fn` once, `after` from now on the monotonic clock.
  virtual TimerId schedule(Duration after, std::function<void()> fn) = 0;
  /// A timer that already ran or never existed is ignored.
  virtual void cancel(TimerId timer) = 0;
  [[nodiscard]] virtual bool inLoop() const = 0;
  virtual void stop() = 0;
};

/// An event loop on a thread of its own, named `name` (at most 15 bytes show in tools).
std::unique_ptr<EventLoop> makeThreadEventLoop(std::string name, const Clock& clock);

/// What one step of a cooperative task came to.
enum class StepResult : std::uint8_t {
  kProgress,       ///< step again soon
  kWaitingInput,   ///< step again after wake()
  kWaitingOutput,  ///< step again after wake()
  kDone,           ///< never step again
};

/// A cooperative state machine that an Executor steps: one step at a time, on any of its threads.
class Steppable {
 public:
  virtual ~Steppable() = default;
  /// Works for about `budget` and returns. Must not throw.
  virtual StepResult step(Duration budget) = 0;
  /// The running step begins (or stops) to wait in Executor::await(); for the accounting of time.
  /// Thread: the step's.
  virtual void onAwait(bool /*waiting*/) {}
  /// Set by the watchdog while a step holds its thread too long, again and again; null: the task
  /// does not want to know. Read once, when the task is added.
  [[nodiscard]] virtual std::shared_ptr<std::atomic<bool>> holdFlag() { return nullptr; }
  /// Name for the watchdog's report and the thread dump.
  [[nodiscard]] virtual std::string_view name() const = 0;
};

/// Says when a task that waits inside its step may go on.
class WaitCondition {
 public:
  virtual ~WaitCondition() = default;
  /// True when the wait is over. Thread: any.
  [[nodiscard]] virtual bool ready() const = 0;
};

/// Steps many cooperative tasks on a few threads.
/// A woken idle thread spins a few microseconds before it blocks. A watchdog gives the other tasks
/// a spare thread when a step holds its thread too long, and reports the task by name. Thread: all
/// methods from any thread, await() only from inside a step of this executor.
class Executor {
 public:
  /// Refers to one added task; cheap to copy. Stays valid (wake is a no-op) after the task is done.
  class Handle {
   public:
    virtual ~Handle() = default;
    /// Makes the executor step the task again; wakes that arrive during a step are not lost.
    virtual void wake() = 0;
    /// Returns once the task is not inside a step and never will be again (done or removed).
    virtual void remove() = 0;
  };

  virtual ~Executor() = default;
  /// Starts stepping `task`. The caller keeps `task` alive until remove() returned or its step
  /// returned kDone.
  virtual std::shared_ptr<Handle> add(Steppable& task) = 0;
  /// Parks the calling step until `condition.ready()`; its other tasks get a spare thread. The
  /// condition's owner calls notify() after making it true.
  virtual void await(WaitCondition& condition) = 0;
  virtual void notify(WaitCondition& condition) = 0;
  /// Runs blocking work outside the task threads (file systems, uploads). Dropped after stop().
  virtual void runBlocking(std::function<void()> work) = 0;
  /// Returns once no step and no blocking work runs; none starts any more. REQUIRES: whoever parks
  /// steps in await() has made their conditions true.
  virtual void stop() = 0;
};

struct ExecutorOptions {
  int numThreads = 1;  ///< task threads, >= 1
  /// Bound of the spares for stuck steps. A parked step always gets one, else the tasks that it
  /// waits for might never run; those spares are bounded by the number of tasks.
  int maxSpareThreads = 64;
  Duration stepBudget = std::chrono::milliseconds(1);
  Duration stuckAfter = std::chrono::milliseconds(20);  ///< the watchdog's limit for one step
};
std::unique_ptr<Executor> makeThreadExecutor(const ExecutorOptions& options, const Clock& clock);

}  // namespace flink
