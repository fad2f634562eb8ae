#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "cluster/protocol/job_graph.h"
#include "cluster/scheduler/edge_wiring.h"
#include "core/base/ids.h"

namespace flink::scheduler {

/// Numbers all subtasks of a job from 0, vertex by vertex. Only meaningful together with its
/// Topology.
enum class TaskIndex : std::int32_t {};
/// Position of a vertex or edge in the job graph.
using VertexIndex = std::int32_t;
using EdgeIndex = std::int32_t;

/// The job graph with its lookups: vertices, edges and subtasks by number and by id.
/// Thread: immutable once built.
class Topology {
 public:
  /// REQUIRES: validateJobGraph(*graph).
  explicit Topology(std::shared_ptr<const protocol::JobGraph> graph);

  [[nodiscard]] const protocol::JobGraph& graph() const { return *graph_; }
  [[nodiscard]] const std::shared_ptr<const protocol::JobGraph>& sharedGraph() const {
    return graph_;
  }

  [[nodiscard]] std::int32_t numVertices() const {
    return static_cast<std::int32_t>(graph_->vertices.size());
  }
  [[nodiscard]] std::int32_t numEdges() const {
    return static_cast<std::int32_t>(graph_->edges.size());
  }
  [[nodiscard]] std::int32_t numTasks() const { return numTasks_; }
  [[nodiscard]] const protocol::JobVertex& vertex(VertexIndex index) const;
  [[nodiscard]] const protocol::JobEdge& edge(EdgeIndex index) const;
  /// Whether a split enumerator runs beside subtask 0 and serves all subtasks.
  [[nodiscard]] bool hasCoordinator(VertexIndex index) const;
  [[nodiscard]] VertexIndex sourceOf(EdgeIndex index) const {
    return edgeEnds_[static_cast<std::size_t>(index)].source;
  }
  [[nodiscard]] VertexIndex targetOf(EdgeIndex index) const {
    return edgeEnds_[static_cast<std::size_t>(index)].target;
  }
  [[nodiscard]] const EdgeWiring& wiring(EdgeIndex index) const {
    return wirings_[static_cast<std::size_t>(index)];
  }
  /// Edges into and out of a vertex, in the graph's order.
  [[nodiscard]] const std::vector<EdgeIndex>& inputs(VertexIndex index) const;
  [[nodiscard]] const std::vector<EdgeIndex>& outputs(VertexIndex index) const;
  /// All vertices, producers before consumers.
  [[nodiscard]] const std::vector<VertexIndex>& topologicalOrder() const { return order_; }

  [[nodiscard]] TaskIndex task(VertexIndex vertex, std::int32_t subtask) const {
    return static_cast<TaskIndex>(firstTask_[static_cast<std::size_t>(vertex)] + subtask);
  }
  [[nodiscard]] VertexIndex vertexOf(TaskIndex task) const;
  [[nodiscard]] std::int32_t subtaskOf(TaskIndex task) const;

  [[nodiscard]] std::optional<VertexIndex> find(const JobVertexId& id) const;
  [[nodiscard]] std::optional<VertexIndex> find(const OperatorId& id) const;

 private:
  struct EdgeEnds {
    VertexIndex source = 0;
    VertexIndex target = 0;
  };
  void connect();
  void sortTopologically();

  std::shared_ptr<const protocol::JobGraph> graph_;
  std::int32_t numTasks_ = 0;
  std::vector<std::int32_t> firstTask_;                   // by vertex
  std::vector<VertexIndex> vertexOfTask_;                 // by task
  std::vector<EdgeEnds> edgeEnds_;                        // by edge
  std::vector<EdgeWiring> wirings_;                       // by edge
  std::vector<std::vector<EdgeIndex>> inputs_, outputs_;  // by vertex
  std::vector<VertexIndex> order_;
  // Ordered: ids come from outside, and hashes of ids that were made to collide would be slow.
  std::map<JobVertexId, VertexIndex> vertexById_;
  std::map<OperatorId, VertexIndex> vertexByOperator_;
};

}  // namespace flink::scheduler
