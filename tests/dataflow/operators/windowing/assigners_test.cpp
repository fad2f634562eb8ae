#include "dataflow/operators/windowing/assigners.h"

#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error_codes.h"
#include "dataflow/operators/operator_failure.h"

namespace flink {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr types::Timestamp kMax = std::numeric_limits<types::Timestamp>::max();

template <class Assigner>
auto assign(const Assigner& assigner, types::Timestamp timestamp, types::Timestamp now = 0,
            int element = 0) {
  std::vector<typename Assigner::WindowType> windows;
  assigner.assignWindows(element, timestamp, WindowAssignerContext{now}, windows);
  return windows;
}

template <class Make>
void expectRefused(Make make, const char* text) {
  try {
    make();
    FAIL() << "must be refused";
  } catch (const operators::OperatorFailure& failure) {
    EXPECT_EQ(failure.status().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(failure.what(), ::testing::HasSubstr(text));
  }
}

TEST(WindowAssignerTest, TumblingWindowsAreRightForNegativeTimes) {
  const auto assigner = TumblingEventTimeWindows::of(milliseconds(10));
  EXPECT_THAT(assign(assigner, 0), ElementsAre(TimeWindow{0, 10}));
  EXPECT_THAT(assign(assigner, 9), ElementsAre(TimeWindow{0, 10}));
  EXPECT_THAT(assign(assigner, 10), ElementsAre(TimeWindow{10, 20}));
  EXPECT_THAT(assign(assigner, -1), ElementsAre(TimeWindow{-10, 0}));
  EXPECT_THAT(assign(assigner, -10), ElementsAre(TimeWindow{-10, 0}));
  EXPECT_THAT(assign(assigner, -11), ElementsAre(TimeWindow{-20, -10}));
}

TEST(WindowAssignerTest, OffsetsMoveWindowsBothWays) {
  const auto later = TumblingEventTimeWindows::of(milliseconds(10), milliseconds(3));
  EXPECT_THAT(assign(later, 2), ElementsAre(TimeWindow{-7, 3}));
  EXPECT_THAT(assign(later, 3), ElementsAre(TimeWindow{3, 13}));
  EXPECT_THAT(assign(later, -8), ElementsAre(TimeWindow{-17, -7}));
  const auto earlier = TumblingEventTimeWindows::of(milliseconds(10), milliseconds(-4));
  EXPECT_THAT(assign(earlier, 5), ElementsAre(TimeWindow{-4, 6}));
  EXPECT_THAT(assign(earlier, 6), ElementsAre(TimeWindow{6, 16}));
}

TEST(WindowAssignerTest, SlidingWindowsComeLatestFirst) {
  const auto assigner = SlidingEventTimeWindows::of(milliseconds(10), milliseconds(4));
  EXPECT_THAT(assign(assigner, 2), ElementsAre(TimeWindow{0, 10}, TimeWindow{-4, 6}));
  EXPECT_THAT(assign(assigner, 8),
              ElementsAre(TimeWindow{8, 18}, TimeWindow{4, 14}, TimeWindow{0, 10}));
  const auto offset =
      SlidingEventTimeWindows::of(milliseconds(10), milliseconds(5), milliseconds(2));
  EXPECT_THAT(assign(offset, -4), ElementsAre(TimeWindow{-8, 2}, TimeWindow{-13, -3}));
}

TEST(WindowAssignerTest, SlidesLargerThanTheSizeLeaveGaps) {
  const auto assigner = SlidingEventTimeWindows::of(milliseconds(4), milliseconds(10));
  EXPECT_THAT(assign(assigner, 3), ElementsAre(TimeWindow{0, 4}));
  EXPECT_THAT(assign(assigner, 4), IsEmpty());
  EXPECT_THAT(assign(assigner, -1), IsEmpty());
  EXPECT_THAT(assign(assigner, -7), ElementsAre(TimeWindow{-10, -6}));
}

TEST(TimeWindowTest, StartsAreThoseOfFlink) {
  EXPECT_EQ(TimeWindow::getWindowStartWithOffset(-1, 0, 10), -10);
  EXPECT_EQ(TimeWindow::getWindowStartWithOffset(-7, 3, 10), -7);
  EXPECT_EQ(TimeWindow::getWindowStartWithOffset(kMax, 0, 1000), kMax - 807);
  EXPECT_EQ(TimeWindow::getWindowStartWithOffset(types::kNoTimestamp + 1, 0, 1000), kMax - 191)
      << "before the least timestamp it wraps around";
}

TEST(WindowAssignerTest, TimesAtTheEndsOfTheRangeDoNotWrap) {
  const auto tumbling = TumblingEventTimeWindows::of(milliseconds(10), milliseconds(3));
  EXPECT_EQ(assign(tumbling, kMax).front().end, kMax);
  for (types::Timestamp t = types::kNoTimestamp + 1; t < types::kNoTimestamp + 30; ++t)
    EXPECT_LE(assign(tumbling, t).front().start, t);
  const auto sliding = SlidingEventTimeWindows::of(milliseconds(10), milliseconds(4));
  EXPECT_GE(assign(sliding, kMax).size(), 2U);
  EXPECT_LE(assign(sliding, types::kNoTimestamp + 1).size(), 3U);
  EXPECT_EQ(assign(EventTimeSessionWindows::withGap(milliseconds(10)), kMax).front().end, kMax);
}

TEST(WindowAssignerTest, ProcessingTimeWindowsGoByTheClock) {
  EXPECT_THAT(assign(TumblingProcessingTimeWindows::of(seconds(1)), 5, 2500),
              ElementsAre(TimeWindow{2000, 3000}));
  EXPECT_THAT(assign(SlidingProcessingTimeWindows::of(milliseconds(10), milliseconds(5)), 99, 7),
              ElementsAre(TimeWindow{5, 15}, TimeWindow{0, 10}));
  EXPECT_THAT(assign(ProcessingTimeSessionWindows::withGap(milliseconds(10)), 99, 7),
              ElementsAre(TimeWindow{7, 17}));
}

TEST(WindowAssignerTest, SessionsBeginWithTheirElement) {
  EXPECT_THAT(assign(EventTimeSessionWindows::withGap(milliseconds(10)), 4),
              ElementsAre(TimeWindow{4, 14}));
  const auto dynamic =
      EventTimeSessionWindows::withDynamicGap([](int element) -> std::int64_t { return element; });
  EXPECT_THAT(assign(dynamic, 4, 0, 30), ElementsAre(TimeWindow{4, 34}));
  expectRefused([&] { assign(dynamic, 4, 0, 0); }, "0 < gap");
  const auto byClock = ProcessingTimeSessionWindows::withDynamicGap(
      [](int element) -> std::int64_t { return element; });
  EXPECT_THAT(assign(byClock, 4, 100, 30), ElementsAre(TimeWindow{100, 130}));
}

TEST(WindowAssignerTest, ElementsWithoutTimestampsFailEventTimeWindows) {
  const auto expectFailure = [](auto assigner) {
    try {
      assign(assigner, types::kNoTimestamp, 0, 1);
      ADD_FAILURE() << "must fail";
    } catch (const operators::OperatorFailure& failure) {
      EXPECT_EQ(failure.status().code(), ErrorCode::kRecordWithoutTimestamp);
    }
  };
  expectFailure(TumblingEventTimeWindows::of(seconds(1)));
  expectFailure(SlidingEventTimeWindows::of(seconds(2), seconds(1)));
  expectFailure(EventTimeSessionWindows::withGap(seconds(1)));
  expectFailure(EventTimeSessionWindows::withDynamicGap([](int gap) { return gap; }));
}

TEST(WindowAssignerTest, ParametersThatContradictEachOtherAreRefused) {
  expectRefused([] { TumblingEventTimeWindows::of(milliseconds(10), milliseconds(10)); },
                "TumblingEventTimeWindows parameters must satisfy abs(offset) < size");
  expectRefused([] { TumblingProcessingTimeWindows::of(milliseconds(10), milliseconds(-10)); },
                "TumblingProcessingTimeWindows parameters must satisfy abs(offset) < size");
  expectRefused([] { TumblingEventTimeWindows::of(milliseconds(0)); }, "abs(offset) < size");
  expectRefused(
      [] { SlidingEventTimeWindows::of(milliseconds(10), milliseconds(5), milliseconds(5)); },
      "abs(offset) < slide and size > 0");
  expectRefused([] { SlidingProcessingTimeWindows::of(milliseconds(0), milliseconds(5)); },
                "abs(offset) < slide and size > 0");
  expectRefused([] { EventTimeSessionWindows::withGap(milliseconds(0)); }, "0 < gap");
  expectRefused([] { ProcessingTimeSessionWindows::withGap(milliseconds(-1)); }, "0 < gap");
}

TEST(TimeWindowTest, TouchingWindowsIntersect) {
  const TimeWindow window{10, 20};
  EXPECT_TRUE(window.intersects({0, 10}));
  EXPECT_TRUE(window.intersects({20, 30}));
  EXPECT_TRUE(window.intersects({12, 15}));
  EXPECT_FALSE(window.intersects({0, 9}));
  EXPECT_FALSE(window.intersects({21, 30}));
  EXPECT_EQ(window.cover({15, 40}), (TimeWindow{10, 40}));
  EXPECT_EQ(window.maxTimestamp(), 19);
  EXPECT_EQ(window.toString(), "TimeWindow{start=10, end=20}");
}

TEST(TimeWindowTest, MergingFindsChainsAndLeavesOthersAlone) {
  std::vector<TimeWindow> windows{{40, 50}, {0, 10}, {20, 30}, {9, 20}, {60, 70}, {45, 55}};
  const auto merged = operators::mergeTimeWindows(windows);
  ASSERT_EQ(merged.size(), 2U);
  EXPECT_EQ(merged[0].result, (TimeWindow{0, 30}));
  EXPECT_THAT(merged[0].merged,
              ElementsAre(TimeWindow{0, 10}, TimeWindow{9, 20}, TimeWindow{20, 30}));
  EXPECT_EQ(merged[1].result, (TimeWindow{40, 55}));
  EXPECT_THAT(merged[1].merged, ElementsAre(TimeWindow{40, 50}, TimeWindow{45, 55}));
}

}  // namespace
}  // namespace flink
