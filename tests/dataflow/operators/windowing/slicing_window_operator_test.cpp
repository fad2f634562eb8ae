#include "dataflow/operators/windowing/slicing_window_operator.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error_codes.h"
#include "tests/dataflow/operators/windowing/generic_oracle.h"

namespace flink::operators {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Collects all values, sorted: whatever is lost, doubled or misplaced shows.
struct CollectValues {
  std::vector<int> createAccumulator() const { return {}; }
  void add(const KeyedValue& value, std::vector<int>& values) const {
    values.insert(std::upper_bound(values.begin(), values.end(), value.second), value.second);
  }
  std::string getResult(const std::vector<int>& values) const {
    std::string text;
    for (const int value : values) text += " " + std::to_string(value);
    return text;
  }
  void merge(std::vector<int>& into, const std::vector<int>& from) const {
    for (const int value : from) add({"", value}, into);
  }
};

struct ShowResult {
  void operator()(const std::string& key, ProcessWindowContext<TimeWindow>& context,
                  const Iterable<std::string>& results, Collector<std::string>& out) const {
    out.collect(key + " " + std::to_string(context.window().getStart()) + ":" + *results.begin());
  }
};

template <class Assigner, class Trigger>
auto collectWindows(Assigner assigner, Trigger trigger, std::int64_t allowedLateness = 0) {
  using Contents = AggregatedContents<KeyedValue, CollectValues>;
  using Calls = CallWindowFunction<ShowResult>;
  return WindowDefinition<KeyedValue, FirstOfPair, Assigner, Trigger, Contents, Calls, std::string>{
      {},      assigner, trigger,         Contents{},
      Calls{}, {},       allowedLateness, OutputTag<KeyedValue>("late")};
}

auto sliding(int size, int slide, int offset = 0) {
  return SlidingEventTimeWindows::of(milliseconds(size), milliseconds(slide), milliseconds(offset));
}

TEST(SlicingWindowOperatorTest, WindowsAreThoseOfTheGenericOperator) {
  for (const auto& [size, slide] :
       {std::pair(10, 5), std::pair(10, 4), std::pair(20, 2), std::pair(7, 3), std::pair(4, 10)}) {
    expectSameAsGeneric<std::string>(collectWindows(sliding(size, slide, 1), EventTimeTrigger()),
                                     {});
    expectSameAsGeneric<std::string>(
        collectWindows(sliding(size, slide), PurgingTrigger(EventTimeTrigger())), {});
  }
  expectSameAsGeneric<std::string>(collectWindows(sliding(10, 5), EventTimeTrigger(), 7), {});
}

TEST(SlicingWindowOperatorTest, AnElementIsKeptOnceForAllItsWindows) {
  WindowScript<> script(makeWindowFactory(collectWindows(sliding(100, 1), EventTimeTrigger())));
  script.play("E 5 a 1; E 6 a 2; E 6 b 3");
  EXPECT_THAT(script.numEntries(), ElementsAre(::testing::Pair("window-slices", 3)));
  EXPECT_EQ(script.play("W max").size(), 101U + 100U + 1U);
  EXPECT_THAT(script.numEntries(), IsEmpty());
}

TEST(SlicingWindowOperatorTest, FiringStopsAndGoesOn) {
  WindowScript<> script(makeWindowFactory(collectWindows(sliding(20, 5), EventTimeTrigger())));
  std::string elements;
  for (int i = 0; i < 200; ++i)
    elements += "E " + std::to_string(i % 20) + " k" + std::to_string(i % 50) + " 1;";
  EXPECT_THAT(script.play(elements), IsEmpty());
  EXPECT_GT(script.harness().advanceTo(60, 0, 7), 20) << "no step does more than it may";
  EXPECT_THAT(script.numEntries(), IsEmpty());
}

TEST(SlicingWindowOperatorTest, AnotherFormOfStateIsRefused) {
  WindowScript<> slices(makeWindowFactory(collectWindows(sliding(10, 5), EventTimeTrigger())));
  slices.play("E 1 a 1");
  WindowScript<> windows(makeWindowFactory(collectWindows(sliding(10, 5), EventTimeTrigger(), 7)));
  windows.play("E 1 a 1");
  const auto expectRefused = [](auto& script, FactoryPtr factory) {
    try {
      script.restartAs(std::move(factory));
      FAIL() << "must be refused";
    } catch (const StatusException& failure) {
      EXPECT_EQ(failure.status().code(), ErrorCode::kStateIncompatible);
    }
  };
  expectRefused(slices, makeWindowFactory(collectWindows(sliding(10, 5), EventTimeTrigger(), 7)));
  expectRefused(windows, makeWindowFactory(collectWindows(sliding(10, 5), EventTimeTrigger())));
}

/// RunningWindows against a model that keeps the slices themselves.
TEST(RunningWindowsTest, CombinesWhatIsThere) {
  AggregatedContents<KeyedValue, CollectValues> contents;
  using Values = std::vector<int>;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const auto rng = makeSeededRng(seed);
    RunningWindows<std::string, AggregatedContents<KeyedValue, CollectValues>> running(contents);
    std::map<std::int64_t, std::map<std::string, Values>> slices;
    std::int64_t entered = 0;
    int value = 0;
    const auto turn = [&] {
      running.beginTurn();
      for (auto slice = slices.rbegin(); slice != slices.rend(); ++slice) {
        for (const auto& [key, values] : slice->second)
          running.turnSlice(slice->first, key, types::keyHash(key), values);
      }
      running.endTurn(entered);
    };
    for (int step = 0; step < 120; ++step) {
      const std::string key(1, static_cast<char>('a' + rng->below(3)));
      const auto what = rng->below(10);
      if (what < 4) {
        auto& slice = slices[entered++];
        for (const char* name : {"a", "b", "c"}) {
          if (rng->below(2) == 0) slice[name] = {++value};
        }
        for (const auto& [name, values] : slice)
          running.addToBack(name, types::keyHash(name), values);
      } else if (what < 7 && !slices.empty()) {
        const auto slice =
            slices.begin()->first + static_cast<std::int64_t>(rng->below(slices.size()));
        const KeyedValue record{key, ++value};
        running.addLate(slice, key, types::keyHash(key), record, 0);
        contents.add(slices[slice][key], record, 0);
      } else if (!slices.empty()) {
        if (slices.begin()->first >= running.split() || rng->below(8) == 0) turn();
        running.leave(slices.begin()->first);
        slices.erase(slices.begin());
      }
      std::map<std::string, Values> expected;
      for (const auto& [start, slice] : slices) {
        for (const auto& [name, values] : slice) {
          Values copy = values;
          contents.merge(expected[name], copy);
        }
      }
      std::erase_if(expected, [](const auto& entry) { return entry.second.empty(); });
      std::map<std::string, Values> actual;
      for (std::size_t i = 0; i < running.numKeys(); ++i) {
        if (const Values* values = running.combined(i)) actual[running.key(i)] = *values;
      }
      ASSERT_EQ(actual, expected) << "seed " << seed << " step " << step;
    }
  }
}

}  // namespace
}  // namespace flink::operators
