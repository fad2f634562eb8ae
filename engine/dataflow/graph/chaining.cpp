#include "dataflow/graph/chaining.h"

namespace flink::graph {

ChainingRules::ChainingRules(const StreamGraph& graph)
    : graph_(graph), groups_(slotSharingGroupsOf(graph)) {}

bool ChainingRules::isChainable(const StreamEdge& edge) const {
  const StreamNode& source = graph_.node(edge.source);
  const StreamNode& target = graph_.node(edge.target);
  if (!graph_.chainingEnabled || graph_.inEdges(edge.target).size() != 1) return false;
  if (groups_.at(edge.source) != groups_.at(edge.target)) return false;
  if (shipStrategyOf(graph_, edge) != protocol::ShipStrategy::kForward) return false;
  if (source.parallelism != target.parallelism) return false;
  if (source.chaining == ChainingStrategy::kNever || target.chaining != ChainingStrategy::kAlways)
    return false;
  if (!graph_.chainOperatorsWithDifferentMaxParallelism &&
      source.maxParallelism != target.maxParallelism)
    return false;
  return !(target.yielding && startsWithLegacySource(edge.source));
}

bool ChainingRules::startsWithLegacySource(std::int32_t id) const {
  if (graph_.node(id).isLegacySource) return true;
  const auto in = graph_.inEdges(id);
  return in.size() == 1 && isChainable(*in.front()) && startsWithLegacySource(in.front()->source);
}

}  // namespace flink::graph
