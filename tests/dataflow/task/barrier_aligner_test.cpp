#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/rng.h"
#include "dataflow/task/barrier_aligner.h"

namespace flink::task {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(BarrierAlignerTest, LastChannelCompletesAndLetsTheOthersGoOn) {
  BarrierAligner aligner(3, true);
  EXPECT_TRUE(aligner.onBarrier(0, 1).blockChannel);
  EXPECT_TRUE(aligner.onBarrier(2, 1).blockChannel);
  const auto last = aligner.onBarrier(1, 1);
  EXPECT_FALSE(last.blockChannel);
  EXPECT_TRUE(last.unblockAll);
  EXPECT_EQ(last.complete, 1U);
  EXPECT_FALSE(aligner.isAligning());
}

TEST(BarrierAlignerTest, SingleChannelNeverBlocks) {
  BarrierAligner aligner(1, true);
  const auto decision = aligner.onBarrier(0, 7);
  EXPECT_FALSE(decision.blockChannel);
  EXPECT_EQ(decision.complete, 7U);
}

TEST(BarrierAlignerTest, NewerBarrierEndsTheAlignmentOfAnOlderOne) {
  BarrierAligner aligner(2, true);
  aligner.onBarrier(0, 1);
  const auto newer = aligner.onBarrier(1, 2);
  EXPECT_THAT(newer.aborted, ElementsAre(1));
  EXPECT_TRUE(newer.unblockAll);
  EXPECT_TRUE(newer.blockChannel);
  EXPECT_EQ(aligner.onBarrier(0, 2).complete, 2U);
}

TEST(BarrierAlignerTest, OlderBarriersAreIgnored) {
  BarrierAligner aligner(2, true);
  aligner.onBarrier(0, 5);
  const auto old = aligner.onBarrier(1, 4);
  EXPECT_FALSE(old.blockChannel);
  EXPECT_THAT(old.aborted, IsEmpty());
  EXPECT_EQ(aligner.onBarrier(1, 5).complete, 5U);
  EXPECT_FALSE(aligner.onBarrier(0, 5).complete.has_value()) << "completed once";
}

TEST(BarrierAlignerTest, CancellationAbortsAndLateBarriersOfItAreIgnored) {
  BarrierAligner aligner(2, true);
  aligner.onBarrier(0, 1);
  const auto cancelled = aligner.onCancel(1);
  EXPECT_THAT(cancelled.aborted, ElementsAre(1));
  EXPECT_TRUE(cancelled.unblockAll);
  EXPECT_FALSE(aligner.onBarrier(1, 1).complete.has_value());
  EXPECT_THAT(aligner.onCancel(1).aborted, IsEmpty());
  EXPECT_TRUE(aligner.onBarrier(1, 2).blockChannel);
}

TEST(BarrierAlignerTest, CancellationOfANewerOneEndsTheOlderToo) {
  BarrierAligner aligner(2, true);
  aligner.onBarrier(0, 1);
  EXPECT_THAT(aligner.onCancel(2).aborted, ElementsAre(1, 2));
  EXPECT_FALSE(aligner.onBarrier(1, 1).blockChannel);
}

TEST(BarrierAlignerTest, EndedChannelCountsAsDelivered) {
  BarrierAligner aligner(3, true);
  aligner.onBarrier(0, 1);
  EXPECT_FALSE(aligner.onChannelEnded(1).complete.has_value());
  EXPECT_EQ(aligner.onChannelEnded(2).complete, 1U);
  EXPECT_EQ(aligner.onBarrier(0, 2).complete, 2U);
}

TEST(BarrierAlignerTest, ChannelThatDeliveredAndEndedIsCountedOnce) {
  BarrierAligner aligner(3, true);
  aligner.onBarrier(0, 1);
  aligner.onChannelEnded(0);
  EXPECT_FALSE(aligner.onBarrier(1, 1).complete.has_value());
  EXPECT_EQ(aligner.onBarrier(2, 1).complete, 1U);
}

TEST(BarrierAlignerTest, AtLeastOnceBlocksNothingAndKeepsSeveralUnderWay) {
  BarrierAligner aligner(2, false);
  EXPECT_FALSE(aligner.onBarrier(0, 1).blockChannel);
  EXPECT_FALSE(aligner.onBarrier(0, 2).blockChannel);
  EXPECT_EQ(aligner.onBarrier(1, 1).complete, 1U);
  EXPECT_EQ(aligner.onBarrier(1, 2).complete, 2U);
}

TEST(BarrierAlignerTest, AtLeastOnceCompletionSupersedesOlderOnes) {
  BarrierAligner aligner(2, false);
  aligner.onBarrier(0, 1);
  aligner.onBarrier(0, 2);
  const auto decision = aligner.onBarrier(1, 2);
  EXPECT_EQ(decision.complete, 2U);
  EXPECT_THAT(decision.aborted, ElementsAre(1));
  EXPECT_FALSE(aligner.onBarrier(1, 1).complete.has_value());
}

/// Whatever comes in whatever order: ids complete rising and once, none that was aborted, and no
/// channel stays blocked without an alignment under way.
TEST(BarrierAlignerTest, RandomEventsKeepTheInvariants) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const auto rng = makeSeededRng(seed);
    const std::size_t n = 1 + rng->below(4);
    const bool exactlyOnce = rng->below(2) == 0;
    BarrierAligner aligner(n, exactlyOnce);
    std::vector<std::uint64_t> next(n, 1);
    std::vector<bool> blocked(n, false), ended(n, false);
    std::uint64_t last = 0;
    std::set<std::uint64_t> aborted;
    for (int step = 0; step < 200; ++step) {
      const std::size_t channel = rng->below(n);
      if (blocked[channel] || ended[channel]) continue;
      BarrierAligner::Decision decision;
      const std::uint64_t what = rng->below(20);
      if (what == 0) {
        decision = aligner.onChannelEnded(channel);
        ended[channel] = true;
      } else if (what == 1) {
        decision = aligner.onCancel(next[channel]++);
      } else {
        decision = aligner.onBarrier(channel, next[channel]);
        next[channel] += 1 + rng->below(2);
      }
      for (const std::uint64_t id : decision.aborted) {
        EXPECT_TRUE(aborted.insert(id).second || !exactlyOnce) << "seed " << seed;
      }
      if (decision.unblockAll) blocked.assign(n, false);
      if (decision.blockChannel) blocked[channel] = true;
      if (decision.complete) {
        EXPECT_GT(*decision.complete, last) << "seed " << seed;
        EXPECT_EQ(aborted.count(*decision.complete), 0U) << "seed " << seed;
        last = *decision.complete;
      }
      if (!aligner.isAligning()) {
        EXPECT_THAT(blocked, ::testing::Each(false)) << "seed " << seed;
      }
    }
  }
}

}  // namespace
}  // namespace flink::task
