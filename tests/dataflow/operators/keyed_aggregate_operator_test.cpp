#include "dataflow/operators/keyed_aggregate_operator.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/rng.h"
#include "dataflow/operators/factories.h"
#include "tests/dataflow/operators/operator_harness.h"
#include "tests/dataflow/operators/operator_script.h"

namespace flink::operators {
namespace {

using ::testing::ElementsAre;
using WordCount = std::pair<std::string, std::int64_t>;

/// Name, figure, and a mark that tells elements apart.
struct Sample {
  std::string name;
  std::int64_t figure = 0;
  std::int64_t mark = 0;
  friend bool operator==(const Sample&, const Sample&) = default;
};

const auto byWord = [](const WordCount& wc) -> const std::string& { return wc.first; };
const auto byName = [](const Sample& s) { return s.name; };

std::vector<Sample> samples() {
  return {{"a", 5, 1}, {"b", 1, 2}, {"a", 3, 3}, {"a", 3, 4},
          {"a", 9, 5}, {"b", 1, 6}, {"a", 9, 7}};
}

std::vector<Sample> run(const FactoryPtr& factory, bool batchMode = false) {
  OperatorHarness harness;
  harness.context.batchMode = batchMode;
  CollectingReceiver<Sample> out;
  harness.open(*factory, {{"", &out}});
  harness.process(samples());
  harness.finish();
  return out.records;
}

TEST(KeyedAggregateTest, SumKeepsTheOtherFieldsOfTheFirstElement) {
  EXPECT_THAT(
      run(makeKeyedSumFactory<Sample>(byName, TupleField<1>{})),
      ElementsAre(Sample{"a", 5, 1}, Sample{"b", 1, 2}, Sample{"a", 8, 1}, Sample{"a", 11, 1},
                  Sample{"a", 20, 1}, Sample{"b", 2, 2}, Sample{"a", 29, 1}));
}

TEST(KeyedAggregateTest, RunningValuesOutliveARestart) {
  OperatorScript script(makeKeyedSumFactory<KeyedValue>(KeyOfPair{}, TupleField<1>{}));
  script.main<KeyedValue>();
  EXPECT_THAT(script.play("E 1 a 1;E 2 b 5;E 3 a 2"), ElementsAre("a 1@1", "b 5@2", "a 3@3"));
  EXPECT_THAT(script.play("S"), ElementsAre()) << "a restart emits nothing";
  EXPECT_THAT(script.play("E 4 a 4;S;E 5 a 1;E 6 b 1;E 7 c 1"),
              ElementsAre("a 7@4", "a 8@5", "b 6@6", "c 1@7"));
}

TEST(KeyedAggregateTest, IntegerSumsWrapAround) {
  constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kSmallest = std::numeric_limits<std::int64_t>::min();
  SumCombiner<TupleField<1>> sum{{}};
  WordCount upwards{"a", kLargest}, downwards{"a", kSmallest};
  sum(upwards, WordCount{"a", 1});
  sum(downwards, WordCount{"a", -1});
  EXPECT_EQ(upwards.second, kSmallest);
  EXPECT_EQ(downwards.second, kLargest);
}

TEST(KeyedAggregateTest, MinAndMaxKeepTheOtherFieldsOfTheFirstElement) {
  EXPECT_THAT(
      run(makeKeyedMinFactory<Sample>(byName, MemberField{&Sample::figure})),
      ElementsAre(Sample{"a", 5, 1}, Sample{"b", 1, 2}, Sample{"a", 3, 1}, Sample{"a", 3, 1},
                  Sample{"a", 3, 1}, Sample{"b", 1, 2}, Sample{"a", 3, 1}));
  EXPECT_THAT(
      run(makeKeyedMaxFactory<Sample>(byName, MemberField{&Sample::figure})),
      ElementsAre(Sample{"a", 5, 1}, Sample{"b", 1, 2}, Sample{"a", 5, 1}, Sample{"a", 5, 1},
                  Sample{"a", 9, 1}, Sample{"b", 1, 2}, Sample{"a", 9, 1}));
}

TEST(KeyedAggregateTest, MinByTakesTheWholeElementFirstOrLast) {
  EXPECT_THAT(
      run(makeKeyedMinByFactory<Sample>(byName, TupleField<1>{})),
      ElementsAre(Sample{"a", 5, 1}, Sample{"b", 1, 2}, Sample{"a", 3, 3}, Sample{"a", 3, 3},
                  Sample{"a", 3, 3}, Sample{"b", 1, 2}, Sample{"a", 3, 3}));
  EXPECT_THAT(
      run(makeKeyedMinByFactory<Sample>(byName, TupleField<1>{}, false)),
      ElementsAre(Sample{"a", 5, 1}, Sample{"b", 1, 2}, Sample{"a", 3, 3}, Sample{"a", 3, 4},
                  Sample{"a", 3, 4}, Sample{"b", 1, 6}, Sample{"a", 3, 4}));
}

TEST(KeyedAggregateTest, MaxByTakesTheWholeElementFirstOrLast) {
  EXPECT_EQ(run(makeKeyedMaxByFactory<Sample>(byName, TupleField<1>{})).back(),
            (Sample{"a", 9, 5}));
  EXPECT_EQ(run(makeKeyedMaxByFactory<Sample>(byName, TupleField<1>{}, false)).back(),
            (Sample{"a", 9, 7}));
}

TEST(KeyedAggregateTest, ReduceMayChangeWhatTheSelectorReads) {
  const auto out = run(makeKeyedReduceFactory<Sample>(byName, [](const Sample& x, const Sample& y) {
    return Sample{x.name + y.name, x.figure + y.figure, y.mark};
  }));
  EXPECT_EQ(out.back(), (Sample{"aaaaa", 29, 7}));
}

TEST(KeyedAggregateTest, SumOfTheKeyFieldItselfKeepsKeysApart) {
  OperatorHarness harness;
  CollectingReceiver<std::int64_t> out;
  harness.open(*makeKeyedSumFactory<std::int64_t>(
                   [](const std::int64_t& v) -> const std::int64_t& { return v; }, TupleField<0>{}),
               {{"", &out}});
  harness.process(std::vector<std::int64_t>{1, 2, 1, 2, 1});
  EXPECT_THAT(out.records, ElementsAre(1, 2, 2, 4, 3));
}

TEST(KeyedAggregateTest, NanIsAKeyLikeAnyOther) {
  using Reading = std::pair<double, std::int64_t>;
  OperatorHarness harness;
  CollectingReceiver<Reading> out;
  harness.open(
      *makeKeyedSumFactory<Reading>([](const Reading& r) { return r.first; }, TupleField<1>{}),
      {{"", &out}});
  harness.process(std::vector<Reading>{{std::nan(""), 1}, {std::nan(""), 2}, {0.0, 4}, {-0.0, 8}});
  EXPECT_EQ(out.records[1].second, 3);
  EXPECT_EQ(out.records[3].second, 8);
}

TEST(KeyedAggregateTest, BatchModeEmitsEachKeyOnceAtTheEnd) {
  auto out = run(makeKeyedSumFactory<Sample>(byName, TupleField<1>{}), true);
  std::sort(out.begin(), out.end(),
            [](const Sample& x, const Sample& y) { return x.name < y.name; });
  EXPECT_THAT(out, ElementsAre(Sample{"a", 29, 1}, Sample{"b", 2, 2}));
}

TEST(KeyedAggregateTest, CarriedHashesAreUsed) {
  OperatorHarness harness;
  CollectingReceiver<WordCount> out;
  harness.open(*makeKeyedSumFactory<WordCount>(byWord, TupleField<1>{}), {{"", &out}});
  std::vector<WordCount> records{{"x", 1}, {"x", 2}, {"y", 3}};
  const std::vector<types::KeyHash> hashes{types::keyHash(std::string("x")),
                                           types::keyHash(std::string("x")), 0};
  dynamic_cast<BatchReceiver<WordCount>&>(harness.op->input(0))
      .process({std::span(records), hashes.data()});
  EXPECT_THAT(out.records, ElementsAre(WordCount{"x", 1}, WordCount{"x", 3}, WordCount{"y", 3}));
}

template <class Make>
void expectSpilledSums(Make make, bool expectSpill) {
  const auto rng = makeSeededRng(11);
  OperatorHarness harness;
  harness.context.batchMode = true;
  harness.context.managedMemoryBytes = expectSpill ? 100 << 10 : 256 << 20;
  CollectingReceiver<WordCount> out;
  harness.open(*make(), {{"", &out}});
  std::map<std::string, std::int64_t> expected;
  for (int i = 0; i < 60; ++i) {
    std::vector<WordCount> records;
    for (int r = 0; r < 500; ++r) {
      std::string word(20 + rng->below(20), 'k');
      word += std::to_string(rng->below(5000));
      const auto figure = static_cast<std::int64_t>(rng->below(100));
      expected[word] += figure;
      records.emplace_back(std::move(word), figure);
    }
    harness.process(std::move(records));
  }
  EXPECT_EQ(out.records.size(), 0U);
  EXPECT_EQ(std::filesystem::is_empty(harness.directory()), !expectSpill);
  EXPECT_GT(harness.finish(1000), 20) << "resumable";
  std::map<std::string, std::int64_t> sums(out.records.begin(), out.records.end());
  EXPECT_EQ(sums.size(), out.records.size()) << "each key once";
  EXPECT_EQ(sums, expected);
  harness.close();
  EXPECT_TRUE(std::filesystem::is_empty(harness.directory())) << "no file is left";
}

TEST(KeyedAggregateTest, BatchModeSpillsPastItsMemory) {
  const auto sum = [] { return makeKeyedSumFactory<WordCount>(byWord, TupleField<1>{}); };
  expectSpilledSums(sum, true);
  expectSpilledSums(sum, false);
  const auto reduce = [] {
    return makeKeyedReduceFactory<WordCount>(byWord, [](WordCount a, const WordCount& b) {
      return WordCount{std::move(a.first), a.second + b.second};
    });
  };
  expectSpilledSums(reduce, true);
  expectSpilledSums(reduce, false);
}

TEST(KeyedAggregateTest, MergedPartsKeepTheOrderOfTime) {
  OperatorHarness harness;
  harness.context.batchMode = true;
  CollectingReceiver<Sample> out;
  harness.open(*makeKeyedMinByFactory<Sample>(byName, TupleField<1>{}, true), {{"", &out}});
  std::vector<Sample> records;
  for (std::int64_t i = 0; i < 20000; ++i)
    records.push_back({"key" + std::to_string(i % 5000), i % 2, i});
  for (std::size_t at = 0; at < records.size(); at += 200) {
    harness.process(std::vector<Sample>(records.begin() + static_cast<std::ptrdiff_t>(at),
                                        records.begin() + static_cast<std::ptrdiff_t>(at) + 200));
  }
  ASSERT_FALSE(std::filesystem::is_empty(harness.directory()));
  harness.finish();
  ASSERT_EQ(out.records.size(), 5000U);
  for (const Sample& sample : out.records) {
    EXPECT_EQ(sample.name, "key" + std::to_string(sample.mark)) << "the first of equal elements";
  }
}

TEST(KeyedAggregateTest, LayoutFollowsWhoMayTouchTheKey) {
  using Sum1 = SumCombiner<TupleField<1>>;
  using Select = decltype(byWord);
  static_assert(keyStaysInRecord<WordCount, std::remove_const_t<Select>, Sum1>());
  static_assert(
      !keyStaysInRecord<WordCount, std::remove_const_t<Select>, SumCombiner<TupleField<0>>>());
  static_assert(!keyStaysInRecord<Sample, std::remove_const_t<decltype(byName)>, Sum1>());
}

}  // namespace
}  // namespace flink::operators
