#pragma once

#include <vector>

#include "cluster/scheduler/execution_graph.h"
#include "dataflow/checkpoint/plan.h"
#include "dataflow/checkpoint/recovery_plan.h"

namespace flink::scheduler {

/// A job as its checkpoints see it; vertices in topological order.
[[nodiscard]] checkpoint::CheckpointTopology checkpointTopologyOf(const Topology& topology);

/// The vertices that are to continue from a checkpoint, in the same order.
[[nodiscard]] std::vector<checkpoint::RecoveryVertex> recoveryVerticesOf(const Topology& topology);

/// What a checkpoint has to know of a task's state.
[[nodiscard]] checkpoint::TaskPhase taskPhaseOf(protocol::ExecutionState state);

}  // namespace flink::scheduler
