#pragma once

#include <cstdint>
#include <string>

#include "cluster/protocol/deployment.h"
#include "cluster/protocol/job_graph.h"
#include "core/base/result.h"
#include "dataflow/checkpoint/settings.h"
#include "dataflow/task/task.h"

namespace flink::worker {

/// What all tasks of a worker share.
struct TaskSpecContext {
  const protocol::JobGraph& graph;
  TaskManagerId taskManager;
  std::string temporaryDirectory;
  checkpoint::CheckpointSettings checkpoints{};
  state::LatencyTracking stateLatency{};
};

/// Says what `dataflow/task` has to run for one deployed subtask. `managedBytes` is what
/// each of its operators that use managed memory gets. Errors: kJobGraphInvalid when descriptor and
/// graph do not fit.
Result<task::TaskSpec> makeTaskSpec(const TaskSpecContext& context,
                                    const protocol::TaskDeploymentDescriptor& deployment,
                                    std::int64_t managedBytes);

/// Flink's name of a subtask: "name (1/4)".
[[nodiscard]] std::string subtaskName(const protocol::JobVertex& vertex, int subtask);

/// Null when the graph has no such vertex.
[[nodiscard]] const protocol::JobVertex* findVertex(const protocol::JobGraph& graph,
                                                    const JobVertexId& id);

}  // namespace flink::worker
