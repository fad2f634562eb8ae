#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataflow/state/keyed_state.h"
#include "state_harness.h"

namespace flink::state {
namespace {

using Config = StateTtlConfig;
using std::chrono::milliseconds;

class StateTtlTest : public testing::Test {
 protected:
  static Config::Builder ttl(int ms) {
    Config::Builder builder = Config::newBuilder(milliseconds(ms));
    return builder.disableCleanupInBackground();
  }
  template <class Descriptor>
  static Descriptor withTtl(Descriptor descriptor, const Config& config) {
    descriptor.enableTimeToLive(config);
    return descriptor;
  }
  std::map<int, int> entries(MapState<int, int>& map) {
    std::map<int, int> all;
    for (const auto& [key, value] : map.entries()) all[key] = value;
    return all;
  }

  StandingClock clock_;
  Keyed<std::string> keyed_{clock_};
};

TEST_F(StateTtlTest, DefaultsDoNotStandForWhatIsOver) {
  auto state = keyed_.state(withTtl(ValueStateDescriptor<int>("s", 7), ttl(100).build()));
  keyed_.at("a");
  EXPECT_EQ(state.value(), std::nullopt);
  EXPECT_EQ(++state.modify(), 1);
  clock_.ms = 100;
  EXPECT_EQ(state.value(), std::nullopt);
}

TEST_F(StateTtlTest, ReadsDoNotProlongAndTheBoundaryBelongsToTheDead) {
  auto state = keyed_.state(withTtl(ValueStateDescriptor<int>("s"), ttl(100).build()));
  keyed_.at("a");
  state.update(1);
  clock_.ms = 99;
  EXPECT_EQ(state.value(), 1);
  clock_.ms = 100;
  EXPECT_EQ(state.value(), std::nullopt);
  state.update(2);
  clock_.ms = 199;
  EXPECT_EQ(*state.peek(), 2);
  state.modify() += 1;
  clock_.ms = 298;
  EXPECT_EQ(state.value(), 3);
  clock_.ms = 299;
  EXPECT_EQ(state.modify(), 0);
}

TEST_F(StateTtlTest, ReadsProlongLivesButReviveNobody) {
  const Config config = ttl(100).updateTtlOnReadAndWrite().build();
  auto value = keyed_.state(withTtl(ValueStateDescriptor<int>("v"), config));
  auto map = keyed_.state(withTtl(MapStateDescriptor<int, int>("m"), config));
  auto list = keyed_.state(withTtl(ListStateDescriptor<int>("l"), config));
  keyed_.at("a");
  value.update(1);
  map.put(1, 1);
  map.put(2, 2);
  list.add(1);
  clock_.ms = 90;
  EXPECT_EQ(value.value(), 1);
  EXPECT_TRUE(map.contains(1));
  EXPECT_EQ(list.get().toVector(), std::vector<int>{1});
  clock_.ms = 180;
  EXPECT_EQ(value.value(), 1);
  EXPECT_EQ(entries(map), (std::map<int, int>{{1, 1}}));
  EXPECT_EQ(list.get().toVector(), std::vector<int>{1});
  clock_.ms = 280;
  EXPECT_EQ(value.value(), std::nullopt);
  EXPECT_TRUE(entries(map).empty());
  EXPECT_TRUE(list.get().empty());
}

TEST_F(StateTtlTest, ElementsOfCollectionsDieOneByOne) {
  auto list = keyed_.state(withTtl(ListStateDescriptor<int>("l"), ttl(100).build()));
  auto map = keyed_.state(withTtl(MapStateDescriptor<int, int>("m"), ttl(100).build()));
  keyed_.at("a");
  list.add(1);
  map.put(1, 10);
  map.put(2, 20);
  clock_.ms = 50;
  list.addAll(std::vector<int>{2, 3});
  map.put(2, 21);
  clock_.ms = 100;
  EXPECT_EQ(list.get().toVector(), (std::vector<int>{2, 3}));
  EXPECT_EQ(map.get(1), std::nullopt);
  EXPECT_EQ(map.get(2), 21);
  EXPECT_EQ(entries(map), (std::map<int, int>{{2, 21}}));
  clock_.ms = 150;
  EXPECT_TRUE(list.get().empty());
  EXPECT_FALSE(map.contains(2));
  EXPECT_TRUE(map.isEmpty());
}

TEST_F(StateTtlTest, ExpiredIsSeenOnceMoreWhereItMayBe) {
  const Config config = ttl(100).returnExpiredIfNotCleanedUp().build();
  auto value = keyed_.state(withTtl(ValueStateDescriptor<int>("v"), config));
  auto map = keyed_.state(withTtl(MapStateDescriptor<int, int>("m"), config));
  auto list = keyed_.state(withTtl(ListStateDescriptor<int>("l"), config));
  keyed_.at("a");
  value.update(1);
  map.put(1, 1);
  map.put(2, 2);
  list.add(1);
  clock_.ms = 60;
  list.add(2);
  clock_.ms = 100;
  EXPECT_EQ(value.value(), 1);
  EXPECT_EQ(value.value(), std::nullopt);
  EXPECT_EQ(map.get(1), 1);
  EXPECT_EQ(map.get(1), std::nullopt);
  EXPECT_EQ(entries(map), (std::map<int, int>{{2, 2}}));
  EXPECT_TRUE(entries(map).empty());
  EXPECT_EQ(list.get().toVector(), (std::vector<int>{1, 2}));  // until all have expired
  clock_.ms = 160;
  EXPECT_EQ(list.get().toVector(), (std::vector<int>{1, 2}));
  EXPECT_TRUE(list.get().empty());
}

TEST_F(StateTtlTest, AddRenewsTheWholeAggregateOrStartsAnew) {
  auto sum =
      keyed_.state(withTtl(ReducingStateDescriptor<int>("sum", std::plus<>()), ttl(100).build()));
  keyed_.at("a");
  sum.add(1);
  clock_.ms = 90;
  sum.add(2);
  clock_.ms = 180;
  EXPECT_EQ(sum.get(), 3);
  clock_.ms = 190;
  sum.add(5);
  EXPECT_EQ(sum.get(), 5);
}

TEST_F(StateTtlTest, IncrementalCleanupRemovesWhatNobodyReads) {
  auto state = keyed_.state(
      withTtl(ValueStateDescriptor<int>("s"),
              Config::newBuilder(milliseconds(100)).cleanupIncrementally(5, false).build()));
  auto perRecord = keyed_.state(
      withTtl(MapStateDescriptor<int, int>("m"),
              Config::newBuilder(milliseconds(100)).cleanupIncrementally(5, true).build()));
  for (int i = 0; i < 1000; ++i) {
    keyed_.at(std::to_string(i));
    state.update(i);
    perRecord.put(1, i);
  }
  clock_.ms = 100;
  for (int i = 0; i < 2000; ++i) {
    keyed_.at("other" + std::to_string(i % 10));
    (void)state.value();
  }
  EXPECT_EQ(keyed_->figures()[0].numEntries, 0);
  EXPECT_EQ(keyed_->figures()[1].numEntries, 1000);
  for (int i = 0; i < 2000; ++i) keyed_->cleanupAfterRecord();
  EXPECT_EQ(keyed_->figures()[1].numEntries, 0);
}

TEST_F(StateTtlTest, CleanupDoesNotTakeTheEntryBeingRead) {
  auto state =
      keyed_.state(withTtl(ValueStateDescriptor<int>("s"), Config::newBuilder(milliseconds(100))
                                                               .returnExpiredIfNotCleanedUp()
                                                               .cleanupIncrementally(1, false)
                                                               .build()));
  keyed_.at("a");
  state.update(1);
  clock_.ms = 100;
  (void)state.value();
  EXPECT_EQ(state.value(), std::nullopt);
}

TEST_F(StateTtlTest, LastAccessIsInTheSnapshotAndTheTimeToLiveIsNot) {
  const auto descriptor = [&](int ms) {
    return withTtl(MapStateDescriptor<int, int>("m"), ttl(ms).build());
  };
  auto map = keyed_.state(descriptor(100));
  keyed_.at("a");
  map.put(1, 1);
  clock_.ms = 50;
  map.put(2, 2);
  const Blocks blocks = keyed_.snapshot(1, SnapshotMode::kBase);
  clock_.ms = 120;
  Keyed<std::string> restored(clock_);
  restored.restore(blocks);
  auto again = restored.at("a").state(descriptor(100));
  EXPECT_EQ(entries(again), (std::map<int, int>{{2, 2}}));
  Keyed<std::string> longer(clock_);
  longer.restore(blocks);
  auto more = longer.at("a").state(descriptor(1000));
  EXPECT_EQ(entries(more).size(), 2U);
}

TEST_F(StateTtlTest, TimeToLiveMayBeAddedAndRemoved) {
  const ListStateDescriptor<std::string> plain("l");
  const auto mortal = withTtl(plain, ttl(100).build());
  auto list = keyed_.at("a").state(plain);
  list.add("x");
  const Blocks withoutTimes = keyed_.snapshot(1, SnapshotMode::kBase);
  clock_.ms = 1000;
  Keyed<std::string> second(clock_);
  second.restore(withoutTimes);
  auto added = second.at("a").state(mortal);
  EXPECT_EQ(added.get().size(), 1U);
  const Blocks withTimes = second.snapshot(2, SnapshotMode::kBase);
  clock_.ms = 5000;
  EXPECT_TRUE(added.get().empty());
  Keyed<std::string> third(clock_);
  third.restore(withTimes);
  EXPECT_EQ(third.at("a").state(plain).get().toVector(), std::vector<std::string>{"x"});
}

TEST_F(StateTtlTest, FullSnapshotLeavesOutWhatHasExpired) {
  auto state =
      keyed_.state(withTtl(ValueStateDescriptor<int>("s"), ttl(100).cleanupFullSnapshot().build()));
  keyed_.at("a");
  state.update(1);
  clock_.ms = 100;
  keyed_.at("b");
  state.update(2);
  const Blocks blocks = keyed_.snapshot(1, SnapshotMode::kBase);
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks[0].first.numEntries, 1U);
}

TEST_F(StateTtlTest, ImpossibleConfigurationsAreRefused) {
  EXPECT_EQ(errorOf([] { Config::newBuilder(milliseconds(0)); }), "FLINK-GEN-002");
  EXPECT_EQ(errorOf([] { Config::newBuilder(milliseconds(1)).cleanupIncrementally(0, false); }),
            "FLINK-GEN-002");
  EXPECT_FALSE(Config().isEnabled());
}

}  // namespace
}  // namespace flink::state
