#include "cluster/scheduler/failover_regions.h"

#include <gmock/gmock.h>

#include <set>

#include "tests/support/job_graph_builder.h"

namespace flink::scheduler {
namespace {

using protocol::ExchangeType;
using protocol::ExecutionState;
using protocol::ShipStrategy;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::JobGraphBuilder;

/// Three vertices a, b, c of two subtasks; all edges blocking and subtask by subtask unless a test
/// says otherwise.
class FailoverRegionsTest : public ::testing::Test {
 protected:
  void build(ShipStrategy ab, ExchangeType abExchange, ShipStrategy bc, ExchangeType bcExchange) {
    JobGraphBuilder builder(1, protocol::JobType::kBatch);
    for (const char* name : {"a", "b", "c"}) builder.vertex(name, 2);
    builder.edge(0, 1, ab, abExchange);
    builder.edge(1, 2, bc, bcExchange);
    topology_.emplace(builder.share());
    regions_.emplace(*topology_);
    facts_.stateOf = [this](TaskIndex task) {
      return created_.contains(task) ? ExecutionState::kCreated : ExecutionState::kRunning;
    };
    facts_.isAvailable = [this](const PartitionRef& partition) {
      return !lost_.contains(partition.producer);
    };
  }
  void buildChains() {
    build(ShipStrategy::kForward, ExchangeType::kBlocking, ShipStrategy::kForward,
          ExchangeType::kBlocking);
  }
  [[nodiscard]] TaskIndex task(int vertex, int subtask) const {
    return topology_->task(vertex, subtask);
  }
  [[nodiscard]] std::vector<TaskIndex> restarted(TaskIndex failed) const {
    return tasksToRestart(*topology_, *regions_, failed, facts_);
  }

  std::optional<Topology> topology_;
  std::optional<PipelinedRegions> regions_;
  std::set<TaskIndex> created_, lost_;
  FailoverFacts facts_;
};

TEST_F(FailoverRegionsTest, AllToAllPipelinedJobRestartsWhole) {
  build(ShipStrategy::kHash, ExchangeType::kPipelinedBounded, ShipStrategy::kForward,
        ExchangeType::kPipelinedBounded);
  EXPECT_EQ(restarted(task(2, 1)).size(), 6U);
}

TEST_F(FailoverRegionsTest, PipelinedChainsRestartAlone) {
  build(ShipStrategy::kForward, ExchangeType::kPipelinedBounded, ShipStrategy::kForward,
        ExchangeType::kPipelinedBounded);
  EXPECT_THAT(restarted(task(1, 0)), ElementsAre(task(0, 0), task(1, 0), task(2, 0)));
}

TEST_F(FailoverRegionsTest, ConsumersRestartTransitivelyAndProducersWithDataDoNot) {
  buildChains();
  EXPECT_THAT(restarted(task(1, 0)), ElementsAre(task(1, 0), task(2, 0)));
  EXPECT_THAT(restarted(task(0, 1)), ElementsAre(task(0, 1), task(1, 1), task(2, 1)));
  EXPECT_THAT(restarted(task(2, 1)), ElementsAre(task(2, 1)));
}

TEST_F(FailoverRegionsTest, ProducersWhoseDataIsLostRestart) {
  buildChains();
  lost_ = {task(1, 0)};
  EXPECT_THAT(restarted(task(2, 0)), ElementsAre(task(1, 0), task(2, 0)));
  lost_ = {task(0, 0), task(1, 0)};
  EXPECT_THAT(restarted(task(2, 0)), ElementsAre(task(0, 0), task(1, 0), task(2, 0)));
  lost_ = {task(0, 0), task(0, 1)};
  EXPECT_THAT(restarted(task(2, 0)), ElementsAre(task(2, 0))) << "nobody needs it again";
}

TEST_F(FailoverRegionsTest, UnreadablePartitionIsMadeAgain) {
  buildChains();
  facts_.unreadable = PartitionRef{1, task(1, 1)};
  EXPECT_THAT(restarted(task(2, 1)), ElementsAre(task(1, 1), task(2, 1)));
}

TEST_F(FailoverRegionsTest, AllConsumersOfARemadePartitionRestart) {
  build(ShipStrategy::kHash, ExchangeType::kBlocking, ShipStrategy::kForward,
        ExchangeType::kBlocking);
  lost_ = {task(0, 0)};
  EXPECT_THAT(restarted(task(1, 0)),
              ElementsAre(task(0, 0), task(1, 0), task(1, 1), task(2, 0), task(2, 1)));
  lost_.clear();
  EXPECT_THAT(restarted(task(1, 0)), ElementsAre(task(1, 0), task(2, 0)));
}

TEST_F(FailoverRegionsTest, TasksThatHaveNotBegunHaveNothingToRestart) {
  buildChains();
  created_ = {task(1, 0), task(2, 0)};
  EXPECT_THAT(restarted(task(0, 0)), ElementsAre(task(0, 0)));
  created_.insert(task(0, 0));
  EXPECT_THAT(restarted(task(0, 0)), IsEmpty());
}

}  // namespace
}  // namespace flink::scheduler
