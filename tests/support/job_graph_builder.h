#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "cluster/protocol/job_graph.h"

namespace flink::testing {

template <class IdType>
IdType idOf(std::uint32_t number) {
  std::array<std::uint8_t, IdType::kSize> bytes{};
  for (int i = 0; i < 4; ++i)
    bytes[IdType::kSize - 1 - static_cast<std::size_t>(i)] =
        static_cast<std::uint8_t>(number >> (8 * i));
  bytes[0] = 0xf1;
  return IdType(bytes);
}

/// Builds job graphs for tests: one operator per vertex, whose stream node is the vertex's number
/// + 1.
class JobGraphBuilder {
 public:
  explicit JobGraphBuilder(std::uint32_t job = 1,
                           protocol::JobType type = protocol::JobType::kStreaming) {
    graph_.id = idOf<JobId>(job);
    graph_.name = "job " + std::to_string(job);
    graph_.type = type;
    group("default");
  }

  /// Returns the vertex's number.
  int vertex(std::string name, std::int32_t parallelism, std::string slotSharingGroup = "default") {
    const int number = static_cast<int>(graph_.vertices.size());
    protocol::JobVertex vertex;
    vertex.id = idOf<JobVertexId>(static_cast<std::uint32_t>(number) + 1);
    vertex.name = name;
    vertex.parallelism = parallelism;
    vertex.maxParallelism = std::max(parallelism, 128);
    vertex.slotSharingGroup = std::move(slotSharingGroup);
    protocol::ChainedOperator op;
    op.streamNodeId = number + 1;
    op.id = idOf<OperatorId>(static_cast<std::uint32_t>(number) + 1);
    op.name = std::move(name);
    vertex.operators.push_back(std::move(op));
    graph_.vertices.push_back(std::move(vertex));
    return number;
  }

  JobGraphBuilder& edge(
      int source, int target, protocol::ShipStrategy strategy,
      protocol::ExchangeType exchange = protocol::ExchangeType::kPipelinedBounded) {
    protocol::JobEdge edge;
    edge.dataSet = idOf<IntermediateDataSetId>(static_cast<std::uint32_t>(graph_.edges.size()) + 1);
    edge.source = graph_.vertices[static_cast<std::size_t>(source)].id;
    edge.target = graph_.vertices[static_cast<std::size_t>(target)].id;
    edge.sourceStreamNode = source + 1;
    edge.targetStreamNode = target + 1;
    edge.shipStrategy = strategy;
    edge.exchange = exchange;
    graph_.edges.push_back(std::move(edge));
    return *this;
  }

  JobGraphBuilder& group(const std::string& name,
                         std::optional<protocol::ResourceProfile> profile = std::nullopt) {
    graph_.slotSharingGroups.push_back(
        {name,
         idOf<SlotSharingGroupId>(static_cast<std::uint32_t>(graph_.slotSharingGroups.size()) + 1),
         profile});
    return *this;
  }

  protocol::JobGraph& graph() { return graph_; }
  [[nodiscard]] std::shared_ptr<const protocol::JobGraph> share() const {
    return std::make_shared<const protocol::JobGraph>(graph_);
  }

 private:
  protocol::JobGraph graph_;
};

}  // namespace flink::testing
