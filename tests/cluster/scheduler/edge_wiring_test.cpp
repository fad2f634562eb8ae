#include "cluster/scheduler/edge_wiring.h"

#include <gmock/gmock.h>

#include <set>
#include <vector>

namespace flink::scheduler {
namespace {

using protocol::ShipStrategy;

TEST(EdgeWiringTest, ForwardConnectsEqualNumbers) {
  const EdgeWiring wiring(ShipStrategy::kForward, 4, 4);
  for (std::int32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(wiring.producersOf(i), (SubtaskRange{i, 1}));
    EXPECT_EQ(wiring.consumersOf(i), (SubtaskRange{i, 1}));
    EXPECT_EQ(wiring.subpartitionOf(i, i), 0);
  }
}

TEST(EdgeWiringTest, RescaleToMoreSubtasksSplitsConsumersAsFlinkDoes) {
  const EdgeWiring wiring(ShipStrategy::kRescale, 2, 5);
  EXPECT_EQ(wiring.consumersOf(0), (SubtaskRange{0, 3}));
  EXPECT_EQ(wiring.consumersOf(1), (SubtaskRange{3, 2}));
  EXPECT_EQ(wiring.producersOf(2), (SubtaskRange{0, 1}));
  EXPECT_EQ(wiring.producersOf(3), (SubtaskRange{1, 1}));
  EXPECT_EQ(wiring.subpartitionOf(0, 2), 2);
  EXPECT_EQ(wiring.subpartitionOf(1, 4), 0) << "by the consumer's number, as in Flink";
  EXPECT_EQ(wiring.subpartitionOf(1, 3), 1);
}

TEST(EdgeWiringTest, RescaleToFewerSubtasksMergesProducersAsFlinkDoes) {
  const EdgeWiring wiring(ShipStrategy::kRescale, 5, 2);
  EXPECT_EQ(wiring.producersOf(0), (SubtaskRange{0, 2}));
  EXPECT_EQ(wiring.producersOf(1), (SubtaskRange{2, 3}));
  EXPECT_EQ(wiring.consumersOf(1), (SubtaskRange{0, 1}));
  EXPECT_EQ(wiring.consumersOf(2), (SubtaskRange{1, 1}));
  EXPECT_EQ(wiring.subpartitionOf(4, 1), 0);
}

TEST(EdgeWiringTest, KeyedExchangeConnectsAllWithAll) {
  const EdgeWiring wiring(ShipStrategy::kHash, 3, 2);
  EXPECT_FALSE(wiring.pointwise());
  EXPECT_EQ(wiring.producersOf(1), (SubtaskRange{0, 3}));
  EXPECT_EQ(wiring.consumersOf(2), (SubtaskRange{0, 2}));
  EXPECT_EQ(wiring.subpartitionOf(2, 1), 1);
}

TEST(EdgeWiringTest, BothSidesAgreeForAllParallelisms) {
  for (std::int32_t producers = 1; producers <= 13; ++producers) {
    for (std::int32_t consumers = 1; consumers <= 13; ++consumers) {
      const EdgeWiring wiring(ShipStrategy::kRescale, producers, consumers);
      std::vector<int> inputsOf(static_cast<std::size_t>(consumers), 0);
      for (std::int32_t p = 0; p < producers; ++p) {
        const SubtaskRange range = wiring.consumersOf(p);
        ASSERT_GE(range.count, 1);
        std::set<std::int32_t> subpartitions;
        for (std::int32_t c = range.first; c < range.first + range.count; ++c) {
          const SubtaskRange back = wiring.producersOf(c);
          EXPECT_GE(p, back.first);
          EXPECT_LT(p, back.first + back.count);
          ++inputsOf[static_cast<std::size_t>(c)];
          subpartitions.insert(wiring.subpartitionOf(p, c));
        }
        EXPECT_EQ(subpartitions.size(), static_cast<std::size_t>(range.count));
        EXPECT_EQ(*subpartitions.begin(), 0);
        EXPECT_EQ(*subpartitions.rbegin(), range.count - 1);
      }
      for (std::int32_t c = 0; c < consumers; ++c) {
        EXPECT_EQ(inputsOf[static_cast<std::size_t>(c)], wiring.producersOf(c).count)
            << producers << "->" << consumers;
      }
    }
  }
}

}  // namespace
}  // namespace flink::scheduler
