#include "cluster/scheduler/job_graph_validation.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "cluster/scheduler/edge_wiring.h"
#include "core/base/error_codes.h"

namespace flink::scheduler {
namespace {

using protocol::JobEdge;
using protocol::JobGraph;
using protocol::JobVertex;

Status invalid(std::string message) {
  return {ErrorCode::kJobGraphInvalid, std::move(message)};
}

Status overLimit(const char* what, std::int64_t count, std::int64_t limit) {
  return {ErrorCode::kLimitExceeded,
          fmt::format("job graph is too large: {}={} limit={}", what, count, limit)};
}

/// Looks at one graph; each check relies on the ones before it.
class Validation {
 public:
  Validation(const JobGraph& graph, const JobGraphLimits& limits)
      : graph_(graph), limits_(limits) {}

  Status run() {
    FLINK_RETURN_IF_ERROR(checkSizes());
    for (std::size_t i = 0; i < graph_.vertices.size(); ++i) FLINK_RETURN_IF_ERROR(checkVertex(i));
    FLINK_RETURN_IF_ERROR(checkSlotSharingGroups());
    for (const JobEdge& edge : graph_.edges) FLINK_RETURN_IF_ERROR(checkEdge(edge));
    return checkAcyclic();
  }

 private:
  Status checkSizes() const {
    const auto vertices = static_cast<std::int64_t>(graph_.vertices.size());
    const auto edges = static_cast<std::int64_t>(graph_.edges.size());
    if (graph_.id.isZero()) return invalid("job graph has no job id");
    if (vertices == 0)
      return invalid("job graph has no vertices: no operator was added to the program");
    if (vertices > limits_.maxVertices) return overLimit("vertices", vertices, limits_.maxVertices);
    if (edges > limits_.maxEdges) return overLimit("edges", edges, limits_.maxEdges);
    return Status::ok();
  }

  Status checkVertex(std::size_t index) {
    const JobVertex& vertex = graph_.vertices[index];
    if (!vertexIndex_.emplace(vertex.id, index).second) {
      return invalid(fmt::format("two vertices have the same id: id={} name={}", vertex.id.toHex(),
                                 vertex.name));
    }
    if (vertex.maxParallelism < 1 || vertex.maxParallelism > limits_.maxMaxParallelism) {
      return invalid(
          fmt::format("max parallelism is out of range: vertex={} maxParallelism={} allowed=1..{}",
                      vertex.name, vertex.maxParallelism, limits_.maxMaxParallelism));
    }
    if (vertex.parallelism < 1 || vertex.parallelism > vertex.maxParallelism) {
      return invalid(
          fmt::format("parallelism is out of range: vertex={} parallelism={} maxParallelism={}",
                      vertex.name, vertex.parallelism, vertex.maxParallelism));
    }
    numTasks_ += vertex.parallelism;
    if (numTasks_ > limits_.maxTasks) return overLimit("subtasks", numTasks_, limits_.maxTasks);
    return checkChain(vertex, index);
  }

  Status checkChain(const JobVertex& vertex, std::size_t index) {
    if (vertex.operators.empty())
      return invalid(fmt::format("vertex has no operators: vertex={}", vertex.name));
    for (const auto& op : vertex.operators) {
      if (!nodeVertex_.emplace(op.streamNodeId, index).second) {
        return invalid(fmt::format("two operators have the same stream node: node={} operator={}",
                                   op.streamNodeId, op.name));
      }
      if (op.chainedOutputs.size() != op.chainedOutputTags.size()) {
        return invalid(
            fmt::format("chained outputs and their tags differ in number: operator={}", op.name));
      }
    }
    return checkChainedOutputs(vertex, index);
  }

  /// Chained outputs lead to a later operator of the same chain, so a chain has no cycle either.
  Status checkChainedOutputs(const JobVertex& vertex, std::size_t index) const {
    std::set<std::int32_t> seen;
    for (const auto& op : vertex.operators) {
      seen.insert(op.streamNodeId);
      for (const std::int32_t target : op.chainedOutputs) {
        const auto found = nodeVertex_.find(target);
        if (found == nodeVertex_.end() || found->second != index || seen.contains(target)) {
          return invalid(fmt::format(
              "chained output does not lead forward in its chain: operator={} target={}", op.name,
              target));
        }
      }
    }
    return Status::ok();
  }

  Status checkSlotSharingGroups() const {
    std::set<std::string_view> names;
    for (const auto& group : graph_.slotSharingGroups) {
      if (!names.insert(group.name).second) {
        return invalid(
            fmt::format("two slot sharing groups have the same name: name={}", group.name));
      }
      if (!group.profile) continue;
      const auto& p = *group.profile;
      if (p.cpuCores < 0 || p.taskHeapBytes < 0 || p.taskOffHeapBytes < 0 || p.managedBytes < 0 ||
          p.networkBytes < 0) {
        return invalid(
            fmt::format("resource profile is negative: slotSharingGroup={}", group.name));
      }
    }
    return Status::ok();
  }

  Status checkEdge(const JobEdge& edge) {
    const auto source = vertexIndex_.find(edge.source);
    const auto target = vertexIndex_.find(edge.target);
    if (source == vertexIndex_.end() || target == vertexIndex_.end()) {
      return invalid(fmt::format("edge leads to an unknown vertex: source={} target={}",
                                 edge.source.toHex(), edge.target.toHex()));
    }
    const JobVertex& from = graph_.vertices[source->second];
    const JobVertex& to = graph_.vertices[target->second];
    if (!dataSets_.insert(edge.dataSet).second) {
      return invalid(fmt::format("two edges have the same data set: id={} source={}",
                                 edge.dataSet.toHex(), from.name));
    }
    if (!belongs(edge.sourceStreamNode, source->second) ||
        !belongs(edge.targetStreamNode, target->second)) {
      return invalid(
          fmt::format("edge names an operator outside its vertex: source={} target={} nodes={}->{}",
                      from.name, to.name, edge.sourceStreamNode, edge.targetStreamNode));
    }
    if (edge.targetInput < 0) {
      return invalid(
          fmt::format("edge has a negative input index: source={} target={}", from.name, to.name));
    }
    if (edge.shipStrategy == protocol::ShipStrategy::kForward &&
        from.parallelism != to.parallelism) {
      return invalid(
          fmt::format("forward edge between different parallelism: source={} ({}) target={} ({})",
                      from.name, from.parallelism, to.name, to.parallelism));
    }
    numChannels_ += isPointwise(edge.shipStrategy)
                        ? std::int64_t{std::max(from.parallelism, to.parallelism)}
                        : std::int64_t{from.parallelism} * to.parallelism;
    if (numChannels_ > limits_.maxChannels)
      return overLimit("channels", numChannels_, limits_.maxChannels);
    return Status::ok();
  }

  [[nodiscard]] bool belongs(std::int32_t node, std::size_t vertex) const {
    const auto found = nodeVertex_.find(node);
    return found != nodeVertex_.end() && found->second == vertex;
  }

  /// Takes away vertices without inputs until none is left; what stays lies on a cycle or behind
  /// one.
  Status checkAcyclic() const {
    std::vector<std::vector<std::size_t>> targets(graph_.vertices.size());
    std::vector<int> missing(graph_.vertices.size(), 0);
    for (const JobEdge& edge : graph_.edges) {
      const std::size_t target = vertexIndex_.at(edge.target);
      targets[vertexIndex_.at(edge.source)].push_back(target);
      ++missing[target];
    }
    std::vector<std::size_t> ready;
    for (std::size_t i = 0; i < missing.size(); ++i) {
      if (missing[i] == 0) ready.push_back(i);
    }
    std::size_t taken = 0;
    while (!ready.empty()) {
      const std::size_t vertex = ready.back();
      ready.pop_back();
      ++taken;
      for (const std::size_t target : targets[vertex]) {
        if (--missing[target] == 0) ready.push_back(target);
      }
    }
    if (taken == missing.size()) return Status::ok();
    for (std::size_t i = 0; i < missing.size(); ++i) {
      if (missing[i] > 0) {
        return invalid(fmt::format("job graph has a cycle: it passes through or leads to vertex={}",
                                   graph_.vertices[i].name));
      }
    }
    return Status::ok();
  }

  const JobGraph& graph_;
  const JobGraphLimits& limits_;
  std::map<JobVertexId, std::size_t> vertexIndex_;
  std::map<std::int32_t, std::size_t> nodeVertex_;
  std::set<IntermediateDataSetId> dataSets_;
  std::int64_t numTasks_ = 0;
  std::int64_t numChannels_ = 0;
};

}  // namespace

Status validateJobGraph(const protocol::JobGraph& graph, const JobGraphLimits& limits) {
  return Validation(graph, limits).run();
}

}  // namespace flink::scheduler
