#include "cluster/worker/task_spec.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::worker {

namespace {

using operators::ChannelSelection;
using protocol::ShipStrategy;

const protocol::JobEdge* findEdge(const protocol::JobGraph& graph,
                                  const IntermediateDataSetId& dataSet) {
  const auto found = std::find_if(graph.edges.begin(), graph.edges.end(),
                                  [&](const auto& edge) { return edge.dataSet == dataSet; });
  return found == graph.edges.end() ? nullptr : &*found;
}

Status unknownDataSet(const IntermediateDataSetId& dataSet, const std::string& taskName) {
  return Status(
      ErrorCode::kJobGraphInvalid,
      fmt::format(
          "a task refers to a data set that the graph does not have: dataSet={} task=\"{}\"",
          dataSet.toHex(), taskName));
}

ChannelSelection selectionOf(ShipStrategy strategy) {
  switch (strategy) {
    case ShipStrategy::kForward:
      return ChannelSelection::kForward;
    case ShipStrategy::kRebalance:
    case ShipStrategy::kRescale:
      return ChannelSelection::kRoundRobin;
    case ShipStrategy::kHash:
      return ChannelSelection::kHash;
    case ShipStrategy::kBroadcast:
      return ChannelSelection::kBroadcast;
    case ShipStrategy::kGlobal:
      return ChannelSelection::kGlobal;
    case ShipStrategy::kShuffle:
      return ChannelSelection::kRandom;
    case ShipStrategy::kCustom:
      return ChannelSelection::kCustom;
  }
  return ChannelSelection::kForward;
}

task::ChainNode makeNode(const protocol::ChainedOperator& op) {
  task::ChainNode node;
  node.streamNode = op.streamNodeId;
  node.id = op.id;
  node.name = op.name;
  node.hasCoordinator = op.hasCoordinator;
  for (std::size_t i = 0; i < op.chainedOutputs.size(); ++i) {
    node.outputs.push_back(
        {op.chainedOutputs[i], i < op.chainedOutputTags.size() ? op.chainedOutputTags[i] : ""});
  }
  return node;
}

Result<task::TaskInput> makeInput(const TaskSpecContext& context,
                                  const protocol::InputGateDescriptor& gate,
                                  const std::string& taskName) {
  const auto* edge = findEdge(context.graph, gate.dataSet);
  if (edge == nullptr) return unknownDataSet(gate.dataSet, taskName);
  task::TaskInput input;
  input.gate.owner = taskName;
  input.gate.compressed = gate.compressed;
  for (const auto& channel : gate.channels) {
    const auto& location = channel.location;
    input.gate.channels.push_back({channel.partition, channel.subpartition,
                                   location.taskManager == context.taskManager, location.host,
                                   location.dataPort});
  }
  input.sourceNode = edge->sourceStreamNode;
  input.targetNode = edge->targetStreamNode;
  input.targetInput = edge->targetInput;
  input.sideOutputTag = edge->sideOutputTag;
  return input;
}

Result<task::TaskOutput> makeOutput(const TaskSpecContext& context,
                                    const protocol::JobVertex& vertex,
                                    const protocol::ResultPartitionDescriptor& produced,
                                    const std::string& taskName) {
  const auto* edge = findEdge(context.graph, produced.id.dataSet);
  if (edge == nullptr) return unknownDataSet(produced.id.dataSet, taskName);
  task::TaskOutput output;
  output.partition.id = produced.id;
  output.partition.owner = taskName;
  output.partition.blocking = produced.exchange == protocol::ExchangeType::kBlocking;
  output.partition.compressed = produced.compressed;
  output.partition.bufferTimeoutMs = vertex.bufferTimeoutMs;
  output.partition.localConsumers.resize(
      static_cast<std::size_t>(std::max(produced.numSubpartitions, 1)), false);
  for (std::size_t i = 0;
       i < output.partition.localConsumers.size() && i < produced.consumers.size(); ++i) {
    output.partition.localConsumers[i] = produced.consumers[i] == context.taskManager;
  }
  output.sourceNode = edge->sourceStreamNode;
  output.targetNode = edge->targetStreamNode;
  output.targetInput = edge->targetInput;
  output.sideOutputTag = edge->sideOutputTag;
  output.selection = selectionOf(edge->shipStrategy);
  const auto* target = findVertex(context.graph, edge->target);
  output.consumerMaxParallelism =
      target == nullptr ? vertex.maxParallelism : target->maxParallelism;
  return output;
}

}  // namespace

const protocol::JobVertex* findVertex(const protocol::JobGraph& graph, const JobVertexId& id) {
  const auto found = std::find_if(graph.vertices.begin(), graph.vertices.end(),
                                  [&](const auto& vertex) { return vertex.id == id; });
  return found == graph.vertices.end() ? nullptr : &*found;
}

std::string subtaskName(const protocol::JobVertex& vertex, int subtask) {
  return fmt::format("{} ({}/{})", vertex.name, subtask + 1, vertex.parallelism);
}

Result<task::TaskSpec> makeTaskSpec(const TaskSpecContext& context,
                                    const protocol::TaskDeploymentDescriptor& deployment,
                                    std::int64_t managedBytes) {
  const auto& attempt = deployment.attempt;
  const auto* vertex = findVertex(context.graph, attempt.vertex);
  if (vertex == nullptr) {
    return Status(
        ErrorCode::kJobGraphInvalid,
        "a task belongs to a vertex that the graph does not have: task=" + attempt.toString());
  }
  task::TaskSpec spec;
  spec.attempt = attempt;
  spec.jobId = context.graph.id;
  spec.jobName = context.graph.name;
  spec.taskName = vertex->name;
  spec.parallelism = vertex->parallelism;
  spec.maxParallelism = vertex->maxParallelism;
  spec.batchMode = context.graph.type == protocol::JobType::kBatch;
  spec.bufferTimeoutMs = vertex->bufferTimeoutMs;
  spec.autoWatermarkIntervalMs = context.graph.autoWatermarkIntervalMs;
  spec.managedMemoryBytes = managedBytes;
  spec.temporaryDirectory = context.temporaryDirectory;
  spec.stateLatency = context.stateLatency;
  spec.globalJobParameters = context.graph.globalJobParameters;
  spec.checkpointing.restore = deployment.restore;
  spec.checkpointing.snapshots = context.checkpoints.snapshots;
  spec.checkpointing.exactlyOnce = context.checkpoints.exactlyOnce;
  spec.checkpointing.periodic = !spec.batchMode && context.checkpoints.periodic();
  spec.checkpointing.finalCheckpoint =
      spec.checkpointing.periodic && context.checkpoints.afterTasksFinish;
  for (const auto& op : vertex->operators) spec.chain.push_back(makeNode(op));
  const std::string name = subtaskName(*vertex, attempt.subtask);
  for (const auto& gate : deployment.inputGates) {
    FLINK_ASSIGN_OR_RETURN(auto input, makeInput(context, gate, name));
    spec.inputs.push_back(std::move(input));
  }
  for (const auto& produced : deployment.producedPartitions) {
    FLINK_ASSIGN_OR_RETURN(auto output, makeOutput(context, *vertex, produced, name));
    spec.outputs.push_back(std::move(output));
  }
  return spec;
}

}  // namespace flink::worker
