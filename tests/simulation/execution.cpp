#include "tests/simulation/execution.h"

#include <utility>

#include "core/base/check.h"

namespace flink::simulation {
namespace {

/// Longest time that blocking work waits for a thread.
constexpr Duration kLongestWait = std::chrono::milliseconds(2);

class SimulatedLoop final : public EventLoop {
 public:
  SimulatedLoop(Kernel& kernel, const ProcessRef& process)
      : kernel_(kernel), lane_(kernel.makeLane(process)) {}
  ~SimulatedLoop() override { lane_->closeAndWait(); }

  void post(std::function<void()> fn) override { lane_->post(std::move(fn)); }
  TimerId schedule(Duration after, std::function<void()> fn) override {
    return static_cast<TimerId>(kernel_.schedule(lane_, after, std::move(fn)));
  }
  void cancel(TimerId timer) override { kernel_.cancel(static_cast<Kernel::TimerId>(timer)); }
  [[nodiscard]] bool inLoop() const override { return lane_->isCurrent(); }
  void stop() override { lane_->closeAndWait(); }

 private:
  Kernel& kernel_;
  const std::shared_ptr<Lane> lane_;
};

/// One task: idle → queued (wake) → running → idle | queued | ended; a wake during the step queues
/// the task again.
class SimulatedTask final : public Executor::Handle,
                            public std::enable_shared_from_this<SimulatedTask> {
 public:
  SimulatedTask(Kernel& kernel, const ProcessRef& process, Steppable& task, Duration budget)
      : kernel_(kernel), lane_(kernel.makeLane(process)), task_(task), budget_(budget) {}

  void wake() override {
    if (ended_ || std::exchange(queued_, true)) return;
    lane_->post([self = shared_from_this()] { self->run(); });
  }
  void remove() override {
    ended_ = true;
    FLINK_CHECK(running != this, "a task must not remove itself in its step");
    lane_->closeAndWait();
  }
  Steppable& task() { return task_; }

  /// The task whose step the calling thread runs.
  static thread_local SimulatedTask* running;

 private:
  void run() {
    queued_ = false;
    if (ended_) return;
    SimulatedTask* const outer = std::exchange(running, this);
    const StepResult result = task_.step(budget_);
    running = outer;
    if (result == StepResult::kDone) ended_ = true;
    if (result == StepResult::kProgress) wake();
  }

  Kernel& kernel_;
  const std::shared_ptr<Lane> lane_;
  Steppable& task_;
  const Duration budget_;
  bool queued_ = false, ended_ = false;
};

thread_local SimulatedTask* SimulatedTask::running = nullptr;

class SimulatedExecutor final : public Executor {
 public:
  SimulatedExecutor(Kernel& kernel, ProcessRef process, Duration budget)
      : kernel_(kernel), process_(std::move(process)), budget_(budget) {}
  ~SimulatedExecutor() override { stopAll(); }

  std::shared_ptr<Handle> add(Steppable& task) override {
    auto entry = std::make_shared<SimulatedTask>(kernel_, process_, task, budget_);
    tasks_.push_back(entry);
    if (!stopped_) entry->wake();
    return entry;
  }
  void await(WaitCondition& condition) override {
    if (condition.ready()) return;
    SimulatedTask* const self = SimulatedTask::running;
    if (self != nullptr) self->task().onAwait(true);
    kernel_.park([&condition] { return condition.ready(); });
    if (self != nullptr) self->task().onAwait(false);
  }
  /// Who waits looks for itself.
  void notify(WaitCondition&) override {}
  void runBlocking(std::function<void()> work) override {
    if (stopped_) return;
    auto lane = kernel_.makeLane(process_);
    std::erase_if(blocking_, [](const auto& old) { return old->idle(); });
    blocking_.push_back(lane);
    lane->postAfter(kernel_.upTo(kLongestWait), std::move(work));
  }
  void stop() override { stopAll(); }

 private:
  void stopAll() {
    if (std::exchange(stopped_, true)) return;
    for (const auto& lane : blocking_) lane->closeAndWait();
    for (const auto& weak : tasks_) {
      if (const auto task = weak.lock()) task->remove();
    }
  }

  Kernel& kernel_;
  const ProcessRef process_;
  const Duration budget_;
  std::vector<std::weak_ptr<SimulatedTask>> tasks_;
  std::vector<std::shared_ptr<Lane>> blocking_;
  bool stopped_ = false;
};

}  // namespace

std::unique_ptr<EventLoop> makeLoop(Kernel& kernel, const ProcessRef& process) {
  return std::make_unique<SimulatedLoop>(kernel, process);
}

std::unique_ptr<Executor> makeExecutor(Kernel& kernel, const ProcessRef& process,
                                       Duration stepBudget) {
  return std::make_unique<SimulatedExecutor>(kernel, process, stepBudget);
}

}  // namespace flink::simulation
