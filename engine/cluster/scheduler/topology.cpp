#include "cluster/scheduler/topology.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace flink::scheduler {

Topology::Topology(std::shared_ptr<const protocol::JobGraph> graph) : graph_(std::move(graph)) {
  for (VertexIndex v = 0; v < numVertices(); ++v) {
    const auto& vertex = this->vertex(v);
    firstTask_.push_back(numTasks_);
    numTasks_ += vertex.parallelism;
    vertexOfTask_.resize(static_cast<std::size_t>(numTasks_), v);
    vertexById_.emplace(vertex.id, v);
    for (const auto& op : vertex.operators) vertexByOperator_.emplace(op.id, v);
  }
  connect();
  sortTopologically();
}

void Topology::connect() {
  inputs_.resize(graph_->vertices.size());
  outputs_.resize(graph_->vertices.size());
  for (EdgeIndex e = 0; e < numEdges(); ++e) {
    const auto& edge = this->edge(e);
    const EdgeEnds ends{vertexById_.at(edge.source), vertexById_.at(edge.target)};
    edgeEnds_.push_back(ends);
    wirings_.emplace_back(edge.shipStrategy, vertex(ends.source).parallelism,
                          vertex(ends.target).parallelism);
    outputs_[static_cast<std::size_t>(ends.source)].push_back(e);
    inputs_[static_cast<std::size_t>(ends.target)].push_back(e);
  }
}

void Topology::sortTopologically() {
  std::vector<std::size_t> missing;
  for (VertexIndex v = 0; v < numVertices(); ++v) {
    missing.push_back(inputs(v).size());
    if (inputs(v).empty()) order_.push_back(v);
  }
  for (std::size_t next = 0; next < order_.size(); ++next) {
    for (const EdgeIndex e : outputs(order_[next])) {
      if (--missing[static_cast<std::size_t>(targetOf(e))] == 0) order_.push_back(targetOf(e));
    }
  }
  FLINK_CHECK(order_.size() == graph_->vertices.size(), "a validated job graph has no cycle");
}

const protocol::JobVertex& Topology::vertex(VertexIndex index) const {
  return graph_->vertices[static_cast<std::size_t>(index)];
}

bool Topology::hasCoordinator(VertexIndex index) const {
  const auto& operators = vertex(index).operators;
  return std::any_of(operators.begin(), operators.end(),
                     [](const auto& op) { return op.hasCoordinator; });
}

const protocol::JobEdge& Topology::edge(EdgeIndex index) const {
  return graph_->edges[static_cast<std::size_t>(index)];
}

const std::vector<EdgeIndex>& Topology::inputs(VertexIndex index) const {
  return inputs_[static_cast<std::size_t>(index)];
}

const std::vector<EdgeIndex>& Topology::outputs(VertexIndex index) const {
  return outputs_[static_cast<std::size_t>(index)];
}

VertexIndex Topology::vertexOf(TaskIndex task) const {
  return vertexOfTask_[static_cast<std::size_t>(task)];
}

std::int32_t Topology::subtaskOf(TaskIndex task) const {
  return static_cast<std::int32_t>(task) - firstTask_[static_cast<std::size_t>(vertexOf(task))];
}

std::optional<VertexIndex> Topology::find(const JobVertexId& id) const {
  const auto found = vertexById_.find(id);
  return found == vertexById_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<VertexIndex> Topology::find(const OperatorId& id) const {
  const auto found = vertexByOperator_.find(id);
  return found == vertexByOperator_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace flink::scheduler
