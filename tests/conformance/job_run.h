#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cluster/protocol/job_graph.h"
#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/metrics/registry.h"
#include "dataflow/checkpoint/recovery_plan.h"
#include "dataflow/operators/operator_factory.h"
#include "dataflow/operators/processing_time_service.h"
#include "fake_network.h"
#include "manual_event_loop.h"
#include "play.h"

namespace flink::conformance {

class TaskRun;

/// The clock's timers of all tasks, in one order: they run when a script moves the clock.
class ScriptedTimers final : public operators::ProcessingTimeService {
 public:
  explicit ScriptedTimers(const Clock& clock) : clock_(clock) {}
  [[nodiscard]] types::Timestamp now() const override { return clock_.wallMs(); }
  TimerId registerTimer(types::Timestamp time, Callback callback) override;
  void cancel(TimerId timer) override;
  /// Runs the earliest timer that is due; false when there is none.
  bool runOne();
  void clear() { timers_.clear(); }

 private:
  const Clock& clock_;
  std::map<std::pair<types::Timestamp, std::uint64_t>, Callback> timers_;
  std::uint64_t lastId_ = 0;
};

/// Tasks run on the driver's thread, one after the other: nothing of an executor is needed.
class NoExecutor final : public Executor {
 public:
  std::shared_ptr<Handle> add(Steppable& task) override;
  void await(WaitCondition& condition) override;
  void notify(WaitCondition& /*condition*/) override {}
  void runBlocking(std::function<void()> work) override { work(); }
  void stop() override {}
};

/// Runs a job's tasks, one per vertex and parallelism 1, as a script says: real chains, edges,
/// valves, timers and backends; source, clock and sinks are the script's. User code and engine
/// failures come out as exceptions.
/// Thread: one.
class JobRun {
 public:
  JobRun(const protocol::JobGraph& graph, const operators::OperatorCatalog& catalog,
         Transcript& transcript);
  ~JobRun();
  JobRun(const JobRun&) = delete;
  JobRun& operator=(const JobRun&) = delete;

  void open();
  void play(const ScriptLine& line);
  /// After a failure: what was emitted before it still reaches the end of its chain.
  void passOnRest() noexcept;

 private:
  void build();
  void openTasks();
  /// Lets every task work until nothing is left to do.
  void settle();
  void moveClock(types::Timestamp time);
  /// From a snapshot of all operators, as after a failure: their state is in it, event time is not.
  void restart();
  checkpoint::CheckpointMetadata takeSnapshot();
  void endSources();
  void close();

  const protocol::JobGraph& graph_;
  const operators::OperatorCatalog& catalog_;
  Transcript& transcript_;
  testing::ManualClock clock_{0};
  ScriptedTimers timers_{clock_};
  NoExecutor executor_;
  metrics::MetricRegistry registry_{clock_};
  std::shared_ptr<metrics::MetricGroup> rootGroup_;
  std::shared_ptr<metrics::MetricGroup> jobGroup_;
  std::unique_ptr<task::FakeNetwork> network_;
  std::vector<std::unique_ptr<TaskRun>> tasks_;  // topological order
  int attempt_ = 0;
  checkpoint::CheckpointId lastCheckpoint_ = 0;
};

}  // namespace flink::conformance
