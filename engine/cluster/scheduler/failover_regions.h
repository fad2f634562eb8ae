#pragma once

#include <compare>
#include <functional>
#include <optional>
#include <vector>

#include "cluster/protocol/job_status.h"
#include "cluster/scheduler/pipelined_regions.h"
#include "cluster/scheduler/topology.h"

namespace flink::scheduler {

/// One partition: what subtask `producer` made for edge `edge`.
struct PartitionRef {
  EdgeIndex edge = 0;
  TaskIndex producer{};
  friend auto operator<=>(const PartitionRef&, const PartitionRef&) = default;
};

/// What a failover decision needs to know of the job's present.
struct FailoverFacts {
  std::function<protocol::ExecutionState(TaskIndex)> stateOf;
  /// Whether a blocking partition is complete and its data can still be read.
  std::function<bool(const PartitionRef&)> isAvailable;
  /// The failure was that this partition could not be read: its producer has to make it again.
  std::optional<PartitionRef> unreadable;
};

/// Which tasks restart when `failed` has failed: its region, the regions that produced blocking
/// data which is lost and needed again, and all that consume from any of these, transitively.
/// Tasks in CREATED have nothing to restart. In the order of their numbers.
[[nodiscard]] std::vector<TaskIndex> tasksToRestart(const Topology& topology,
                                                    const PipelinedRegions& regions,
                                                    TaskIndex failed, const FailoverFacts& facts);

}  // namespace flink::scheduler
