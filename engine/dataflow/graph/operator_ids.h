#pragma once

#include <map>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "dataflow/graph/chaining.h"

namespace flink::graph {

/// Stable ids of all operators, equal to those Flink gives an equal graph: the hash of the uid
/// where there is one, else of the node's place in a breadth-first walk, its chained outputs and
/// its inputs' ids.
/// Errors: kJobGraphInvalid for a uid that two operators share and for a malformed uidHash.
Result<std::map<std::int32_t, OperatorId>> operatorIdsOf(const StreamGraph& graph,
                                                         const ChainingRules& rules);

}  // namespace flink::graph
