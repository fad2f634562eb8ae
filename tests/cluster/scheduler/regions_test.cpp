#include <gmock/gmock.h>

#include <set>

#include "cluster/scheduler/pipelined_regions.h"
#include "cluster/scheduler/region_schedule.h"
#include "tests/support/job_graph_builder.h"

namespace flink::scheduler {
namespace {

using protocol::ExchangeType;
using protocol::ShipStrategy;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::JobGraphBuilder;

RegionIndex region(int n) {
  return static_cast<RegionIndex>(n);
}

TEST(PipelinedRegionsTest, AllToAllPipelinedEdgeMakesOneRegion) {
  JobGraphBuilder builder;
  const int a = builder.vertex("a", 3);
  const int b = builder.vertex("b", 2);
  builder.edge(a, b, ShipStrategy::kHash);
  const Topology topology(builder.share());
  EXPECT_EQ(PipelinedRegions(topology).count(), 1);
}

TEST(PipelinedRegionsTest, ForwardEdgesMakeOneRegionPerSubtask) {
  JobGraphBuilder builder;
  const int a = builder.vertex("a", 3);
  const int b = builder.vertex("b", 3);
  builder.edge(a, b, ShipStrategy::kForward);
  const Topology topology(builder.share());
  const PipelinedRegions regions(topology);
  EXPECT_EQ(regions.count(), 3);
  EXPECT_THAT(regions.tasksOf(region(1)), ElementsAre(topology.task(a, 1), topology.task(b, 1)));
}

TEST(RegionScheduleTest, ConsumersWaitForAllProducersOfABlockingExchange) {
  JobGraphBuilder builder(1, protocol::JobType::kBatch);
  const int a = builder.vertex("a", 2);
  const int b = builder.vertex("b", 2);
  builder.edge(a, b, ShipStrategy::kHash, ExchangeType::kBlocking);
  const Topology topology(builder.share());
  const PipelinedRegions regions(topology);
  ASSERT_EQ(regions.count(), 4);
  EXPECT_TRUE(regions.isBlocking(0));
  RegionSchedule schedule(topology, regions);
  EXPECT_THAT(schedule.takeReady(), ElementsAre(region(0), region(1)));
  schedule.onFinished(topology.task(a, 1));
  EXPECT_THAT(schedule.takeReady(), IsEmpty());
  schedule.onFinished(topology.task(a, 0));
  EXPECT_THAT(schedule.takeReady(), ElementsAre(region(2), region(3)));
}

TEST(RegionScheduleTest, PointwiseBlockingConsumerWaitsForItsOwnProducerOnly) {
  JobGraphBuilder builder(1, protocol::JobType::kBatch);
  const int a = builder.vertex("a", 2);
  const int b = builder.vertex("b", 2);
  builder.edge(a, b, ShipStrategy::kForward, ExchangeType::kBlocking);
  const Topology topology(builder.share());
  const PipelinedRegions regions(topology);
  RegionSchedule schedule(topology, regions);
  EXPECT_EQ(schedule.takeReady().size(), 2U);
  schedule.onFinished(topology.task(a, 1));
  EXPECT_THAT(schedule.takeReady(), ElementsAre(regions.regionOf(topology.task(b, 1))));
}

TEST(RegionScheduleTest, JoinWaitsForBothItsBlockingInputs) {
  JobGraphBuilder builder(1, protocol::JobType::kBatch);
  const int a = builder.vertex("a", 1);
  const int b = builder.vertex("b", 1);
  const int join = builder.vertex("join", 2);
  builder.edge(a, join, ShipStrategy::kHash, ExchangeType::kBlocking);
  builder.edge(b, join, ShipStrategy::kHash, ExchangeType::kBlocking);
  const Topology topology(builder.share());
  const PipelinedRegions regions(topology);
  RegionSchedule schedule(topology, regions);
  EXPECT_EQ(schedule.takeReady().size(), 2U);
  schedule.onFinished(topology.task(b, 0));
  EXPECT_THAT(schedule.takeReady(), IsEmpty());
  schedule.onFinished(topology.task(a, 0));
  EXPECT_EQ(schedule.takeReady().size(), 2U);
}

TEST(RegionScheduleTest, RestartedProducerMakesItsConsumersWaitAgain) {
  JobGraphBuilder builder(1, protocol::JobType::kBatch);
  const int a = builder.vertex("a", 2);
  const int b = builder.vertex("b", 1);
  builder.edge(a, b, ShipStrategy::kHash, ExchangeType::kBlocking);
  const Topology topology(builder.share());
  const PipelinedRegions regions(topology);
  RegionSchedule schedule(topology, regions);
  EXPECT_EQ(schedule.takeReady().size(), 2U);
  schedule.onFinished(topology.task(a, 0));
  schedule.onFinished(topology.task(a, 1));
  schedule.restart({region(0), region(2)}, {topology.task(a, 0)});
  EXPECT_THAT(schedule.takeReady(), ElementsAre(region(0)));
  schedule.onFinished(topology.task(a, 0));
  EXPECT_THAT(schedule.takeReady(), ElementsAre(region(2)));
  schedule.restart({region(2)}, {});
  EXPECT_THAT(schedule.takeReady(), ElementsAre(region(2)));
}

TEST(PipelinedRegionsTest, RegionsThatWaitForEachOtherBecomeOne) {
  // a -> b pipelined subtask by subtask, a -> b blocking all to all: region i needs the end of
  // region j and vice versa.
  JobGraphBuilder builder(1, protocol::JobType::kBatch);
  const int a = builder.vertex("a", 3);
  const int b = builder.vertex("b", 3);
  builder.edge(a, b, ShipStrategy::kForward);
  builder.edge(a, b, ShipStrategy::kHash, ExchangeType::kBlocking);
  const Topology topology(builder.share());
  const PipelinedRegions regions(topology);
  EXPECT_EQ(regions.count(), 1);
  EXPECT_FALSE(regions.isBlocking(1));
  RegionSchedule schedule(topology, regions);
  EXPECT_THAT(schedule.takeReady(), ElementsAre(region(0)));
}

TEST(PipelinedRegionsTest, BlockingEdgeThatIsPartlyInsideARegionIsServedPipelined) {
  // Two rescales over a vertex of parallelism 3 pull some consumers of the blocking edge into their
  // producer's region.
  JobGraphBuilder builder(1, protocol::JobType::kBatch);
  const int a = builder.vertex("a", 2);
  const int between = builder.vertex("between", 3);
  const int b = builder.vertex("b", 4);
  builder.edge(a, between, ShipStrategy::kRescale);
  builder.edge(between, b, ShipStrategy::kRescale);
  builder.edge(a, b, ShipStrategy::kRescale, ExchangeType::kBlocking);
  const Topology topology(builder.share());
  const PipelinedRegions regions(topology);
  EXPECT_FALSE(regions.isBlocking(2));
  EXPECT_EQ(regions.count(), 1);
}

TEST(PipelinedRegionsTest, DeepChainOfBlockingEdgesNeedsNoStack) {
  JobGraphBuilder builder(1, protocol::JobType::kBatch);
  int previous = builder.vertex("v", 1);
  for (int i = 0; i < 5'000; ++i) {
    const int next = builder.vertex("v", 1);
    builder.edge(previous, next, ShipStrategy::kForward, ExchangeType::kBlocking);
    previous = next;
  }
  const Topology topology(builder.share());
  EXPECT_EQ(PipelinedRegions(topology).count(), 5'001);
}

}  // namespace
}  // namespace flink::scheduler
