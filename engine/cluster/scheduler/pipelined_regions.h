#pragma once

#include <cstdint>
#include <vector>

#include "cluster/scheduler/topology.h"

namespace flink::scheduler {

/// Position of a region in PipelinedRegions.
enum class RegionIndex : std::int32_t {};

/// Groups the subtasks that must run at the same time: those linked by pipelined edges. Regions
/// that wait for each other through blocking edges are one region, too. A blocking edge with both
/// ends in one region cannot be complete before its consumer starts, so it is served as a pipelined
/// one. Thread: immutable once built.
class PipelinedRegions {
 public:
  explicit PipelinedRegions(const Topology& topology);

  [[nodiscard]] std::int32_t count() const { return static_cast<std::int32_t>(tasks_.size()); }
  /// Producers before consumers.
  [[nodiscard]] const std::vector<TaskIndex>& tasksOf(RegionIndex region) const {
    return tasks_[static_cast<std::size_t>(region)];
  }
  [[nodiscard]] RegionIndex regionOf(TaskIndex task) const {
    return regionOf_[static_cast<std::size_t>(task)];
  }
  /// Whether the edge's data is complete before its consumers start; such an edge lies between
  /// regions everywhere.
  [[nodiscard]] bool isBlocking(EdgeIndex edge) const {
    return blocking_[static_cast<std::size_t>(edge)];
  }

 private:
  std::vector<std::vector<TaskIndex>> tasks_;  // by region
  std::vector<RegionIndex> regionOf_;          // by task
  std::vector<bool> blocking_;                 // by edge
};

}  // namespace flink::scheduler
