#pragma once

#include <vector>

#include "cluster/protocol/deployment.h"
#include "cluster/scheduler/execution_graph.h"

namespace flink::scheduler {

/// What a TaskManager needs to run one subtask: which channels it reads and where they come from,
/// which partitions it writes and who reads them. REQUIRES: the task, its producers and its
/// pipelined consumers have slots.
[[nodiscard]] protocol::TaskDeploymentDescriptor deploymentOf(const ExecutionGraph& graph,
                                                              TaskIndex task);

/// The TaskManagers that hold a task's blocking input, for slot placement; empty when it does not
/// matter.
[[nodiscard]] std::vector<TaskManagerId> preferredLocations(const ExecutionGraph& graph,
                                                            TaskIndex task);

/// The partition that a subtask produces for one of its vertex's output edges.
[[nodiscard]] ResultPartitionId partitionOf(const ExecutionGraph& graph, EdgeIndex edge,
                                            TaskIndex producer);

}  // namespace flink::scheduler
