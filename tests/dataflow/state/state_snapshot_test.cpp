#include "dataflow/state/snapshot.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/rng.h"
#include "state_harness.h"

namespace flink::state {
namespace {

using Key = std::string;
using Model = std::map<std::pair<Key, std::uint64_t>, std::string>;

const ValueStateDescriptor<std::string> kText("text");
const MapStateDescriptor<int, std::string> kMap("map");

class StateSnapshotTest : public testing::Test {
 protected:
  /// Everything that `blocks` restore to, key by key.
  Model contentOf(const Blocks& blocks, const Model& asked, types::KeyGroupRange range = {0, 127}) {
    Keyed<Key> restored(clock_, range);
    restored.restore(blocks);
    auto state = restored.state(kText, StateLayout::kWithNamespace);
    Model content;
    for (const auto& [place, unused] : asked) {
      restored.at(place.first);
      state.column().setCurrentNamespace({place.second, 0});
      if (auto value = state.value()) content[place] = *value;
    }
    // Nothing beside what was asked for.
    EXPECT_EQ(restored->figures().front().numEntries, static_cast<std::int64_t>(content.size()));
    return content;
  }

  StandingClock clock_;
};

/// Changes state at random while snapshots are written, confirmed and aborted at random, and checks
/// that each confirmed chain restores what there was at its barrier.
class Scenario {
 public:
  Scenario(std::uint64_t seed, const Clock& clock, StateLayout layout)
      : rng_(makeSeededRng(seed)),
        clock_(clock),
        layout_(layout),
        keyed_(std::make_unique<Keyed<Key>>(clock)) {
    state_ = keyed_->state(kText, layout_);
  }

  void change() {
    const Key key = std::to_string(rng_->below(numKeys_));
    const std::uint64_t space = rng_->below(4) == 0 ? 1 : 0;
    keyed_->at(key);
    state_.column().setCurrentNamespace({space, 0});
    seen_[{key, space}];
    if (layout_ == StateLayout::kNamespaceMajor && rng_->below(400) == 0) {
      state_.column().byNamespace()->drop({space, 0});
      std::erase_if(model_, [&](const auto& entry) { return entry.first.second == space; });
      return;
    }
    if (rng_->below(3) == 0) {
      state_.clear();
      model_.erase({key, space});
    } else {
      const std::string value = std::to_string(rng_->next());
      state_.update(value);
      model_[{key, space}] = value;
    }
  }

  /// One snapshot from its barrier to its end. True when it was written whole.
  bool snapshot(SnapshotMode mode) {
    const SnapshotId id = nextId_++;
    const SnapshotPlan plan = (*keyed_)->beginSnapshot(id, mode);
    const Model atBarrier = model_;
    CollectingSink sink;
    while (!valueOrThrow((*keyed_)->continueSnapshot(sink, 1 + rng_->below(200)))) {
      for (std::uint64_t i = rng_->below(100); i > 0; --i) change();
      if (rng_->below(200) == 0) {
        (*keyed_)->abortSnapshot(id);
        return false;
      }
    }
    Blocks blocks;
    if (plan.mode == SnapshotMode::kDelta) blocks = chains_.at(plan.basedOn);
    numDeltas += plan.mode == SnapshotMode::kDelta ? 1 : 0;
    blocks.insert(blocks.end(), sink.blocks.begin(), sink.blocks.end());
    written_.emplace_back(id, mode);
    chains_[id] = std::move(blocks);
    barriers_[id] = atBarrier;
    return true;
  }

  /// Lets one of the written snapshots be confirmed or aborted.
  void decide() {
    if (written_.empty()) return;
    const std::size_t which = rng_->below(written_.size());
    const auto [id, mode] = written_[which];
    written_.erase(written_.begin() + static_cast<std::ptrdiff_t>(which));
    if (rng_->below(3) == 0) {
      (*keyed_)->abortSnapshot(id);
    } else {
      (*keyed_)->confirmSnapshot(id);
      last_ = id;
    }
  }

  /// Goes on from a snapshot, as after a failure.
  void fail() {
    if (last_ == 0) return;
    keyed_ = std::make_unique<Keyed<Key>>(clock_);
    keyed_->restore(chains_.at(last_));
    if (rng_->below(2) == 0) {  // carried along, then asked for
      const SnapshotId id = nextId_++;
      chains_[id] = keyed_->snapshot(id, SnapshotMode::kDelta);
      barriers_[id] = barriers_.at(last_);
      if (rng_->below(2) == 0) (*keyed_)->confirmSnapshot(id);
    }
    state_ = keyed_->state(kText, layout_);
    model_ = barriers_.at(last_);
    written_.clear();
  }

  [[nodiscard]] const std::map<SnapshotId, Blocks>& chains() const { return chains_; }
  [[nodiscard]] const Model& barrier(SnapshotId id) const { return barriers_.at(id); }
  [[nodiscard]] const Model& everSeen() const { return seen_; }
  Rng& rng() { return *rng_; }
  int numDeltas = 0;

 private:
  std::unique_ptr<Rng> rng_;
  const Clock& clock_;
  StateLayout layout_;
  std::unique_ptr<Keyed<Key>> keyed_;
  ValueState<std::string> state_;
  Model model_;
  Model seen_;
  std::uint64_t numKeys_ = 3000;
  SnapshotId nextId_ = 1;
  SnapshotId last_ = 0;
  std::map<SnapshotId, Blocks> chains_;
  std::map<SnapshotId, Model> barriers_;
  std::vector<std::pair<SnapshotId, SnapshotMode>> written_;
};

class EveryChain : public StateSnapshotTest, public testing::WithParamInterface<StateLayout> {};

INSTANTIATE_TEST_SUITE_P(StateSnapshotTest, EveryChain,
                         testing::Values(StateLayout::kWithNamespace,
                                         StateLayout::kNamespaceMajor));

TEST_P(EveryChain, RestoresWhatWasThereAtItsBarrier) {
  int numDeltas = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Scenario scenario(seed, clock_, GetParam());
    for (int round = 0; round < 25; ++round) {
      for (std::uint64_t i = scenario.rng().below(800); i > 0; --i) scenario.change();
      const std::uint64_t mode = scenario.rng().below(8);
      scenario.snapshot(mode == 0   ? SnapshotMode::kBase
                        : mode == 1 ? SnapshotMode::kComplete
                                    : SnapshotMode::kDelta);
      if (scenario.rng().below(3) != 0) scenario.decide();
      if (scenario.rng().below(12) == 0) scenario.fail();
    }
    for (const auto& [id, blocks] : scenario.chains()) {
      ASSERT_EQ(contentOf(blocks, scenario.everSeen()), scenario.barrier(id)) << "snapshot " << id;
    }
    numDeltas += scenario.numDeltas;
  }
  EXPECT_GT(numDeltas, 50);
}

TEST_F(StateSnapshotTest, TheSmallestStepsGetDoneToo) {
  Keyed<Key> keyed(clock_);
  auto state = keyed.state(kText);
  constexpr int kKeys = 300;
  for (int i = 0; i < kKeys; ++i) {
    keyed.at(std::to_string(i));
    state.update("value");
  }
  CollectingSink sink;
  keyed->beginSnapshot(1, SnapshotMode::kBase);
  int steps = 1;
  while (steps < 10 * kKeys && !valueOrThrow(keyed->continueSnapshot(sink, 1))) ++steps;
  EXPECT_LT(steps, 10 * kKeys);
  EXPECT_FALSE(keyed->isSnapshotPending());
}

TEST_F(StateSnapshotTest, DeltaHoldsWhatChangedAndBasesReturnWhenDeltasGrow) {
  Keyed<Key> keyed(clock_);
  auto state = keyed.state(kText);
  const auto write = [&](int from, int to) {
    for (int i = from; i < to; ++i) {
      keyed.at(std::to_string(i));
      state.update("value " + std::to_string(i));
    }
  };
  const auto entriesIn = [](const Blocks& blocks) {
    std::uint64_t sum = 0;
    for (const auto& [info, content] : blocks) sum += info.numEntries;
    return sum;
  };
  write(0, 20000);
  EXPECT_EQ(entriesIn(keyed.snapshot(1, SnapshotMode::kDelta)), 20000U);  // nothing to build on
  keyed->confirmSnapshot(1);
  write(0, 100);
  keyed.at("5");
  state.clear();
  keyed.at("new");
  state.update("x");
  state.clear();  // never written: nothing to remove
  EXPECT_EQ(entriesIn(keyed.snapshot(2, SnapshotMode::kDelta)), 100U);
  keyed->abortSnapshot(2);
  write(200, 210);
  EXPECT_EQ(entriesIn(keyed.snapshot(3, SnapshotMode::kDelta)), 110U);
  keyed->confirmSnapshot(3);
  EXPECT_EQ(entriesIn(keyed.snapshot(4, SnapshotMode::kComplete)), 19999U);
  auto list = keyed.state(ListStateDescriptor<int>("list"));
  list.add(1);
  EXPECT_EQ(entriesIn(keyed.snapshot(5, SnapshotMode::kDelta)), 1U);
  keyed->confirmSnapshot(5);
  list.update({2, 3});  // replaced, not removed and made again
  EXPECT_EQ(entriesIn(keyed.snapshot(55, SnapshotMode::kDelta)), 1U);
  keyed->confirmSnapshot(55);
  write(0, 12000);
  EXPECT_EQ(entriesIn(keyed.snapshot(6, SnapshotMode::kDelta)), 12000U);
  keyed->confirmSnapshot(6);
  EXPECT_EQ(keyed->beginSnapshot(7, SnapshotMode::kDelta).mode, SnapshotMode::kBase);
}

TEST_F(StateSnapshotTest, WholeNamespacesAreVisitedInPartsAndDropped) {
  Keyed<Key> keyed(clock_);
  auto state = keyed.state(kText, StateLayout::kNamespaceMajor);
  for (int i = 0; i < 20000; ++i) {
    keyed.at(std::to_string(i));
    state.column().setCurrentNamespace({static_cast<std::uint64_t>(i % 2), 9});
    keyed->prefetch(types::keyHash(std::to_string(i)));
    state.update(std::to_string(i));
  }
  NamespaceTables& tables = *state.column().byNamespace();
  EXPECT_EQ(tables.namespaces(), (std::vector<Namespace>{{0, 9}, {1, 9}}));
  Model seen;
  NamespaceTables::Cursor cursor;
  int numParts = 1;
  while (
      !tables.visit({1, 9}, cursor, 777, [&](const void* key, types::KeyHash, const void* value) {
        seen[{*static_cast<const Key*>(key), 1}] = *static_cast<const std::string*>(value);
      })) {
    ++numParts;
  }
  EXPECT_EQ(numParts, 13);
  EXPECT_EQ(seen.size(), 10000U);
  EXPECT_EQ((seen[{"77", 1}]), "77");
  tables.drop({1, 9});
  EXPECT_EQ(tables.numEntries({1, 9}), 0U);
  EXPECT_EQ(state.value(), std::nullopt);
  EXPECT_EQ(tables.namespaces(), (std::vector<Namespace>{{0, 9}}));
  state.column().setCurrentNamespace({0, 9});
  keyed.at("4");
  EXPECT_EQ(state.value(), "4");
}

TEST_F(StateSnapshotTest, KeyGroupsDivideTheBlocksOfOneSnapshot) {
  Keyed<Key> keyed(clock_);
  auto state = keyed.state(kText, StateLayout::kWithNamespace);
  Model model;
  for (int i = 0; i < 30000; ++i) {
    keyed.at(std::to_string(i));
    state.update(std::string(20, 'x'));
    model[{std::to_string(i), 0}] = std::string(20, 'x');
  }
  const Blocks blocks = keyed.snapshot(1, SnapshotMode::kBase);
  EXPECT_GT(blocks.size(), 4U);
  std::size_t total = 0;
  for (const types::KeyGroupRange part : {types::KeyGroupRange{0, 41}, {42, 84}, {85, 127}}) {
    total += contentOf(blocks, model, part).size();
  }
  EXPECT_EQ(total, model.size());
}

TEST_F(StateSnapshotTest, CollectionsSurvive) {
  Keyed<Key> keyed(clock_);
  auto map = keyed.state(kMap);
  auto list = keyed.state(ListStateDescriptor<std::pair<int, std::string>>("list"));
  keyed.at("a");
  for (int i = 0; i < 100; ++i) map.put(i, std::to_string(i));
  list.add({1, "one"});
  Keyed<Key> restored(clock_);
  restored.restore(keyed.snapshot(1, SnapshotMode::kComplete));
  auto again = restored.state(kMap);
  restored.at("a");
  EXPECT_EQ(again.entries().size(), 100U);
  EXPECT_EQ(again.get(99), "99");
  EXPECT_EQ(restored.state(ListStateDescriptor<std::pair<int, std::string>>("list")).get()[0],
            (std::pair<int, std::string>(1, "one")));
}

TEST_F(StateSnapshotTest, OtherTypesAreRefusedByTheStatesName) {
  Keyed<Key> keyed(clock_);
  keyed.at("a").state(kText).update("x");
  const Blocks blocks = keyed.snapshot(1, SnapshotMode::kBase);
  Keyed<Key> restored(clock_);
  restored.restore(blocks);
  const auto refused = makeState(*restored, ValueStateDescriptor<int>("text"));
  EXPECT_EQ(refused.status().id(), "FLINK-STA-003");
  EXPECT_NE(refused.status().message().find("state=text wanted=int"), std::string::npos)
      << refused.status().message();
  Keyed<std::int64_t> otherKeys(clock_);
  EXPECT_EQ(otherKeys->restoreBlock(blocks[0].first, asBytes(blocks[0].second)).id(),
            "FLINK-STA-003");
}

TEST_F(StateSnapshotTest, AFailingSinkEndsTheSnapshotAndNothingIsLost) {
  class FullSink final : public SnapshotSink {
   public:
    Status writeBlock(const BlockInfo&, ByteView) override {
      CollectingSink empty;
      LimitedSnapshotSink limited(empty, 0);
      return limited.writeBlock({BlockKind::kKeyedBase, "text", 0, 0, 1}, asBytes("x"));
    }
  } full;
  Keyed<Key> keyed(clock_);
  keyed.at("a").state(kText).update("x");
  keyed->beginSnapshot(1, SnapshotMode::kBase);
  const auto failed = keyed->continueSnapshot(full, 100);
  EXPECT_EQ(failed.status().id(), "FLINK-STA-004");
  EXPECT_NE(failed.status().message().find("Size of the state is larger than the maximum permitted "
                                           "memory-backed state. Size=1, maxSize=0."),
            std::string::npos);
  EXPECT_FALSE(keyed->isSnapshotPending());
  EXPECT_EQ(keyed.snapshot(2, SnapshotMode::kDelta).size(), 1U);
}

TEST_F(StateSnapshotTest, DamagedBlocksEndInErrorsNotInCrashes) {
  Keyed<Key> keyed(clock_);
  auto map = keyed.state(kMap, StateLayout::kWithNamespace);
  TimerQueue& timers = keyed.timers("timers");
  for (int i = 0; i < 20; ++i) {
    keyed.at("key" + std::to_string(i));
    for (int j = 0; j < i; ++j) map.put(j, "value");
    timers.registerTimer({1, 2}, i);
  }
  const Blocks blocks = keyed.snapshot(1, SnapshotMode::kBase);
  ASSERT_EQ(blocks.size(), 2U);
  const auto tryAll = [&](const BlockInfo& info, const std::string& content) {
    Keyed<Key> restored(clock_);
    if (!restored->restoreBlock(info, asBytes(content)).isOk()) return false;
    const bool mapIsOk = makeState(*restored, kMap, StateLayout::kWithNamespace).isOk();
    return restored->timerQueue("timers").isOk() && mapIsOk;
  };
  const std::unique_ptr<Rng> rng = makeSeededRng(5);
  for (const auto& [info, content] : blocks) {
    ASSERT_TRUE(tryAll(info, content));
    for (std::size_t length = 0; length < content.size(); ++length) {
      ASSERT_FALSE(tryAll(info, content.substr(0, length))) << length;
    }
    ASSERT_FALSE(tryAll(info, content + '\0'));
    for (int i = 0; i < 3000; ++i) {
      std::string damaged = content;
      for (std::uint64_t n = 1 + rng->below(3); n > 0; --n)
        damaged[rng->below(damaged.size())] = static_cast<char>(rng->next());
      (void)tryAll(info, damaged);
    }
  }
}

}  // namespace
}  // namespace flink::state
