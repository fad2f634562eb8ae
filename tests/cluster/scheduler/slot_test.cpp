#include <gmock/gmock.h>

#include <set>

#include "cluster/scheduler/slot_placement.h"
#include "cluster/scheduler/slot_sharing.h"
#include "tests/support/job_graph_builder.h"

namespace flink::scheduler {
namespace {

using protocol::ResourceProfile;
using protocol::ShipStrategy;
using ::testing::ElementsAre;
using testing::JobGraphBuilder;

TEST(SlotSharingTest, NeedsTheSumOverGroupsOfTheirHighestParallelism) {
  JobGraphBuilder builder;
  builder.group("heavy");
  const int a = builder.vertex("a", 3);
  const int b = builder.vertex("b", 4);
  const int c = builder.vertex("c", 2, "heavy");
  builder.edge(a, b, ShipStrategy::kHash).edge(b, c, ShipStrategy::kHash);
  EXPECT_EQ(SlotSharing(Topology(builder.share())).count(), 6);
}

TEST(SlotSharingTest, EqualNumbersShareASlot) {
  JobGraphBuilder builder;
  const int a = builder.vertex("a", 3);
  const int b = builder.vertex("b", 3);
  builder.edge(a, b, ShipStrategy::kHash);
  const Topology topology(builder.share());
  const SlotSharing sharing(topology);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(sharing.slotOf(topology.task(a, i)), sharing.slotOf(topology.task(b, i)));
}

TEST(SlotSharingTest, NoSlotHasTwoSubtasksOfOneVertex) {
  JobGraphBuilder builder;
  const int a = builder.vertex("a", 2);
  const int b = builder.vertex("b", 7);
  const int c = builder.vertex("c", 3);
  builder.edge(a, b, ShipStrategy::kRescale).edge(b, c, ShipStrategy::kRescale);
  const Topology topology(builder.share());
  const SlotSharing sharing(topology);
  EXPECT_EQ(sharing.count(), 7);
  for (int s = 0; s < sharing.count(); ++s) {
    std::set<VertexIndex> vertices;
    for (const TaskIndex task : sharing.tasksOf(static_cast<SharedSlotIndex>(s))) {
      EXPECT_TRUE(vertices.insert(topology.vertexOf(task)).second);
    }
  }
}

TEST(SlotSharingTest, PointwiseConsumerGoesToItsProducersSlot) {
  JobGraphBuilder builder;
  const int a = builder.vertex("a", 4);
  const int b = builder.vertex("b", 2);
  builder.edge(a, b, ShipStrategy::kRescale);
  const Topology topology(builder.share());
  const SlotSharing sharing(topology);
  EXPECT_EQ(sharing.slotOf(topology.task(b, 0)), sharing.slotOf(topology.task(a, 0)));
  EXPECT_EQ(sharing.slotOf(topology.task(b, 1)), sharing.slotOf(topology.task(a, 2)));
}

std::vector<TaskManagerCapacity> twoTaskManagers() {
  return {{TaskManagerId("tm-1"), 4, 4, {}, {}}, {TaskManagerId("tm-2"), 4, 4, {}, {}}};
}

TEST(SlotPlacementTest, SpreadsOverTaskManagers) {
  const auto placed =
      placeSlots(std::vector<SlotRequest>(4), twoTaskManagers(), PlacementStrategy::kSpread);
  ASSERT_TRUE(placed.has_value());
  EXPECT_THAT(*placed, ElementsAre(0, 1, 0, 1));
}

TEST(SlotPlacementTest, PacksWhenAskedTo) {
  const auto placed =
      placeSlots(std::vector<SlotRequest>(4), twoTaskManagers(), PlacementStrategy::kPack);
  ASSERT_TRUE(placed.has_value());
  EXPECT_THAT(*placed, ElementsAre(0, 0, 0, 0));
}

TEST(SlotPlacementTest, BalancesAgainstWhatIsAlreadyTaken) {
  auto taskManagers = twoTaskManagers();
  taskManagers[0].freeSlots = 1;
  const auto placed =
      placeSlots(std::vector<SlotRequest>(3), taskManagers, PlacementStrategy::kSpread);
  ASSERT_TRUE(placed.has_value());
  EXPECT_THAT(*placed, ElementsAre(1, 1, 1));
}

TEST(SlotPlacementTest, GivesAllOrNothing) {
  EXPECT_TRUE(placeSlots(std::vector<SlotRequest>(8), twoTaskManagers(), PlacementStrategy::kSpread)
                  .has_value());
  EXPECT_FALSE(
      placeSlots(std::vector<SlotRequest>(9), twoTaskManagers(), PlacementStrategy::kSpread)
          .has_value());
}

TEST(SlotPlacementTest, PrefersWhereTheInputLies) {
  std::vector<SlotRequest> requests(2);
  requests[0].preferred = {TaskManagerId("tm-2")};
  requests[1].preferred = {TaskManagerId("gone"), TaskManagerId("tm-2")};
  const auto placed = placeSlots(requests, twoTaskManagers(), PlacementStrategy::kSpread);
  ASSERT_TRUE(placed.has_value());
  EXPECT_THAT(*placed, ElementsAre(1, 1));
}

TEST(SlotPlacementTest, ProfileTakesMoreThanAnEqualShare) {
  ResourceProfile total;
  total.managedBytes = 400;
  std::vector<TaskManagerCapacity> one{{TaskManagerId("tm-1"), 4, 4, total, share(total, 4)}};
  SlotRequest large;
  large.profile = ResourceProfile{};
  large.profile->managedBytes = 250;
  EXPECT_TRUE(placeSlots({large, SlotRequest{}}, one, PlacementStrategy::kSpread).has_value());
  EXPECT_FALSE(placeSlots({large, SlotRequest{}, SlotRequest{}}, one, PlacementStrategy::kSpread)
                   .has_value());
  EXPECT_FALSE(placeSlots({large, large}, one, PlacementStrategy::kSpread).has_value());
}

TEST(SlotPlacementTest, ProfileWithoutNetworkMemoryTakesAnEqualShareOfIt) {
  ResourceProfile total;
  total.managedBytes = 400;
  total.networkBytes = 400;
  SlotRequest request;
  request.profile = ResourceProfile{};
  request.profile->managedBytes = 30;
  const ResourceProfile taken = resourceOf(request, share(total, 4));
  EXPECT_EQ(taken.managedBytes, 30);
  EXPECT_EQ(taken.networkBytes, 100);
  request.profile->networkBytes = 7;
  EXPECT_EQ(resourceOf(request, share(total, 4)).networkBytes, 7);
  EXPECT_EQ(resourceOf(SlotRequest{}, share(total, 4)), share(total, 4));
}

}  // namespace
}  // namespace flink::scheduler
