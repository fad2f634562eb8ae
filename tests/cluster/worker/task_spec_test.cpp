#include "cluster/worker/task_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error_codes.h"
#include "tests/support/job_graph_builder.h"

namespace flink::worker {
namespace {

using operators::ChannelSelection;
using protocol::ExchangeType;
using protocol::ShipStrategy;
using testing::JobGraphBuilder;

const TaskManagerId kHere{"here"};
const TaskManagerId kThere{"there"};

/// source (2) → sink (2), and the sink's second subtask.
class TaskSpecTest : public ::testing::Test {
 protected:
  protocol::JobGraph graph(ShipStrategy strategy,
                           ExchangeType exchange = ExchangeType::kPipelinedBounded) {
    JobGraphBuilder builder;
    const int source = builder.vertex("Source", 2);
    const int sink = builder.vertex("Sink", 2);
    builder.edge(source, sink, strategy, exchange);
    return builder.graph();
  }
  protocol::TaskDeploymentDescriptor deploymentOf(const protocol::JobGraph& graph,
                                                  std::size_t vertex, int subtask) {
    protocol::TaskDeploymentDescriptor deployment;
    deployment.attempt = {graph.id, graph.vertices[vertex].id, subtask, 0};
    return deployment;
  }
};

TEST_F(TaskSpecTest, InputChannelsOfThisTaskManagerAreLocal) {
  const auto jobGraph = graph(ShipStrategy::kHash);
  auto deployment = deploymentOf(jobGraph, 1, 1);
  protocol::InputGateDescriptor gate;
  gate.dataSet = jobGraph.edges[0].dataSet;
  for (const auto& where : {kHere, kThere}) {
    protocol::InputChannelDescriptor channel;
    channel.partition.dataSet = gate.dataSet;
    channel.subpartition = 1;
    channel.location = {where, "localhost", 4000};
    gate.channels.push_back(channel);
  }
  deployment.inputGates.push_back(gate);
  const auto spec = makeTaskSpec({jobGraph, kHere, "/tmp/job"}, deployment, 1000).value();
  EXPECT_EQ(spec.taskName, "Sink");
  EXPECT_EQ(spec.parallelism, 2);
  EXPECT_EQ(spec.managedMemoryBytes, 1000);
  EXPECT_EQ(spec.temporaryDirectory, "/tmp/job");
  EXPECT_FALSE(spec.batchMode);
  ASSERT_EQ(spec.inputs.size(), 1U);
  const auto& input = spec.inputs[0];
  EXPECT_EQ(input.gate.owner, "Sink (2/2)");
  EXPECT_EQ(input.sourceNode, 1);
  EXPECT_EQ(input.targetNode, 2);
  ASSERT_EQ(input.gate.channels.size(), 2U);
  EXPECT_TRUE(input.gate.channels[0].local);
  EXPECT_FALSE(input.gate.channels[1].local);
  EXPECT_EQ(input.gate.channels[1].dataPort, 4000);
}

TEST_F(TaskSpecTest, OutputsKnowTheirConsumers) {
  const auto jobGraph = graph(ShipStrategy::kHash);
  auto deployment = deploymentOf(jobGraph, 0, 0);
  protocol::ResultPartitionDescriptor produced;
  produced.id = {jobGraph.edges[0].dataSet, deployment.attempt};
  produced.numSubpartitions = 2;
  produced.consumers = {kThere, kHere};
  deployment.producedPartitions.push_back(produced);
  const auto spec = makeTaskSpec({jobGraph, kHere, ""}, deployment, 0).value();
  ASSERT_EQ(spec.outputs.size(), 1U);
  EXPECT_EQ(spec.outputs[0].selection, ChannelSelection::kHash);
  EXPECT_EQ(spec.outputs[0].partition.localConsumers, (std::vector<bool>{false, true}));
  EXPECT_FALSE(spec.outputs[0].partition.blocking);
  EXPECT_EQ(spec.outputs[0].consumerMaxParallelism, 128);
}

TEST_F(TaskSpecTest, BlockingPartitionsMayNotKnowTheirConsumersYet) {
  const auto jobGraph = graph(ShipStrategy::kRebalance, ExchangeType::kBlocking);
  auto deployment = deploymentOf(jobGraph, 0, 0);
  protocol::ResultPartitionDescriptor produced;
  produced.id = {jobGraph.edges[0].dataSet, deployment.attempt};
  produced.numSubpartitions = 2;
  produced.exchange = ExchangeType::kBlocking;
  deployment.producedPartitions.push_back(produced);
  const auto spec = makeTaskSpec({jobGraph, kHere, ""}, deployment, 0).value();
  EXPECT_TRUE(spec.outputs[0].partition.blocking);
  EXPECT_EQ(spec.outputs[0].partition.localConsumers, (std::vector<bool>{false, false}));
  EXPECT_EQ(spec.outputs[0].selection, ChannelSelection::kRoundRobin);
}

TEST_F(TaskSpecTest, ChainKeepsItsInnerEdges) {
  auto jobGraph = graph(ShipStrategy::kForward);
  auto& source = jobGraph.vertices[0];
  source.operators[0].chainedOutputs = {7, 8};
  source.operators[0].chainedOutputTags = {"", "late"};
  source.operators[0].hasCoordinator = true;
  const auto spec = makeTaskSpec({jobGraph, kHere, ""}, deploymentOf(jobGraph, 0, 0), 0).value();
  ASSERT_EQ(spec.chain.size(), 1U);
  EXPECT_TRUE(spec.chain[0].hasCoordinator);
  ASSERT_EQ(spec.chain[0].outputs.size(), 2U);
  EXPECT_EQ(spec.chain[0].outputs[1].target, 8);
  EXPECT_EQ(spec.chain[0].outputs[1].tag, "late");
}

TEST_F(TaskSpecTest, DescriptorsThatDoNotFitTheGraphAreRefused) {
  const auto jobGraph = graph(ShipStrategy::kForward);
  auto unknownVertex = deploymentOf(jobGraph, 0, 0);
  unknownVertex.attempt.vertex = JobVertexId();
  EXPECT_EQ(makeTaskSpec({jobGraph, kHere, ""}, unknownVertex, 0).status().code(),
            ErrorCode::kJobGraphInvalid);
  auto unknownEdge = deploymentOf(jobGraph, 1, 0);
  unknownEdge.inputGates.emplace_back();
  EXPECT_EQ(makeTaskSpec({jobGraph, kHere, ""}, unknownEdge, 0).status().code(),
            ErrorCode::kJobGraphInvalid);
}

}  // namespace
}  // namespace flink::worker
