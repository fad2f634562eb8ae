#pragma once

#include <memory>
#include <vector>

#include "dataflow/checkpoint/recovery_plan.h"
#include "dataflow/checkpoint/snapshot_chain.h"
#include "dataflow/task/operator_chain.h"
#include "dataflow/task/probe.h"
#include "dataflow/task/task_input.h"
#include "job_run.h"

namespace flink::conformance {

/// One task of a job: its real chain, its inputs with their valves, its outputs; stepped by hand.
/// Thread: the driver's.
class TaskRun {
 public:
  struct Services {
    const operators::OperatorCatalog& catalog;
    task::FakeNetwork& network;
    metrics::MetricGroup& jobGroup;
    const Clock& clock;
    ScriptedTimers& timers;
    Executor& executor;
  };

  TaskRun(task::TaskSpec spec, const Services& services);
  ~TaskRun();
  TaskRun(const TaskRun&) = delete;
  TaskRun& operator=(const TaskRun&) = delete;

  /// Continues from a snapshot. Before open().
  void restore(const checkpoint::TaskRestore& from);
  void open();
  /// What the task's operators keep, in memory. What they emit in front of the barrier has gone on.
  checkpoint::TaskSnapshot snapshot(checkpoint::CheckpointId id);
  [[nodiscard]] const JobVertexId& vertex() const { return spec_.attempt.vertex; }
  /// If it has a source: lets it take one line.
  void pollSource();
  void endEventTime();
  void endSource();
  /// Does what inputs and timers made due, and hands on what came of it; false when that was
  /// nothing.
  bool work();
  /// Hands on what operators hold back.
  void flush();

 private:
  void finish();

  const task::TaskSpec spec_;
  const Clock& clock_;
  task::TaskProbe probe_;
  std::vector<std::unique_ptr<network::ResultPartition>> partitions_;
  std::unique_ptr<task::OperatorChain> chain_;
  std::unique_ptr<task::InputReader> input_;
  bool finished_ = false;
};

}  // namespace flink::conformance
