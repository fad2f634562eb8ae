#include "dataflow/graph/stream_graph.h"

#include <algorithm>

#include "core/base/check.h"

namespace flink::graph {

namespace {

template <class Nodes>
auto find(Nodes& nodes, std::int32_t id) {
  auto it = std::lower_bound(
      nodes.begin(), nodes.end(), id,
      [](const StreamNode& node, std::int32_t wanted) { return node.id < wanted; });
  return it != nodes.end() && it->id == id ? it : nodes.end();
}

}  // namespace

const StreamNode& StreamGraph::node(std::int32_t id) const {
  auto it = find(nodes, id);
  FLINK_CHECK(it != nodes.end(), "no such node");
  return *it;
}

StreamNode& StreamGraph::node(std::int32_t id) {
  auto it = find(nodes, id);
  FLINK_CHECK(it != nodes.end(), "no such node");
  return *it;
}

bool StreamGraph::contains(std::int32_t id) const {
  return find(nodes, id) != nodes.end();
}

std::vector<const StreamEdge*> StreamGraph::inEdges(std::int32_t id) const {
  std::vector<const StreamEdge*> found;
  for (const StreamEdge& edge : edges) {
    if (edge.target == id) found.push_back(&edge);
  }
  return found;
}

std::vector<const StreamEdge*> StreamGraph::outEdges(std::int32_t id) const {
  std::vector<const StreamEdge*> found;
  for (const StreamEdge& edge : edges) {
    if (edge.source == id) found.push_back(&edge);
  }
  return found;
}

protocol::JobType jobTypeOf(const StreamGraph& graph) {
  if (graph.runtimeMode == RuntimeMode::kStreaming) return protocol::JobType::kStreaming;
  if (graph.runtimeMode == RuntimeMode::kBatch) return protocol::JobType::kBatch;
  const bool bounded =
      std::all_of(graph.nodes.begin(), graph.nodes.end(),
                  [](const StreamNode& node) { return !node.isSource || node.bounded; });
  return bounded ? protocol::JobType::kBatch : protocol::JobType::kStreaming;
}

protocol::ShipStrategy shipStrategyOf(const StreamGraph& graph, const StreamEdge& edge) {
  if (edge.shipStrategy) return *edge.shipStrategy;
  const bool equal = graph.node(edge.source).parallelism == graph.node(edge.target).parallelism;
  return equal ? protocol::ShipStrategy::kForward : protocol::ShipStrategy::kRebalance;
}

std::map<std::int32_t, std::string> slotSharingGroupsOf(const StreamGraph& graph) {
  std::map<std::int32_t, std::string> groups;
  for (const StreamNode& node : graph.nodes) {
    std::string group = node.slotSharingGroup;
    if (group.empty()) {
      for (const StreamEdge* edge : graph.inEdges(node.id)) {
        const std::string& inherited = groups[edge->source];
        if (group.empty()) group = inherited;
        if (group != inherited) {
          group = "default";
          break;
        }
      }
    }
    groups[node.id] = group.empty() ? "default" : group;
  }
  return groups;
}

}  // namespace flink::graph
