#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "cluster/protocol/job_graph.h"
#include "core/base/result.h"
#include "dataflow/graph/stream_graph.h"

namespace flink::graph {

/// xxh3-64 per operator over its kind, its record types and its inputs; numbers and names do not
/// count, for they come from the JobGraph.
[[nodiscard]] std::vector<std::pair<std::int32_t, std::uint64_t>> fingerprintOf(
    const StreamGraph& graph);

/// Compares the submitted topology with the one that the program built here.
/// Errors: kFingerprintMismatch naming the first operator that differs.
Status checkFingerprint(const protocol::JobGraph& submitted, const StreamGraph& rebuilt);

}  // namespace flink::graph
