#pragma once

#include "core/base/result.h"
#include "dataflow/graph/stream_graph.h"

namespace flink::graph {

/// Checks what no later step could repair: a source at every start, bounded sources in BATCH,
/// parallelisms, FORWARD edges.
/// Errors: kJobGraphInvalid naming the operator.
Status checkGraph(const StreamGraph& graph);

}  // namespace flink::graph
