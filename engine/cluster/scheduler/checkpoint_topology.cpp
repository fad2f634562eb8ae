#include "cluster/scheduler/checkpoint_topology.h"

namespace flink::scheduler {
namespace {

std::vector<std::size_t> positionsOf(const Topology& topology) {
  std::vector<std::size_t> positions(static_cast<std::size_t>(topology.numVertices()));
  std::size_t next = 0;
  for (const VertexIndex vertex : topology.topologicalOrder())
    positions[static_cast<std::size_t>(vertex)] = next++;
  return positions;
}

std::vector<checkpoint::CheckpointTopology::Operator> operatorsOf(
    const protocol::JobVertex& vertex) {
  std::vector<checkpoint::CheckpointTopology::Operator> operators;
  for (const auto& op : vertex.operators) operators.push_back({op.id, op.name, op.uid});
  return operators;
}

checkpoint::CheckpointTopology::Input inputOf(const Topology& topology, EdgeIndex edge,
                                              std::size_t source) {
  checkpoint::CheckpointTopology::Input input{source, {}};
  const EdgeWiring& wiring = topology.wiring(edge);
  if (!wiring.pointwise()) return input;
  for (std::int32_t c = 0; c < topology.vertex(topology.targetOf(edge)).parallelism; ++c) {
    const SubtaskRange producers = wiring.producersOf(c);
    input.producersOf.push_back({producers.first, producers.count});
  }
  return input;
}

}  // namespace

checkpoint::CheckpointTopology checkpointTopologyOf(const Topology& topology) {
  const auto positions = positionsOf(topology);
  checkpoint::CheckpointTopology result;
  for (const VertexIndex v : topology.topologicalOrder()) {
    const auto& vertex = topology.vertex(v);
    checkpoint::CheckpointTopology::Vertex& made = result.vertices.emplace_back();
    made.id = vertex.id;
    made.name = vertex.name;
    made.parallelism = vertex.parallelism;
    made.maxParallelism = vertex.maxParallelism;
    made.operators = operatorsOf(vertex);
    for (const EdgeIndex e : topology.inputs(v)) {
      made.inputs.push_back(
          inputOf(topology, e, positions[static_cast<std::size_t>(topology.sourceOf(e))]));
    }
  }
  return result;
}

std::vector<checkpoint::RecoveryVertex> recoveryVerticesOf(const Topology& topology) {
  const auto positions = positionsOf(topology);
  std::vector<checkpoint::RecoveryVertex> result;
  for (const VertexIndex v : topology.topologicalOrder()) {
    const auto& vertex = topology.vertex(v);
    checkpoint::RecoveryVertex& made = result.emplace_back();
    made.id = vertex.id;
    made.name = vertex.name;
    made.parallelism = static_cast<std::uint32_t>(vertex.parallelism);
    made.maxParallelism = static_cast<std::uint32_t>(vertex.maxParallelism);
    made.maxParallelismConfigured = vertex.maxParallelismConfigured;
    made.operators = operatorsOf(vertex);
    for (const EdgeIndex e : topology.inputs(v))
      made.inputs.push_back(positions[static_cast<std::size_t>(topology.sourceOf(e))]);
  }
  return result;
}

checkpoint::TaskPhase taskPhaseOf(protocol::ExecutionState state) {
  switch (state) {
    case protocol::ExecutionState::kRunning:
      return checkpoint::TaskPhase::kRunning;
    case protocol::ExecutionState::kFinished:
      return checkpoint::TaskPhase::kFinished;
    default:
      return checkpoint::TaskPhase::kNotRunning;
  }
}

}  // namespace flink::scheduler
