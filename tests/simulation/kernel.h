#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/rng.h"

namespace flink::simulation {

class Kernel;

/// A simulated process on a simulated host. A dead one's code still runs, to come to its end, but
/// nobody notices: what it sends goes nowhere, and files are out of its reach.
struct Process {
  std::string name;
  int host = 0;
  bool alive = true;
};
using ProcessRef = std::shared_ptr<Process>;

/// A queue of things to do one at a time and in order: an event loop, one direction of a
/// connection, a task. What two lanes have to do happens in any order.
class Lane {
 public:
  Lane(Kernel& kernel, std::uint32_t number, ProcessRef process)
      : kernel_(kernel), number_(number), process_(std::move(process)) {}
  /// Dropped when the lane is closed.
  void post(std::function<void()> fn) { postAfter(Duration::zero(), std::move(fn)); }
  /// Not before `delay` has passed, and not before what was posted earlier.
  void postAfter(Duration delay, std::function<void()> fn);
  /// Drops what waits, for good.
  void close();
  /// close(), and returns once nothing of this lane runs (unless the caller is what runs).
  void closeAndWait();
  [[nodiscard]] bool isCurrent() const;
  /// Nothing waits or runs.
  [[nodiscard]] bool idle() const { return queue_.empty() && !busy_; }
  [[nodiscard]] const ProcessRef& process() const { return process_; }

 private:
  friend class Kernel;
  struct Item {
    MonotonicTime due;
    std::function<void()> fn;
  };
  Kernel& kernel_;
  const std::uint32_t number_;
  const ProcessRef process_;
  std::deque<Item> queue_;
  bool busy_ = false;
  bool closed_ = false;
  MonotonicTime stalledUntil_{};
};

/// Runs everything of one simulation under one seed: which lane goes next, how long things take,
/// and what the components draw at random all come from it, so the same seed gives the same run.
/// One thing happens at a time. Usually one thread does everything; who waits in the middle of
/// something (park()) keeps its thread and passes the baton to another.
/// Thread: the owner's for run(); the rest from inside what runs, or while nothing does.
class Kernel {
 public:
  explicit Kernel(std::uint64_t seed);
  ~Kernel();
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  /// The simulation of this process; there is one at a time.
  static Kernel& current();

  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] MonotonicTime now() const { return now_; }
  /// Uniform in [0, bound); part of the trace. 0 for bound 0.
  std::uint64_t below(std::uint64_t bound);
  [[nodiscard]] bool chance(double probability);
  [[nodiscard]] Duration upTo(Duration longest);
  /// Numbers for one component.
  std::unique_ptr<Rng> makeRng();

  std::shared_ptr<Lane> makeLane(ProcessRef process);
  using TimerId = std::uint64_t;
  TimerId schedule(const std::shared_ptr<Lane>& lane, Duration after, std::function<void()> fn);
  void cancel(TimerId timer);

  /// What runs now takes this much longer.
  void spend(Duration time) { now_ += time; }
  /// Waits in the middle of something until `ready`. REQUIRES: inside what runs.
  void park(const std::function<bool()>& ready);
  /// The process whose code runs now; null outside.
  [[nodiscard]] static Process* runningProcess();

  /// How often one lane stands still for a while although it has work (a descheduled thread).
  void setStalls(double probability, Duration longest) {
    stallProbability_ = probability;
    longestStall_ = longest;
  }

  /// Runs until `done`; false when `limit` of simulated time passes first, or nothing is left.
  bool run(std::function<bool()> done, Duration limit);

  /// Adds to the trace.
  void trace(std::uint64_t what);
  [[nodiscard]] std::uint64_t traceHash() const { return hash_; }
  [[nodiscard]] std::uint64_t numSteps() const { return steps_; }

 private:
  /// Every look takes a little, so that work bounded by time ends.
  class SimulatedClock final : public Clock {
   public:
    explicit SimulatedClock(Kernel& kernel) : kernel_(kernel) {}
    [[nodiscard]] MonotonicTime now() const override;
    [[nodiscard]] EpochMillis wallMillis() const override;

   private:
    Kernel& kernel_;
  };
  struct Waiter {
    std::condition_variable wakeUp;
    bool hasBaton = false;
  };
  struct Parked {
    const std::function<bool()>* ready;
    Waiter* waiter;
  };
  struct Timer {
    std::weak_ptr<Lane> lane;
    std::function<void()> fn;
  };

  void drive(Waiter& self);
  /// Gives the baton away; `self` waits until it comes back.
  void passTo(Waiter& next, Waiter* self);
  Waiter* idleWaiter();
  /// One thing; false when there is nothing left to do at all.
  bool step(Waiter& self);
  void runDueTimers();
  bool advanceClock();
  void runItem(const std::shared_ptr<Lane>& lane);

  SimulatedClock clock_;
  std::unique_ptr<Rng> rng_;
  MonotonicTime now_{};
  std::uint64_t hash_, steps_ = 0;
  std::uint32_t nextLane_ = 0;
  std::vector<std::weak_ptr<Lane>> lanes_;
  std::map<std::pair<MonotonicTime, TimerId>, Timer> timers_;
  std::map<TimerId, MonotonicTime> timerDue_;
  TimerId nextTimer_ = 1;
  std::vector<Parked> parked_;
  double stallProbability_ = 0;
  Duration longestStall_{};

  std::mutex baton_;
  std::vector<Waiter*> idle_;
  std::vector<std::thread> threads_;
  Waiter owner_;
  bool ending_ = false;
  std::function<bool()> done_;
  MonotonicTime limit_{};
  bool outcome_ = false;
};

}  // namespace flink::simulation
