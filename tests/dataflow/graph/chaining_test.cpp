#include "dataflow/graph/chaining.h"

#include <gmock/gmock.h>

#include "tests/dataflow/graph/graph_builder.h"

namespace flink::graph {
namespace {

class ChainingTest : public testing::Test {
 protected:
  ChainingTest() {
    b.source(1, "s");
    b.op(2, "Map", {1});
  }
  [[nodiscard]] bool chained() const {
    return ChainingRules(b.graph).isChainable(b.graph.edges.back());
  }
  GraphBuilder b;
};

TEST_F(ChainingTest, EqualParallelismAndForwardChains) {
  EXPECT_TRUE(chained());
}

TEST_F(ChainingTest, DisabledChainingSeparatesAll) {
  b.graph.chainingEnabled = false;
  EXPECT_FALSE(chained());
}

TEST_F(ChainingTest, OtherParallelismSeparates) {
  b.graph.node(2).parallelism = 3;
  EXPECT_FALSE(chained());
}

TEST_F(ChainingTest, OtherSlotSharingGroupSeparates) {
  b.graph.node(2).slotSharingGroup = "other";
  EXPECT_FALSE(chained());
}

TEST_F(ChainingTest, OnlyForwardChains) {
  for (const auto strategy : {protocol::ShipStrategy::kRebalance, protocol::ShipStrategy::kRescale,
                              protocol::ShipStrategy::kHash, protocol::ShipStrategy::kBroadcast,
                              protocol::ShipStrategy::kGlobal, protocol::ShipStrategy::kShuffle,
                              protocol::ShipStrategy::kCustom}) {
    b.graph.edges.back().shipStrategy = strategy;
    EXPECT_FALSE(chained());
  }
  b.graph.edges.back().shipStrategy = protocol::ShipStrategy::kForward;
  EXPECT_TRUE(chained());
}

TEST_F(ChainingTest, AHeadStartsAChainAndMayBeFollowed) {
  b.graph.node(2).chaining = ChainingStrategy::kHead;
  EXPECT_FALSE(chained());
  b.op(3, "Map", {2});
  EXPECT_TRUE(chained());
}

TEST_F(ChainingTest, ALonelyOperatorChainsNeitherWay) {
  b.graph.node(2).chaining = ChainingStrategy::kNever;
  EXPECT_FALSE(chained());
  b.op(3, "Map", {2});
  EXPECT_FALSE(chained());
}

TEST_F(ChainingTest, AUnionDoesNotChain) {
  b.source(3, "t");
  b.op(4, "Map", {2, 3});
  EXPECT_FALSE(chained());
}

TEST_F(ChainingTest, MaximumParallelismsMayDifferUnlessTheGraphSaysOtherwise) {
  b.graph.node(2).maxParallelism = 64;
  EXPECT_TRUE(chained());
  b.graph.chainOperatorsWithDifferentMaxParallelism = false;
  EXPECT_FALSE(chained());
}

TEST_F(ChainingTest, AYieldingOperatorStaysOutOfALegacySourcesChain) {
  b.op(3, "Async", {2}).yielding = true;
  EXPECT_TRUE(chained());
  b.graph.node(1).isLegacySource = true;
  EXPECT_FALSE(chained());
}

TEST_F(ChainingTest, GroupsAreInheritedWhenAllInputsAgree) {
  b.graph.node(1).slotSharingGroup = "a";
  b.source(3, "t").slotSharingGroup = "a";
  b.op(4, "Union", {2, 3});
  b.source(5, "u").slotSharingGroup = "b";
  b.op(6, "Union", {4, 5});
  const auto groups = slotSharingGroupsOf(b.graph);
  EXPECT_EQ(groups.at(2), "a");
  EXPECT_EQ(groups.at(4), "a");
  EXPECT_EQ(groups.at(6), "default");
}

}  // namespace
}  // namespace flink::graph
