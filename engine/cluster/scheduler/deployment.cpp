#include "cluster/scheduler/deployment.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace flink::scheduler {
namespace {

protocol::InputGateDescriptor inputGateOf(const ExecutionGraph& graph, EdgeIndex e,
                                          std::int32_t consumer) {
  const Topology& topology = graph.topology();
  const auto& edge = topology.edge(e);
  const EdgeWiring& wiring = topology.wiring(e);
  const SubtaskRange producers = wiring.producersOf(consumer);
  protocol::InputGateDescriptor gate;
  gate.dataSet = edge.dataSet;
  gate.streamNode = edge.targetStreamNode;
  gate.inputIndex = edge.targetInput;
  gate.compressed = edge.compressed;
  gate.channels.reserve(static_cast<std::size_t>(producers.count));
  for (std::int32_t p = producers.first; p < producers.first + producers.count; ++p) {
    const TaskIndex producer = topology.task(topology.sourceOf(e), p);
    const auto& slot = graph.execution(producer).slot;
    FLINK_CHECK(slot.has_value(), "a consumer is deployed after its producers got their slots");
    gate.channels.push_back(
        {partitionOf(graph, e, producer), wiring.subpartitionOf(p, consumer), slot->location});
  }
  return gate;
}

protocol::ResultPartitionDescriptor partitionDescriptorOf(const ExecutionGraph& graph, EdgeIndex e,
                                                          TaskIndex producer) {
  const Topology& topology = graph.topology();
  const auto& edge = topology.edge(e);
  const EdgeWiring& wiring = topology.wiring(e);
  const std::int32_t subtask = topology.subtaskOf(producer);
  const SubtaskRange consumers = wiring.consumersOf(subtask);
  protocol::ResultPartitionDescriptor partition;
  partition.id = partitionOf(graph, e, producer);
  partition.numSubpartitions = consumers.count;
  partition.compressed = edge.compressed;
  const bool blocking = graph.regions().isBlocking(e);
  partition.exchange =
      blocking ? protocol::ExchangeType::kBlocking : protocol::ExchangeType::kPipelinedBounded;
  partition.consumers.resize(static_cast<std::size_t>(consumers.count));
  if (blocking) return partition;  // its consumers have no place yet
  for (std::int32_t c = consumers.first; c < consumers.first + consumers.count; ++c) {
    const auto& slot = graph.execution(topology.task(topology.targetOf(e), c)).slot;
    FLINK_CHECK(slot.has_value(),
                "pipelined consumers get their slots together with their producers");
    const std::int32_t subpartition = wiring.subpartitionOf(subtask, c);
    partition.consumers[static_cast<std::size_t>(subpartition)] = slot->location.taskManager;
  }
  return partition;
}

}  // namespace

protocol::TaskDeploymentDescriptor deploymentOf(const ExecutionGraph& graph, TaskIndex task) {
  const Topology& topology = graph.topology();
  const Execution& execution = graph.execution(task);
  FLINK_CHECK(execution.slot.has_value(), "a task is deployed into a slot");
  protocol::TaskDeploymentDescriptor descriptor;
  descriptor.attempt = execution.id;
  descriptor.allocation = execution.slot->allocation;
  descriptor.slot = execution.slot->slot;
  descriptor.resource = execution.slot->resource;
  const VertexIndex vertex = topology.vertexOf(task);
  for (const EdgeIndex e : topology.inputs(vertex)) {
    descriptor.inputGates.push_back(inputGateOf(graph, e, execution.id.subtask));
  }
  for (const EdgeIndex e : topology.outputs(vertex)) {
    descriptor.producedPartitions.push_back(partitionDescriptorOf(graph, e, task));
  }
  return descriptor;
}

std::vector<TaskManagerId> preferredLocations(const ExecutionGraph& graph, TaskIndex task) {
  const Topology& topology = graph.topology();
  std::vector<TaskManagerId> result;
  for (const EdgeIndex e : topology.inputs(topology.vertexOf(task))) {
    if (!topology.wiring(e).pointwise()) continue;
    const SubtaskRange producers = topology.wiring(e).producersOf(topology.subtaskOf(task));
    for (std::int32_t p = producers.first; p < producers.first + producers.count; ++p) {
      const auto& slot = graph.execution(topology.task(topology.sourceOf(e), p)).slot;
      if (!slot) continue;
      const TaskManagerId& id = slot->location.taskManager;
      if (std::find(result.begin(), result.end(), id) == result.end()) result.push_back(id);
    }
  }
  return result;
}

ResultPartitionId partitionOf(const ExecutionGraph& graph, EdgeIndex edge, TaskIndex producer) {
  return {graph.topology().edge(edge).dataSet, graph.execution(producer).id};
}

}  // namespace flink::scheduler
