#pragma once

#include <cstdint>
#include <vector>

#include "cluster/scheduler/pipelined_regions.h"

namespace flink::scheduler {

/// Decides when a region may start: once every producer of its blocking inputs has finished.
/// Thread: one owner. Ownership: borrows topology and regions.
class RegionSchedule {
 public:
  RegionSchedule(const Topology& topology, const PipelinedRegions& regions);

  /// The regions that became ready since the last call, in their order; at first those without
  /// blocking inputs.
  [[nodiscard]] std::vector<RegionIndex> takeReady();
  /// REQUIRES: called once per task.
  void onFinished(TaskIndex task);
  /// These regions start over; their tasks in `finished` had been reported by onFinished() and are
  /// so no more. Those whose inputs are complete are ready again.
  /// REQUIRES: with a region comes every region that consumes from it (tasksToRestart()).
  void restart(const std::vector<RegionIndex>& regions, const std::vector<TaskIndex>& finished);

 private:
  /// "These producers have all finished", and the regions that wait for it.
  struct Condition {
    std::int32_t missing = 0;
    std::vector<RegionIndex> waiting;
  };

  void addEdge(const Topology& topology, const PipelinedRegions& regions, EdgeIndex edge);
  /// Returns the condition that these subtasks of `source` have all finished.
  Condition& addCondition(const Topology& topology, VertexIndex source, SubtaskRange range);
  void wait(Condition& condition, RegionIndex region);

  std::vector<Condition> conditions_;
  std::vector<std::vector<std::size_t>> conditionsOf_;  // by task
  std::vector<std::int32_t> missingConditions_;         // by region
  std::vector<RegionIndex> ready_;
};

}  // namespace flink::scheduler
