#pragma once

#include "cluster/protocol/job_graph.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "dataflow/graph/stream_graph.h"

namespace flink::graph {

/// Turns a program's operators into the vertices of a job: checks the graph, chains operators,
/// resolves slot sharing, parallelism, ship strategies and exchanges, gives ids, and renders the
/// plans. Fills everything of the JobGraph but program, configuration, globalJobParameters and
/// collections.
/// Errors: kJobGraphInvalid naming the operator.
Result<protocol::JobGraph> generateJobGraph(const StreamGraph& graph, const JobId& id);

/// The job's vertices in the order in which Flink's plan lists them: consumers before their
/// producers.
[[nodiscard]] std::vector<const protocol::JobVertex*> planOrder(const protocol::JobGraph& job);

}  // namespace flink::graph
