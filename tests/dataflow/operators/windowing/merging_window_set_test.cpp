#include "dataflow/operators/windowing/merging_window_set.h"

#include <map>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/rng.h"
#include "dataflow/operators/windowing/assigners.h"

namespace flink::operators {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Set = MergingWindowSet<TimeWindow, EventTimeSessionWindows>;

class MergingWindowSetTest : public ::testing::Test {
 protected:
  struct Merge {
    TimeWindow result;
    std::vector<TimeWindow> merged;
    TimeWindow stateWindow;
    std::vector<TimeWindow> otherStateWindows;
  };
  TimeWindow add(TimeWindow window) {
    merges.clear();
    return set.addWindow(window, [&](TimeWindow result, const std::vector<TimeWindow>& merged,
                                     TimeWindow state, const std::vector<TimeWindow>& others) {
      merges.push_back({result, merged, state, others});
    });
  }

  EventTimeSessionWindows assigner = EventTimeSessionWindows::withGap(std::chrono::milliseconds(3));
  Set::Entries entries;
  Set set{assigner, entries};
  std::vector<Merge> merges;
};

TEST_F(MergingWindowSetTest, WindowsApartKeepTheirOwnState) {
  EXPECT_EQ(add({0, 3}), (TimeWindow{0, 3}));
  EXPECT_EQ(add({10, 13}), (TimeWindow{10, 13}));
  EXPECT_THAT(merges, IsEmpty());
  EXPECT_EQ(*set.getStateWindow({0, 3}), (TimeWindow{0, 3}));
  EXPECT_EQ(*set.getStateWindow({10, 13}), (TimeWindow{10, 13}));
  EXPECT_EQ(set.getStateWindow({1, 2}), nullptr);
}

TEST_F(MergingWindowSetTest, AGrowingWindowKeepsItsStateWindow) {
  add({0, 3});
  EXPECT_EQ(add({2, 5}), (TimeWindow{0, 5}));
  ASSERT_EQ(merges.size(), 1U);
  EXPECT_EQ(merges[0].result, (TimeWindow{0, 5}));
  EXPECT_THAT(merges[0].merged, ElementsAre(TimeWindow{0, 3}));
  EXPECT_EQ(merges[0].stateWindow, (TimeWindow{0, 3}));
  EXPECT_THAT(merges[0].otherStateWindows, IsEmpty()) << "the new window has no state";
  EXPECT_EQ(*set.getStateWindow({0, 5}), (TimeWindow{0, 3}));
  EXPECT_EQ(set.getStateWindow({0, 3}), nullptr);
}

TEST_F(MergingWindowSetTest, AWindowWithinALiveOneChangesNothing) {
  add({1, 9});
  EXPECT_EQ(add({3, 6}), (TimeWindow{1, 9}));
  EXPECT_THAT(merges, IsEmpty());
  EXPECT_EQ(entries.size(), 1U);
}

TEST_F(MergingWindowSetTest, AWindowAroundALiveOneTakesItIn) {
  add({3, 6});
  EXPECT_EQ(add({1, 9}), (TimeWindow{1, 9}));
  ASSERT_EQ(merges.size(), 1U);
  EXPECT_THAT(merges[0].merged, ElementsAre(TimeWindow{3, 6}));
  EXPECT_EQ(*set.getStateWindow({1, 9}), (TimeWindow{3, 6}));
}

TEST_F(MergingWindowSetTest, ABridgeMergesStatesIntoTheFirst) {
  add({6, 9});
  add({0, 3});
  EXPECT_EQ(add({2, 7}), (TimeWindow{0, 9}));
  ASSERT_EQ(merges.size(), 1U);
  EXPECT_THAT(merges[0].merged, UnorderedElementsAre(TimeWindow{0, 3}, TimeWindow{6, 9}));
  EXPECT_EQ(merges[0].stateWindow, (TimeWindow{0, 3}));
  EXPECT_THAT(merges[0].otherStateWindows, ElementsAre(TimeWindow{6, 9}));
  EXPECT_EQ(entries.size(), 1U);
}

TEST_F(MergingWindowSetTest, TheSameWindowAgainKeepsAMergedStateWindow) {
  add({0, 3});
  add({2, 5});
  EXPECT_EQ(add({0, 5}), (TimeWindow{0, 5}));
  EXPECT_THAT(merges, IsEmpty());
  EXPECT_EQ(*set.getStateWindow({0, 5}), (TimeWindow{0, 3}));
}

TEST_F(MergingWindowSetTest, RetiredWindowsAreGone) {
  add({0, 3});
  add({10, 13});
  set.retireWindow({0, 3});
  EXPECT_EQ(set.getStateWindow({0, 3}), nullptr);
  EXPECT_EQ(add({2, 5}), (TimeWindow{2, 5}));
}

/// Contents follow their windows whatever merges: a model keeps the elements, the set the state
/// windows.
TEST_F(MergingWindowSetTest, ContentsStayWithTheirSession) {
  const auto rng = makeSeededRng(7);
  for (int round = 0; round < 200; ++round) {
    entries.clear();
    std::map<TimeWindow, std::vector<std::int64_t>> contents;
    std::vector<std::int64_t> all;
    for (int i = 0; i < 20; ++i) {
      const auto time = static_cast<std::int64_t>(rng->below(80));
      all.push_back(time);
      const TimeWindow actual = set.addWindow(
          TimeWindow{time, time + 3}, [&](TimeWindow, const std::vector<TimeWindow>&,
                                          TimeWindow state, const std::vector<TimeWindow>& others) {
            for (const TimeWindow& other : others) {
              auto& into = contents[state];
              into.insert(into.end(), contents[other].begin(), contents[other].end());
              contents.erase(other);
            }
          });
      ASSERT_NE(set.getStateWindow(actual), nullptr);
      contents[*set.getStateWindow(actual)].push_back(time);
    }
    ASSERT_EQ(contents.size(), entries.size());
    std::size_t found = 0;
    for (const auto& entry : entries) {
      for (const std::int64_t time : contents.at(entry.stateWindow)) {
        EXPECT_GE(time, entry.window.start);
        EXPECT_LE(time + 3, entry.window.end);
        ++found;
      }
    }
    EXPECT_EQ(found, all.size());
  }
}

}  // namespace
}  // namespace flink::operators
