#include "dataflow/state/keyed_state.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/rng.h"
#include "state_harness.h"

namespace flink::state {
namespace {

using Key = std::string;

struct Average {
  struct Sum {
    std::int64_t sum = 0;
    std::int64_t count = 0;
  };
  Sum createAccumulator() const { return {}; }
  void add(const std::int64_t& value, Sum& sum) const {
    sum.sum += value;
    ++sum.count;
  }
  double getResult(const Sum& sum) const {
    return static_cast<double>(sum.sum) / static_cast<double>(sum.count);
  }
  Sum merge(const Sum& a, const Sum& b) const { return {a.sum + b.sum, a.count + b.count}; }
};

/// Keeps text and returns the new accumulator, and cannot merge.
struct Concatenation {
  std::string createAccumulator() const { return "<"; }
  std::string add(int value, const std::string& text) const {
    return text + std::to_string(value) + " ";
  }
  std::string getResult(const std::string& text) const { return text + ">"; }
};

class KeyedStateTest : public testing::Test {
 protected:
  StandingClock clock_;
  Keyed<Key> keyed_{clock_};
};

TEST_F(KeyedStateTest, ValueIsPerKeyAndNothingAtFirst) {
  auto count = keyed_.state(ValueStateDescriptor<std::int64_t>("count"));
  keyed_.at("a");
  EXPECT_EQ(count.value(), std::nullopt);
  EXPECT_EQ(count.peek(), nullptr);
  count.update(5);
  count.modify() += 2;
  keyed_.at("b");
  EXPECT_EQ(count.value(), std::nullopt);
  count.modify() += 1;
  EXPECT_EQ(count.value(), 1);
  keyed_.at("a");
  EXPECT_EQ(count.value(), 7);
  count.update(std::nullopt);
  EXPECT_EQ(count.value(), std::nullopt);
  count.update(1);
  count.clear();
  EXPECT_EQ(count.peek(), nullptr);
}

TEST_F(KeyedStateTest, DefaultStandsForWhatWasNotWritten) {
  auto count = keyed_.state(ValueStateDescriptor<std::int64_t>("count", 10));
  keyed_.at("a");
  EXPECT_EQ(count.value(), 10);
  EXPECT_EQ(count.peek(), nullptr);
  EXPECT_EQ(++count.modify(), 11);
  EXPECT_EQ(count.value(), 11);
}

TEST_F(KeyedStateTest, ListKeepsOrderAndKnowsNoNull) {
  auto list = keyed_.state(ListStateDescriptor<std::string>("list"));
  keyed_.at("a");
  EXPECT_TRUE(list.get().empty());
  list.addAll(std::vector<std::string>{});
  EXPECT_EQ(list.column().find(), nullptr);
  list.add("x");
  list.addAll(std::vector<std::string>{"y", "z"});
  EXPECT_EQ(list.get().toVector(), (std::vector<std::string>{"x", "y", "z"}));
  EXPECT_EQ(list.get()[1], "y");
  list.update({"1"});
  EXPECT_EQ(list.get().toVector(), std::vector<std::string>{"1"});
  EXPECT_EQ(errorOf([&] { list.add(std::optional<std::string>()); }), "FLINK-GEN-002");
  EXPECT_EQ(errorOf([&] { list.update(std::optional<std::vector<std::string>>()); }),
            "FLINK-GEN-002");
  list.update(std::vector<std::string>{});
  EXPECT_TRUE(list.get().empty());
}

TEST_F(KeyedStateTest, MapWritesThroughEntriesAndIterator) {
  auto map = keyed_.state(MapStateDescriptor<int, std::optional<int>>("map"));
  keyed_.at("a");
  EXPECT_TRUE(map.isEmpty());
  EXPECT_TRUE(map.entries().empty());
  for (int i = 0; i < 20; ++i) map.put(i, 2 * i);
  map.put(7, std::nullopt);
  EXPECT_TRUE(map.contains(7));
  EXPECT_EQ(map.get(7), std::optional<std::optional<int>>(std::in_place, std::nullopt));
  EXPECT_FALSE(map.contains(20));
  for (auto it = map.iterator(); it.hasNext();) {
    if (it.next().getKey() % 2 == 1) it.remove();
  }
  for (const auto& entry : map.entries()) entry.setValue(*entry.getValue() + 1);
  std::map<int, int> seen;
  for (const auto& [key, value] : map.entries()) seen[key] = *value;
  std::map<int, int> expected;
  for (int i = 0; i < 20; i += 2) expected[i] = 2 * i + 1;
  EXPECT_EQ(seen, expected);
  std::vector<int> keys = map.keys();
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(keys.size(), 10U);
  EXPECT_EQ(map.values().size(), 10U);
  for (const int key : keys) map.remove(key);
  EXPECT_TRUE(map.isEmpty());
}

TEST_F(KeyedStateTest, ReducingStoresTheFirstValueAsItIs) {
  auto state = keyed_.state(
      ReducingStateDescriptor<int>("reducing", [](int a, int b) { return a * 10 + b; }));
  keyed_.at("a");
  EXPECT_EQ(state.get(), std::nullopt);
  state.add(4);
  EXPECT_EQ(state.get(), 4);
  state.add(2);
  EXPECT_EQ(state.get(), 42);
}

TEST_F(KeyedStateTest, AggregatingGivesResultsOfItsAccumulator) {
  auto average = keyed_.state(
      AggregatingStateDescriptor<std::int64_t, Average::Sum, double>("average", Average()));
  auto text = keyed_.state(
      AggregatingStateDescriptor<int, std::string, std::string>("text", Concatenation()));
  keyed_.at("a");
  EXPECT_EQ(average.get(), std::nullopt);
  average.add(1);
  average.add(2);
  EXPECT_EQ(average.get(), 1.5);
  text.add(1);
  text.add(2);
  EXPECT_EQ(text.get(), "<1 2 >");
  EXPECT_EQ(text.get(), "<1 2 >");
}

TEST_F(KeyedStateTest, NamespacesAreApartAndMerge) {
  const Namespace early{1, 10};
  const Namespace late{10, 20};
  auto sum =
      keyed_.state(ReducingStateDescriptor<int>("sum", std::plus<>()), StateLayout::kWithNamespace);
  auto list = keyed_.state(ListStateDescriptor<int>("list"), StateLayout::kWithNamespace);
  auto average = keyed_.state(
      AggregatingStateDescriptor<std::int64_t, Average::Sum, double>("average", Average()),
      StateLayout::kWithNamespace);
  auto text = keyed_.state(
      AggregatingStateDescriptor<int, std::string, std::string>("text", Concatenation()),
      StateLayout::kWithNamespace);
  keyed_.at("a");
  for (const auto& [space, value] : {std::pair{early, 1}, std::pair{late, 2}}) {
    sum.column().setCurrentNamespace(space);
    list.column().setCurrentNamespace(space);
    average.column().setCurrentNamespace(space);
    text.column().setCurrentNamespace(space);
    EXPECT_EQ(sum.get(), std::nullopt);
    sum.add(value);
    list.add(value);
    average.add(value);
    text.add(value);
  }
  sum.mergeNamespaces(early, late);
  list.mergeNamespaces(early, late);
  average.mergeNamespaces(early, late);
  EXPECT_EQ(errorOf([&] { text.mergeNamespaces(early, late); }), "FLINK-GEN-003");
  EXPECT_EQ(sum.get(), 3);
  EXPECT_EQ(list.get().toVector(), (std::vector<int>{1, 2}));
  EXPECT_EQ(average.get(), 1.5);
  sum.column().setCurrentNamespace(late);
  EXPECT_EQ(sum.get(), std::nullopt);
  sum.mergeNamespaces(late, early);
  EXPECT_EQ(sum.get(), 3);
}

TEST_F(KeyedStateTest, AccessWithoutKeyOrStateIsRefused) {
  auto count = keyed_.state(ValueStateDescriptor<int>("count"));
  EXPECT_EQ(errorOf([&] { (void)count.value(); }), "FLINK-STA-001");
  EXPECT_EQ(errorOf([&] { count.update(1); }), "FLINK-STA-001");
  EXPECT_EQ(errorOf([&] { keyed_.timers("t").registerTimer({}, 1); }), "FLINK-STA-001");
  EXPECT_EQ(errorOf([&] { (void)ValueState<int>().value(); }), "FLINK-STA-002");
  EXPECT_EQ(errorOf([&] { (void)AggregatingState<int, int>().get(); }), "FLINK-STA-002");
  keyed_.at("a");
  count.update(1);
  keyed_->clearCurrentKey();
  EXPECT_EQ(errorOf([&] { (void)count.peek(); }), "FLINK-STA-001");
}

TEST_F(KeyedStateTest, OneNameIsOneState) {
  auto first = keyed_.state(ValueStateDescriptor<int>("s"));
  auto second = keyed_.state(ValueStateDescriptor<int>("s"));
  keyed_.at("a");
  first.update(3);
  EXPECT_EQ(second.value(), 3);
  EXPECT_EQ(errorOf([&] { keyed_.state(ValueStateDescriptor<std::int64_t>("s")); }),
            "FLINK-STA-003");
  EXPECT_EQ(errorOf([&] { keyed_.state(ListStateDescriptor<int>("s")); }), "FLINK-STA-003");
  EXPECT_EQ(errorOf([&] {
              keyed_.state(ReducingStateDescriptor<int>("s", [](int a, int) { return a; }));
            }),
            "FLINK-STA-003");
}

TEST_F(KeyedStateTest, AppliesToAllEntriesOfAllNamespaces) {
  auto count = keyed_.state(ValueStateDescriptor<int>("count"), state::StateLayout::kWithNamespace);
  std::map<std::pair<std::string, std::uint64_t>, int> written;
  for (int i = 0; i < 300; ++i) {
    const auto space = static_cast<std::uint64_t>(i % 3);
    keyed_.at("key" + std::to_string(i / 2));
    count.column().setCurrentNamespace({space, 0});
    count.update(i);
    written[{"key" + std::to_string(i / 2), space}] = i;
  }
  std::map<std::pair<std::string, std::uint64_t>, int> seen;
  keyed_->applyToAllEntries(count.column(), [&](const void* key, state::Namespace space) {
    seen[{*static_cast<const Key*>(key), space.a}] = *count.value();
  });
  EXPECT_EQ(seen, written);
}

TEST_F(KeyedStateTest, AppliesToAllKeysAndLetsThemChange) {
  auto count = keyed_.state(ValueStateDescriptor<int>("count"));
  auto other = keyed_.state(ValueStateDescriptor<int>("other"));
  keyed_.at("without");
  other.update(1);
  constexpr int kKeys = 50000;
  for (int i = 0; i < kKeys; ++i) {
    keyed_.at("key" + std::to_string(i));
    count.update(i);
  }
  std::map<std::string, int> seen;
  keyed_->applyToAllKeys(count.column(), {}, [&](const void* key) {
    seen[*static_cast<const Key*>(key)] = *count.value();
    other.update(7);
    if (*count.value() % 2 == 0) {
      count.clear();
    } else {
      count.modify() += 1;
    }
  });
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kKeys));
  EXPECT_EQ(seen["key17"], 17);
  EXPECT_EQ(errorOf([&] { (void)count.value(); }), "FLINK-STA-001");
  EXPECT_EQ(keyed_.at("key17").state(ValueStateDescriptor<int>("count")).value(), 18);
  EXPECT_EQ(other.value(), 7);
  keyed_.at("key18");
  EXPECT_EQ(count.value(), std::nullopt);
}

TEST_F(KeyedStateTest, BehavesLikeAMapUnderRandomUse) {
  const std::unique_ptr<Rng> rng = makeSeededRng(7);
  auto state = keyed_.state(ValueStateDescriptor<std::string>("s"), StateLayout::kWithNamespace);
  std::map<std::pair<Key, std::uint64_t>, std::string> model;
  for (int step = 0; step < 200000; ++step) {
    const Key key = std::to_string(rng->next() % 3000);
    const std::uint64_t space = rng->next() % 10 == 0 ? rng->next() % 200 : 0;
    keyed_.at(key);
    state.column().setCurrentNamespace({space, 0});
    const auto found = model.find({key, space});
    ASSERT_EQ(state.value(), found == model.end() ? std::nullopt : std::optional(found->second));
    if (rng->next() % 3 == 0) {
      state.clear();
      if (found != model.end()) model.erase(found);
    } else {
      const std::string value(rng->next() % 40, 'x');
      state.update(value);
      model[{key, space}] = value;
    }
  }
  EXPECT_EQ(keyed_->figures().front().numEntries, static_cast<std::int64_t>(model.size()));
  EXPECT_GT(keyed_->figures().front().numBytes, static_cast<std::int64_t>(model.size() * 32));
}

TEST_F(KeyedStateTest, OneKeyMayHaveManyNamespaces) {
  auto state = keyed_.state(ValueStateDescriptor<int>("s"), StateLayout::kWithNamespace);
  keyed_.at("hot");
  for (int i = 0; i < 100000; ++i) {
    state.column().setCurrentNamespace({static_cast<std::uint64_t>(i), 1});
    state.update(i);
  }
  for (int i = 0; i < 100000; ++i) {
    state.column().setCurrentNamespace({static_cast<std::uint64_t>(i), 1});
    ASSERT_EQ(state.value(), i);
    state.clear();
  }
  EXPECT_EQ(keyed_->figures().front().numEntries, 0);
}

TEST(StateMapTest, BehavesLikeAMapUnderRandomUse) {
  const std::unique_ptr<Rng> rng = makeSeededRng(11);
  StateMap<std::string, int> map;
  std::map<std::string, int> model;
  for (int step = 0; step < 100000; ++step) {
    const std::string key = std::to_string(rng->next() % (step < 50000 ? 5 : 500));
    if (rng->next() % 2 == 0) {
      bool inserted = false;
      map.findOrInsert(key, inserted) = step;
      ASSERT_EQ(inserted, !model.contains(key));
      model[key] = step;
    } else {
      ASSERT_EQ(map.erase(key), model.erase(key) == 1);
    }
    ASSERT_EQ(map.size(), model.size());
    const int* found = map.find(key);
    ASSERT_EQ(found != nullptr, model.contains(key));
  }
  for (const auto& [key, value] : model) ASSERT_EQ(*map.find(key), value);
}

}  // namespace
}  // namespace flink::state
