#pragma once

#include <cstdint>

#include "cluster/protocol/job_graph.h"
#include "core/base/result.h"

namespace flink::scheduler {

/// What one JobManager accepts; a graph beyond this is refused before anything is built from it.
struct JobGraphLimits {
  std::int64_t maxVertices = 10'000;
  std::int64_t maxEdges = 50'000;
  std::int64_t maxTasks = 100'000;
  std::int64_t maxChannels = 16'000'000;
  std::int32_t maxMaxParallelism = 32'768;
};

/// Proves that a graph from outside is one that can be scheduled: known and unique ids, no cycle,
/// parallelism within its bounds, forward edges between equal parallelism, everything below the
/// limits. Errors: kJobGraphInvalid naming the vertex or edge; kLimitExceeded.
[[nodiscard]] Status validateJobGraph(const protocol::JobGraph& graph,
                                      const JobGraphLimits& limits = {});

}  // namespace flink::scheduler
