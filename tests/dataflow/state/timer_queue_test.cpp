#include "dataflow/state/timer_queue.h"

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/rng.h"
#include "state_harness.h"

namespace flink::state {
namespace {

using Key = std::string;
using Fired = std::vector<std::pair<Key, std::int64_t>>;

class TimerQueueTest : public testing::Test {
 protected:
  static Fired fire(TimerQueue& timers, std::int64_t upTo) {
    Fired fired;
    while (const DueTimer* timer = timers.poll(upTo)) {
      fired.emplace_back(*static_cast<const Key*>(timer->key), timer->time);
      EXPECT_EQ(timer->hash, types::keyHash(fired.back().first));
    }
    return fired;
  }

  StandingClock clock_;
  Keyed<Key> keyed_{clock_};
};

TEST_F(TimerQueueTest, FiresInTheOrderOfTimesThenOfRegistration) {
  TimerQueue& timers = keyed_.timers("event");
  EXPECT_TRUE(timers.empty());
  keyed_.at("b");
  timers.registerTimer({}, 30);
  timers.registerTimer({}, 10);
  keyed_.at("a");
  timers.registerTimer({}, 10);
  timers.registerTimer({}, 20);
  EXPECT_EQ(timers.peekTime(), 10);
  EXPECT_TRUE(fire(timers, 9).empty());
  EXPECT_EQ(fire(timers, 20), (Fired{{"b", 10}, {"a", 10}, {"a", 20}}));
  EXPECT_EQ(timers.size(), 1U);
}

TEST_F(TimerQueueTest, IsASetOfKeyNamespaceAndTime) {
  TimerQueue& timers = keyed_.timers("event");
  keyed_.at("a");
  EXPECT_TRUE(timers.registerTimer({}, 10));
  EXPECT_FALSE(timers.registerTimer({}, 10));
  EXPECT_TRUE(timers.registerTimer({1, 2}, 10));
  keyed_.at("b");
  EXPECT_TRUE(timers.registerTimer({}, 10));
  EXPECT_FALSE(timers.deleteTimer({1, 2}, 10));
  EXPECT_TRUE(timers.deleteTimer({}, 10));
  EXPECT_FALSE(timers.deleteTimer({}, 10));
  EXPECT_TRUE(keyed_.timers("processing").empty());
  EXPECT_EQ(fire(timers, std::numeric_limits<std::int64_t>::max()), (Fired{{"a", 10}, {"a", 10}}));
}

TEST_F(TimerQueueTest, TimersRegisteredWhileFiringTakePart) {
  TimerQueue& timers = keyed_.timers("event");
  keyed_.at("a");
  timers.registerTimer({}, 90);
  Fired fired;
  while (const DueTimer* timer = timers.poll(100)) {
    const std::int64_t time = timer->time;
    keyed_->setCurrentKey(timer->key, timer->hash);
    fired.emplace_back(*static_cast<const Key*>(timer->key), time);
    if (time == 90) {
      timers.registerTimer({}, 85);
      timers.registerTimer({}, 90);
      timers.registerTimer({}, 140);
    }
    if (fired.size() > 5) timers.deleteTimer({}, 90);
    if (fired.size() == 6) break;
  }
  EXPECT_EQ(fired, (Fired{{"a", 90}, {"a", 85}, {"a", 90}, {"a", 85}, {"a", 90}, {"a", 85}}));
  EXPECT_EQ(timers.peekTime(), 140);
}

TEST_F(TimerQueueTest, BehavesLikeASetUnderRandomUseAndRestores) {
  const std::unique_ptr<Rng> rng = makeSeededRng(3);
  auto current = std::make_unique<Keyed<Key>>(clock_);
  TimerQueue* timers = &current->timers("t");
  using Timer = std::tuple<std::int64_t, Key, std::uint64_t>;  // time, key, namespace
  std::set<Timer> model;
  Blocks chain;
  std::int64_t now = 0;
  for (SnapshotId id = 1; id < 60; ++id) {
    for (int step = 0; step < 2000; ++step) {
      const Key key = std::to_string(rng->below(200));
      const std::uint64_t space = rng->below(3);
      const std::int64_t time = now + static_cast<std::int64_t>(rng->below(300));
      current->at(key);
      if (rng->below(3) == 0) {
        ASSERT_EQ(timers->deleteTimer({space, 0}, time), model.erase({time, key, space}) == 1);
      } else {
        ASSERT_EQ(timers->registerTimer({space, 0}, time), model.insert({time, key, space}).second);
      }
    }
    now += 20;
    std::int64_t last = 0;
    while (const DueTimer* timer = timers->poll(now)) {
      ASSERT_GE(timer->time, last);
      last = timer->time;
      const Key& key = *static_cast<const Key*>(timer->key);
      ASSERT_EQ(model.erase({timer->time, key, timer->space.a}), 1U);
    }
    ASSERT_EQ(timers->size(), model.size());
    ASSERT_TRUE(model.empty() || std::get<0>(*model.begin()) == timers->peekTime());
    CollectingSink sink;
    const SnapshotPlan plan = (*current)->beginSnapshot(id, SnapshotMode::kDelta);
    while (!valueOrThrow((*current)->continueSnapshot(sink, 50))) {
    }
    (*current)->confirmSnapshot(id);
    if (plan.mode == SnapshotMode::kBase) chain.clear();
    chain.insert(chain.end(), sink.blocks.begin(), sink.blocks.end());
    if (rng->below(5) != 0) continue;
    current = std::make_unique<Keyed<Key>>(clock_);
    current->restore(chain);
    timers = &current->timers("t");
    chain.clear();
  }
}

TEST_F(TimerQueueTest, OrderOfRegistrationSurvivesARestore) {
  TimerQueue& timers = keyed_.timers("t");
  Fired expected;
  for (int i = 0; i < 100; ++i) {
    const Key key = std::to_string(i * 7919 % 100);
    keyed_.at(key);
    timers.registerTimer({}, 5);
    expected.emplace_back(key, 5);
  }
  const Blocks blocks = keyed_.snapshot(1, SnapshotMode::kComplete);
  Keyed<Key> restored(clock_);
  restored.restore(blocks);
  TimerQueue& again = restored.timers("t");
  restored.at("later");
  again.registerTimer({}, 5);
  expected.emplace_back("later", 5);
  EXPECT_EQ(fire(again, 5), expected);
}

TEST_F(TimerQueueTest, KeysOfOtherGroupsStayBehind) {
  TimerQueue& timers = keyed_.timers("t");
  for (int i = 0; i < 1000; ++i) {
    keyed_.at(std::to_string(i));
    timers.registerTimer({}, i);
  }
  const Blocks blocks = keyed_.snapshot(1, SnapshotMode::kBase);
  std::size_t total = 0;
  for (const types::KeyGroupRange part : {types::KeyGroupRange{0, 41}, {42, 84}, {85, 127}}) {
    Keyed<Key> restored(clock_, part);
    restored.restore(blocks);
    TimerQueue& some = restored.timers("t");
    EXPECT_GT(some.size(), 200U);
    total += some.size();
  }
  EXPECT_EQ(total, 1000U);
}

}  // namespace
}  // namespace flink::state
