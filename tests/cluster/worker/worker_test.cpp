#include "tests/cluster/worker/worker_fixture.h"

namespace flink::worker {
namespace {

using operators::SourceOperatorBase;
using protocol::ExecutionState;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// A split enumerator that has one answer.
class ThrowingCoordinator final : public operators::OperatorCoordinator {
 public:
  void open(operators::CoordinatorContext&) override {}
  void handleEvent(int subtask, std::string_view payload) override {
    throw std::runtime_error("no split for subtask " + std::to_string(subtask) + ": " +
                             std::string(payload));
  }
};

TEST_F(WorkerTest, ACoordinatorThatFailsAfterItsSubtaskEndedIsReported) {
  testing::JobGraphBuilder builder;
  builder.vertex("Source", 2);
  builder.graph().vertices[0].operators[0].hasCoordinator = true;
  program_.script(1).poll = [](std::size_t, const auto&) { return SourceOperatorBase::Poll::kEnd; };
  program_.script(1).coordinator = [] { return std::make_unique<ThrowingCoordinator>(); };
  ASSERT_TRUE(start(builder).isOk());
  ASSERT_TRUE(submit({deployment(0, 0, 0)}).isOk());
  ASSERT_EQ(stateOf(attemptOf(0, 0)), ExecutionState::kFinished);
  const OperatorId op = job_.vertices[0].operators[0].id;
  ASSERT_TRUE(
      ask(protocol::DeliverOperatorEventRequest{{job_.id, op, 1, 0, true, "next?"}}).isOk());
  ASSERT_THAT(failedCoordinators_, SizeIs(1));
  EXPECT_EQ(failedCoordinators_[0].attempt, attemptOf(0, 0));
  EXPECT_THAT(failedCoordinators_[0].failure.message, HasSubstr("no split for subtask 1: next?"));
  EXPECT_EQ(stateOf(attemptOf(0, 0)), ExecutionState::kFinished) << "that task is not to blame";
}

TEST_F(WorkerTest, SlotsThatTasksComeForLaterBringTheirNetworkMemory) {
  constexpr int kConsumers = 24;  // of the 32 segments that a slot has
  testing::JobGraphBuilder builder(1, protocol::JobType::kBatch);
  builder.vertex("Source", 3);
  builder.vertex("Sink", kConsumers);
  builder.edge(0, 1, protocol::ShipStrategy::kHash, protocol::ExchangeType::kBlocking);
  program_.script(1).poll = [](std::size_t, const auto&) {
    return SourceOperatorBase::Poll::kNothingNow;
  };
  ASSERT_TRUE(start(builder).isOk());
  const auto submitOne = [&](int subtask, int slot) {
    auto task = deployment(0, subtask, slot);
    protocol::ResultPartitionDescriptor partition;
    partition.id = {job_.edges[0].dataSet, task.attempt};
    partition.numSubpartitions = kConsumers;
    partition.exchange = protocol::ExchangeType::kBlocking;
    task.producedPartitions.push_back(partition);
    EXPECT_TRUE(submit({task}).isOk());
    return changes_[task.attempt];
  };
  EXPECT_EQ(submitOne(0, 0).state, ExecutionState::kRunning);
  const auto second = submitOne(1, 3);
  EXPECT_EQ(second.state, ExecutionState::kRunning)
      << (second.failure ? second.failure->message : "");
  const auto third = submitOne(2, 3);
  ASSERT_EQ(third.state, ExecutionState::kFailed) << "that slot was here before";
  EXPECT_THAT(third.failure->message, HasSubstr("required 24, but only 16 available"));
}

TEST_F(WorkerTest, OperatorsThatMayShareASlotShareItsManagedMemoryWheneverTheyCome) {
  testing::JobGraphBuilder builder(1, protocol::JobType::kBatch);
  builder.group("alone");
  builder.vertex("Source", 1);
  builder.vertex("Aggregate", 1);
  builder.vertex("Another", 1);
  builder.vertex("Far", 1, "alone");
  std::map<std::int32_t, std::int64_t> given;
  for (std::int32_t node = 1; node <= 4; ++node) {
    auto& script = program_.script(node);
    script.usesManagedMemory = node != 1;
    script.open = [&, node](const auto& context) { given[node] = context.managedMemoryBytes; };
    script.poll = [](std::size_t, const auto&) { return SourceOperatorBase::Poll::kNothingNow; };
  }
  ASSERT_TRUE(start(builder).isOk());
  for (const std::size_t vertex : {0, 1, 2, 3}) {
    auto task = deployment(vertex, 0, vertex == 3 ? 1 : 0);
    task.resource.managedBytes = 1000;
    ASSERT_TRUE(submit({task}).isOk());
  }
  EXPECT_EQ(given, (std::map<std::int32_t, std::int64_t>{{1, 0}, {2, 500}, {3, 500}, {4, 1000}}));
  loop_.advance(std::chrono::seconds(1));
  EXPECT_EQ(reports_.back().memory.at("managedUsed"), 2000);
  ASSERT_TRUE(ask(protocol::CancelTasksRequest{job_.id, {attemptOf(1, 0)}}).isOk());
  loop_.advance(std::chrono::seconds(1));
  EXPECT_EQ(reports_.back().memory.at("managedUsed"), 1500);
}

}  // namespace
}  // namespace flink::worker
