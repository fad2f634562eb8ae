#include "cluster/scheduler/execution_graph.h"

#include <gmock/gmock.h>

#include "cluster/scheduler/deployment.h"
#include "tests/support/job_graph_builder.h"

namespace flink::scheduler {
namespace {

using protocol::ExchangeType;
using protocol::ExecutionState;
using protocol::ShipStrategy;
using ::testing::ElementsAre;
using testing::JobGraphBuilder;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

SlotAssignment slotOn(const std::string& taskManager, int slot) {
  return {testing::idOf<AllocationId>(static_cast<std::uint32_t>(slot) + 1),
          slot,
          {TaskManagerId(taskManager), taskManager + ".host", 4000 + slot},
          {1, 100, 0, 1000, 100}};
}

class ExecutionGraphTest : public ::testing::Test {
 protected:
  ExecutionGraph& build() { return graph_.emplace(builder_.share(), 1'000); }
  void run(TaskIndex task, std::initializer_list<ExecutionState> states) {
    for (const ExecutionState state : states) graph_->move(task, state, ++now_);
  }

  JobGraphBuilder builder_;
  std::optional<ExecutionGraph> graph_;
  std::int64_t now_ = 1'000;
};

TEST_F(ExecutionGraphTest, CountsAndStampsEveryState) {
  const int a = builder_.vertex("a", 2);
  auto& graph = build();
  const TaskIndex task = graph.topology().task(a, 1);
  run(task, {ExecutionState::kScheduled, ExecutionState::kDeploying, ExecutionState::kRunning});
  EXPECT_EQ(graph.count(ExecutionState::kCreated), 1);
  EXPECT_EQ(graph.count(ExecutionState::kRunning), 1);
  EXPECT_EQ(graph.lastModificationMs(), 1'003);
  const auto subtask = graph.view().at(0).subtasks.at(1);
  EXPECT_EQ(subtask.timestampsMs[static_cast<std::size_t>(ExecutionState::kCreated)], 1'000);
  EXPECT_EQ(subtask.timestampsMs[static_cast<std::size_t>(ExecutionState::kDeploying)], 1'002);
  EXPECT_EQ(subtask.timestampsMs[static_cast<std::size_t>(ExecutionState::kFinished)], 0);
  EXPECT_EQ(subtask.endpoint, "(unassigned)");
}

TEST_F(ExecutionGraphTest, RestartGivesANewAttempt) {
  builder_.vertex("a", 2);
  auto& graph = build();
  const TaskIndex task{1};
  const ExecutionAttemptId old = graph.execution(task).id;
  graph.assign(task, slotOn("tm", 0));
  run(task, {ExecutionState::kScheduled, ExecutionState::kDeploying, ExecutionState::kFailed});
  graph.restart(task, 2'000);
  EXPECT_EQ(graph.find(old), std::nullopt);
  EXPECT_EQ(graph.execution(task).id.attempt, 1);
  EXPECT_EQ(graph.execution(task).state, ExecutionState::kCreated);
  EXPECT_FALSE(graph.execution(task).slot.has_value());
  EXPECT_EQ(graph.count(ExecutionState::kFailed), 0);
  EXPECT_EQ(graph.count(ExecutionState::kCreated), 2);
}

TEST_F(ExecutionGraphTest, FindsOnlyTheCurrentAttempt) {
  builder_.vertex("a", 2);
  auto& graph = build();
  ExecutionAttemptId id = graph.execution(TaskIndex{1}).id;
  EXPECT_EQ(graph.find(id), TaskIndex{1});
  id.attempt = 1;
  EXPECT_EQ(graph.find(id), std::nullopt);
  id.attempt = 0;
  id.subtask = 2;
  EXPECT_EQ(graph.find(id), std::nullopt);
  id.subtask = -1;
  EXPECT_EQ(graph.find(id), std::nullopt);
}

TEST_F(ExecutionGraphTest, NamesTasksAsFlinkDoes) {
  builder_.vertex("Map -> Sink: Writer", 4);
  EXPECT_EQ(build().taskName(TaskIndex{1}), "Map -> Sink: Writer (2/4) - execution #0");
}

TEST_F(ExecutionGraphTest, SumsAccumulatorsOfAllSubtasks) {
  builder_.vertex("a", 3);
  auto& graph = build();
  graph.setAccumulators(TaskIndex{0}, {{"count", "40"}, {"ratio", "0.5"}, {"text", "x"}});
  graph.setAccumulators(TaskIndex{2}, {{"count", "2"}, {"ratio", "1"}, {"text", "y"}});
  EXPECT_THAT(graph.mergedAccumulators(),
              UnorderedElementsAre(Pair("count", "42"), Pair("ratio", "1.5"), Pair("text", "y")));
}

TEST_F(ExecutionGraphTest, DescribesChannelsOfAKeyedExchange) {
  const int a = builder_.vertex("a", 2);
  const int b = builder_.vertex("b", 3);
  builder_.edge(a, b, ShipStrategy::kHash);
  auto& graph = build();
  const Topology& topology = graph.topology();
  for (int i = 0; i < 2; ++i) graph.assign(topology.task(a, i), slotOn("tm-1", i));
  for (int i = 0; i < 3; ++i)
    graph.assign(topology.task(b, i), slotOn(i == 0 ? "tm-1" : "tm-2", i));

  const auto producer = deploymentOf(graph, topology.task(a, 1));
  EXPECT_EQ(producer.slot, 1);
  EXPECT_EQ(producer.resource.managedBytes, 1000);
  ASSERT_EQ(producer.producedPartitions.size(), 1U);
  const auto& partition = producer.producedPartitions[0];
  EXPECT_EQ(partition.numSubpartitions, 3);
  EXPECT_THAT(partition.consumers,
              ElementsAre(TaskManagerId("tm-1"), TaskManagerId("tm-2"), TaskManagerId("tm-2")));

  const auto consumer = deploymentOf(graph, topology.task(b, 2));
  ASSERT_EQ(consumer.inputGates.size(), 1U);
  const auto& gate = consumer.inputGates[0];
  EXPECT_EQ(gate.streamNode, 2);
  ASSERT_EQ(gate.channels.size(), 2U);
  EXPECT_EQ(gate.channels[1].partition, partition.id);
  EXPECT_EQ(gate.channels[1].subpartition, 2);
  EXPECT_EQ(gate.channels[1].location.host, "tm-1.host");
  EXPECT_EQ(gate.channels[1].location.dataPort, 4001);
}

TEST_F(ExecutionGraphTest, UnionHasOneGatePerEdge) {
  const int a = builder_.vertex("a", 1);
  const int b = builder_.vertex("b", 2);
  const int both = builder_.vertex("both", 1);
  builder_.edge(a, both, ShipStrategy::kRebalance).edge(b, both, ShipStrategy::kRebalance);
  auto& graph = build();
  for (int t = 0; t < 4; ++t) graph.assign(static_cast<TaskIndex>(t), slotOn("tm-1", t));
  const auto descriptor = deploymentOf(graph, graph.topology().task(both, 0));
  ASSERT_EQ(descriptor.inputGates.size(), 2U);
  EXPECT_EQ(descriptor.inputGates[0].channels.size(), 1U);
  EXPECT_EQ(descriptor.inputGates[1].channels.size(), 2U);
}

TEST_F(ExecutionGraphTest, BlockingPartitionIsDeployedBeforeItsConsumersHaveAPlace) {
  const int a = builder_.vertex("a", 1);
  const int b = builder_.vertex("b", 2);
  builder_.edge(a, b, ShipStrategy::kHash, ExchangeType::kBlocking);
  auto& graph = build();
  graph.assign(graph.topology().task(a, 0), slotOn("tm-1", 0));
  const auto descriptor = deploymentOf(graph, graph.topology().task(a, 0));
  ASSERT_EQ(descriptor.producedPartitions.size(), 1U);
  EXPECT_EQ(descriptor.producedPartitions[0].exchange, ExchangeType::kBlocking);
  EXPECT_EQ(descriptor.producedPartitions[0].numSubpartitions, 2);
  EXPECT_THAT(descriptor.producedPartitions[0].consumers,
              ElementsAre(TaskManagerId(), TaskManagerId()));
}

TEST_F(ExecutionGraphTest, PointwiseConsumerPrefersItsProducersTaskManager) {
  const int a = builder_.vertex("a", 2);
  const int b = builder_.vertex("b", 2);
  builder_.edge(a, b, ShipStrategy::kForward, ExchangeType::kBlocking);
  auto& graph = build();
  graph.assign(graph.topology().task(a, 1), slotOn("tm-2", 0));
  EXPECT_THAT(preferredLocations(graph, graph.topology().task(b, 1)),
              ElementsAre(TaskManagerId("tm-2")));
  EXPECT_THAT(preferredLocations(graph, graph.topology().task(b, 0)), ::testing::IsEmpty());
}

using ExecutionGraphDeathTest = ExecutionGraphTest;

TEST_F(ExecutionGraphDeathTest, IllegalMoveAborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  builder_.vertex("a", 1);
  auto& graph = build();
  EXPECT_DEATH(graph.move(TaskIndex{0}, ExecutionState::kRunning, 1'001), "illegal move of a task");
}

}  // namespace
}  // namespace flink::scheduler
