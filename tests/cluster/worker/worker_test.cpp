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

}  // namespace
}  // namespace flink::worker
