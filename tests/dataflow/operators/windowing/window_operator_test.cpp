#include "dataflow/operators/windowing/window_operator.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error_codes.h"
#include "tests/dataflow/operators/windowing/window_script.h"

namespace flink::operators {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr auto kGlobalStamp = "@9223372036854775807";

template <class Assigner, class Trigger, class... More>
WindowScript<> timeWindows(Assigner assigner, Trigger trigger, More... more) {
  return WindowScript<>(
      makeGenericWindowFactory(processWindows(assigner, trigger, ShowTimeWindow{}, more...)));
}
template <class Trigger, class... More>
WindowScript<> globalWindows(Trigger trigger, More... more) {
  return WindowScript<>(makeGenericWindowFactory(
      processWindows(GlobalWindows::create(), trigger, ShowGlobalWindow{}, more...)));
}

const auto tumbling10 = TumblingEventTimeWindows::of(milliseconds(10));
const auto session10 = EventTimeSessionWindows::withGap(milliseconds(10));

TEST(WindowOperatorTest, AWindowFiresWhenEventTimeReachesItsLastTimestamp) {
  auto script = timeWindows(tumbling10, EventTimeTrigger());
  EXPECT_THAT(script.play("E 0 a 1; E 9 a 2; E 10 a 3; W 8"), ElementsAre("W8"));
  EXPECT_THAT(script.play("W 9"), ElementsAre("a 0 10: 1 2@9", "W9"));
  EXPECT_THAT(script.play("W max"), ElementsAre("a 10 20: 3@19", "Wmax"));
  EXPECT_THAT(script.numEntries(), IsEmpty()) << "nothing is left of windows that are over";
}

TEST(WindowOperatorTest, WindowsOfAllKeysFireInTheOrderOfTheirEnds) {
  auto script = timeWindows(tumbling10, EventTimeTrigger());
  const auto lines = script.play("E 21 a 1; E 1 b 2; E 11 c 3; E 12 a 4; E 2 a 5; E 22 b 6; W 29");
  ASSERT_EQ(lines.size(), 7U);
  EXPECT_THAT(std::vector<std::string>(lines.begin(), lines.begin() + 2),
              UnorderedElementsAre("b 0 10: 2@9", "a 0 10: 5@9"));
  EXPECT_THAT(std::vector<std::string>(lines.begin() + 2, lines.begin() + 4),
              UnorderedElementsAre("c 10 20: 3@19", "a 10 20: 4@19"));
}

TEST(WindowOperatorTest, LateElementsGoToTheSideOutput) {
  auto script = timeWindows(tumbling10, EventTimeTrigger());
  EXPECT_THAT(script.play("E 5 a 1; W 8; E 0 a 2; W 9; E 9 a 3; E 10 a 4; W 12; E 11 a 5; E 9 a 6"),
              ElementsAre("W8", "a 0 10: 1 2@9", "W9", "late a 3@9", "W12", "late a 6@9"));
}

TEST(WindowOperatorTest, LateElementsAreCountedWithoutASideOutput) {
  auto definition = processWindows(tumbling10, EventTimeTrigger(), ShowTimeWindow{});
  definition.lateDataTag.reset();
  WindowScript<> script(makeGenericWindowFactory(definition));
  EXPECT_THAT(script.play("W 9; E 9 a 3; E 5 a 4; E 10 a 5"), ElementsAre("W9"));
  EXPECT_EQ(script.harness().context.metrics->counter("numLateRecordsDropped")->count(), 2);
}

TEST(WindowOperatorTest, AllowedLatenessFiresAgainWithEverything) {
  auto script = timeWindows(tumbling10, EventTimeTrigger(), 5);
  EXPECT_THAT(script.play("E 1 a 1; W 9; E 2 a 2; E 3 a 3; W 13; E 4 a 4; W 14; E 5 a 5"),
              ElementsAre("a 0 10: 1@9", "W9", "a 0 10: 1 2@9", "a 0 10: 1 2 3@9", "W13",
                          "a 0 10: 1 2 3 4@9", "W14", "late a 5@5"));
  EXPECT_THAT(script.numEntries(), IsEmpty());
}

TEST(WindowOperatorTest, PurgedWindowsFireAgainWithTheLateElementAlone) {
  auto script = timeWindows(tumbling10, PurgingTrigger(EventTimeTrigger()), 5);
  EXPECT_THAT(script.play("E 1 a 1; W 9; E 2 a 2; W 13; E 4 a 4; W 14"),
              ElementsAre("a 0 10: 1@9", "W9", "a 0 10: 2@9", "W13", "a 0 10: 4@9", "W14"));
}

TEST(WindowOperatorTest, EndlessLatenessDoesNotOverflow) {
  auto script =
      timeWindows(tumbling10, EventTimeTrigger(), std::numeric_limits<std::int64_t>::max());
  EXPECT_THAT(script.play("E 5 a 1; W 9; W 1000000; E 7 a 3"),
              ElementsAre("a 0 10: 1@9", "W9", "W1000000", "a 0 10: 1 3@9"));
}

TEST(WindowOperatorTest, ElementsOfNoWindowVanishUnlessTheyAreLate) {
  auto script = timeWindows(SlidingEventTimeWindows::of(milliseconds(4), milliseconds(10)),
                            EventTimeTrigger());
  EXPECT_THAT(script.play("E 3 a 2; E 4 a 3; W 13; E 2 a 10; E 6 a 11; E 16 a 12"),
              ElementsAre("a 0 4: 2@3", "W13", "late a 10@2", "late a 11@6"));
}

TEST(WindowOperatorTest, AnElementIsLateOnlyIfEveryWindowIsOver) {
  auto script = timeWindows(SlidingEventTimeWindows::of(milliseconds(10), milliseconds(5)),
                            EventTimeTrigger());
  EXPECT_THAT(script.play("E 1 a 1; W 9; E 7 a 2; E 4 a 3; W 14; E 9 a 4"),
              ElementsAre("a -5 5: 1@4", "a 0 10: 1@9", "W9", "late a 3@4", "a 5 15: 2@14", "W14",
                          "late a 4@9"));
}

TEST(WindowOperatorTest, ReducedWindowsKeepOneRecord) {
  WindowScript<KeyedValue> script(
      makeGenericWindowFactory(sumWindows(tumbling10, EventTimeTrigger())));
  EXPECT_THAT(script.play("E 7 a 1; E 3 a 2; E 5 a 4; W 9; E 12 a 8; W max"),
              ElementsAre("a 7@9", "W9", "a 8@19", "Wmax"));
}

TEST(WindowOperatorTest, ProcessingTimeWindowsFireByTheClockAndReopen) {
  auto script =
      timeWindows(TumblingProcessingTimeWindows::of(milliseconds(10)), ProcessingTimeTrigger());
  EXPECT_THAT(script.play("P 3; E 100 a 1; W 200; P 8; E 0 a 2; P 9; E 0 a 3; P 10; E 7 a 4; P 19;"
                          "E 0 a 5; P 30; E 1 a 6; W max"),
              ElementsAre("W200", "a 0 10: 1 2@9", "a 0 10: 3@9", "a 10 20: 4@19", "a 10 20: 5@19",
                          "Wmax"));
  EXPECT_EQ(script.clock().numTimers(), 1U) << "of the window that is open";
}

TEST(WindowOperatorTest, ProcessingTimeWindowsThatEndInAJumpFireInOrder) {
  auto script = timeWindows(SlidingProcessingTimeWindows::of(milliseconds(10), milliseconds(5)),
                            ProcessingTimeTrigger());
  EXPECT_THAT(script.play("P 7; E 0 a 1; P 11; E 0 a 2; P 14; P 40"),
              ElementsAre("a 0 10: 1@9", "a 5 15: 1 2@14", "a 10 20: 2@19"));
}

TEST(WindowOperatorTest, ProcessingTimeSessionsCloseByTheClock) {
  auto script =
      timeWindows(ProcessingTimeSessionWindows::withGap(milliseconds(10)), ProcessingTimeTrigger());
  EXPECT_THAT(script.play("P 0; E 0 a 1; P 5; E 0 a 2; P 14; E 0 a 3; P 23; E 0 a 4; P 40"),
              ElementsAre("a 0 15: 1 2@14", "a 14 24: 3@23", "a 23 33: 4@32"));
  EXPECT_THAT(script.numEntries(), IsEmpty());
}

TEST(WindowOperatorTest, SessionsMergeOverABridge) {
  auto script = timeWindows(session10, EventTimeTrigger());
  EXPECT_THAT(script.play("E 0 a 1; E 15 a 2; E 8 a 3; E 30 b 4; W 9"), ElementsAre("W9"));
  EXPECT_THAT(script.play("W 24"), ElementsAre("a 0 25: 1 2 3@24", "W24"));
  EXPECT_THAT(script.play("W max"), ElementsAre("b 30 40: 4@39", "Wmax"));
  EXPECT_THAT(script.numEntries(), IsEmpty());
}

TEST(WindowOperatorTest, MergingStateFoldsBeforeTheNewElement) {
  WindowScript<KeyedValue> script(
      makeGenericWindowFactory(sumWindows(session10, EventTimeTrigger())));
  EXPECT_THAT(script.play("E 40 a 4; E 0 a 1; E 20 a 2; E 30 a 8; E 10 a 16; W max"),
              ElementsAre("a 31@49", "Wmax"));
}

TEST(WindowOperatorTest, ALateElementCountsWhenItsSessionIsStillOpen) {
  auto script = timeWindows(session10, EventTimeTrigger());
  EXPECT_THAT(script.play("E 12 a 1; W 18; E 6 a 2; E 1 a 3; E -20 a 4; W 20; W 21; E 12 a 5"),
              ElementsAre("W18", "late a 4@-20", "W20", "a 1 22: 1 2 3@21", "W21", "late a 5@12"));
}

TEST(WindowOperatorTest, LateElementsRefireMergedSessions) {
  auto script = timeWindows(session10, EventTimeTrigger(), 20);
  EXPECT_THAT(script.play("E 0 a 1; W 9; E 4 a 2; W 15; E 13 a 3; E 30 a 4; W 22; E 22 a 5; W 39;"
                          "E -40 a 6; E 3 a 7; W 60; E 29 a 8"),
              ElementsAre("a 0 10: 1@9", "W9", "a 0 14: 1 2@13", "W15", "a 0 23: 1 2 3@22", "W22",
                          "a 0 40: 1 2 3 4 5@39", "W39", "late a 6@-40", "a 0 40: 1 2 3 4 5 7@39",
                          "W60", "late a 8@29"));
}

TEST(WindowOperatorTest, MergedTriggersAddTheirCounts) {
  auto script = timeWindows(session10, CountTrigger::of(3));
  EXPECT_THAT(script.play("E 0 a 1; E 15 a 2; E 8 a 3; E 12 a 4; E 13 a 5; W 100"),
              ElementsAre("a 0 25: 1 2 3@24", "W100"));
  EXPECT_THAT(script.numEntries(), IsEmpty());
}

TEST(WindowOperatorTest, PurgedSessionsGoOn) {
  auto script = timeWindows(session10, PurgingTrigger(CountTrigger::of(2)));
  EXPECT_THAT(script.play("E 0 a 1; E 5 a 2; E 9 a 3; E 12 a 4; E 40 a 5; W 30; E 20 a 6; W max"),
              ElementsAre("a 0 15: 1 2@14", "a 0 22: 3 4@21", "W30", "late a 6@20", "Wmax"));
}

TEST(WindowOperatorTest, ContinuousEventTimeFiresAtMultiplesAndAtTheEnd) {
  auto script = timeWindows(TumblingEventTimeWindows::of(milliseconds(20)),
                            ContinuousEventTimeTrigger::of(milliseconds(5)));
  EXPECT_THAT(script.play("E 3 a 1; W 4; W 5; E 7 a 2; W 10; W 19; E 21 a 4; W 38; W 39"),
              ElementsAre("W4", "a 0 20: 1@19", "W5", "a 0 20: 1 2@19", "W10", "a 0 20: 1 2@19",
                          "a 0 20: 1 2@19", "W19", "a 20 40: 4@39", "a 20 40: 4@39",
                          "a 20 40: 4@39", "W38", "a 20 40: 4@39", "W39"));
  EXPECT_THAT(script.numEntries(), IsEmpty());
}

TEST(WindowOperatorTest, ContinuousEventTimeKeepsTheEarliestTimeOfMergedSessions) {
  auto script = timeWindows(session10, ContinuousEventTimeTrigger::of(milliseconds(5)));
  EXPECT_THAT(script.play("E 2 a 1; W 4; W 5; E 16 a 2; E 9 a 3; W 10; W 15; W 20; W 25; W 26"),
              ElementsAre("W4", "a 2 12: 1@11", "W5", "a 2 26: 1 2 3@25", "W10", "a 2 26: 1 2 3@25",
                          "W15", "a 2 26: 1 2 3@25", "W20", "a 2 26: 1 2 3@25", "W25", "W26"));
}

TEST(WindowOperatorTest, ContinuousProcessingTimeFiresWithoutNewElements) {
  auto script = globalWindows(ContinuousProcessingTimeTrigger::of(milliseconds(10)));
  EXPECT_THAT(
      script.play("P 13; E 0 a 1; P 19; P 20; E 0 a 2; P 62"),
      ElementsAre(std::string("a: 1") + kGlobalStamp, std::string("a: 1 2") + kGlobalStamp,
                  std::string("a: 1 2") + kGlobalStamp, std::string("a: 1 2") + kGlobalStamp,
                  std::string("a: 1 2") + kGlobalStamp));
}

TEST(WindowOperatorTest, DeltaComparesWithTheElementThatFired) {
  const auto delta = [](const KeyedValue& last, const KeyedValue& value) {
    return static_cast<double>(value.second - last.second);
  };
  auto script = globalWindows(DeltaTrigger<KeyedValue, decltype(delta)>(10, delta));
  EXPECT_THAT(script.play("E 1 a 0; E 2 a 10; E 3 a 11; E 4 a 5; E 5 a 21; E 6 a 22"),
              ElementsAre(std::string("a: 0 10 11") + kGlobalStamp,
                          std::string("a: 0 10 11 5 21 22") + kGlobalStamp));
}

TEST(WindowOperatorTest, TimeoutsRestartWithEachElementIfAsked) {
  auto script =
      globalWindows(ProcessingTimeoutTrigger(CountTrigger::of(3), milliseconds(10), true, true));
  EXPECT_THAT(script.play("P 0; E 0 a 1; P 9; E 0 a 2; P 10; P 18; P 19; E 0 a 3; E 0 a 4; P 20;"
                          "E 0 a 5; P 60"),
              ElementsAre(std::string("a: 1 2") + kGlobalStamp,
                          std::string("a: 1 2 3 4 5") + kGlobalStamp));
}

TEST(WindowOperatorTest, TimeoutsThatDoNotClearStayArmed) {
  auto script = globalWindows(ProcessingTimeoutTrigger(PurgingTrigger(CountTrigger::of(3)),
                                                       milliseconds(10), false, false));
  EXPECT_THAT(
      script.play("P 0; E 0 a 1; P 10; P 15; E 0 a 2; P 25; P 40; E 0 a 3; P 50; E 0 a 4;"
                  "P 59; P 60"),
      ElementsAre(std::string("a: 1") + kGlobalStamp, std::string("a: 1 2 3") + kGlobalStamp,
                  std::string("a: 4") + kGlobalStamp));
}

TEST(WindowOperatorTest, ATimeoutClearsTheTriggerThatItWraps) {
  auto script = timeWindows(
      tumbling10, ProcessingTimeoutTrigger(EventTimeTrigger(), milliseconds(100), false, true));
  EXPECT_THAT(script.play("P 0; E 1 a 1; P 99; P 100; W 9; E 11 a 2; P 200; E 13 a 4; W 19"),
              ElementsAre("a 0 10: 1@9", "W9", "a 10 20: 2@19", "a 10 20: 2 4@19", "W19"));
}

TEST(WindowOperatorTest, CountsStayWithTheirWindow) {
  auto script = timeWindows(tumbling10, CountTrigger::of(2));
  EXPECT_THAT(script.play("E 1 a 1; E 2 a 2; E 11 a 3; E 3 a 4; E 4 a 5; E 5 a 6; W 9; E 6 a 7;"
                          "E 12 a 8; W 19"),
              ElementsAre("a 0 10: 1 2@9", "a 0 10: 1 2 4 5@9", "W9", "late a 7@6",
                          "a 10 20: 3 8@19", "W19"));
  EXPECT_THAT(script.numEntries(), IsEmpty());
}

TEST(WindowOperatorTest, EventTimeMayCleanUpBeforeTheClockFires) {
  auto script = timeWindows(tumbling10, ProcessingTimeTrigger());
  EXPECT_THAT(script.play("P 0; E 1 a 1; E 11 a 2; P 9; E 2 a 3; W 9; P 15; W 19; P 19; E 21 a 4;"
                          "P 29"),
              ElementsAre("a 0 10: 1@9", "W9", "W19", "a 20 30: 4@29"));
}

TEST(WindowOperatorTest, GlobalWindowsFireByTheirTriggerAlone) {
  auto never = globalWindows(NeverTrigger());
  EXPECT_THAT(never.play("E 1 a 1; W 5; W max"), ElementsAre("W5", "Wmax"));
  WindowScript<> atEnd(makeGenericWindowFactory(processWindows(
      GlobalWindows::createWithEndOfStreamTrigger(), EndOfStreamTrigger(), ShowGlobalWindow{})));
  EXPECT_THAT(atEnd.play("E 1 a 1; E 2 a 2; W 5; E 3 a 3; W max"),
              ElementsAre(std::string("a: 1 2 3") + kGlobalStamp, "Wmax"));
}

TEST(WindowOperatorTest, CountWindowsSlide) {
  auto script = globalWindows(CountTrigger::of(2), 0, CountEvictor::of(4));
  EXPECT_THAT(
      script.play("E 1 a 1; E 2 a 2; E 3 a 3; E 4 a 4; E 5 a 5; E 6 a 6; E 7 b 7"),
      ElementsAre(std::string("a: 1 2") + kGlobalStamp, std::string("a: 1 2 3 4") + kGlobalStamp,
                  std::string("a: 3 4 5 6") + kGlobalStamp));
}

TEST(WindowOperatorTest, EvictedElementsAreGoneForLateFiringsToo) {
  auto script = timeWindows(tumbling10, EventTimeTrigger(), 10, CountEvictor::of(2));
  EXPECT_THAT(script.play("E 1 a 1; E 2 a 2; E 3 a 3; W 9; E 4 a 4; E 5 a 5; W 19"),
              ElementsAre("a 0 10: 2 3@9", "W9", "a 0 10: 3 4@9", "a 0 10: 4 5@9", "W19"));
}

TEST(WindowOperatorTest, EvictingEverythingStillCallsTheFunction) {
  auto script = timeWindows(tumbling10, EventTimeTrigger(), 0, CountEvictor::of(0));
  EXPECT_THAT(script.play("E 1 a 1; W 9"), ElementsAre("a 0 10:@9", "W9"));
}

TEST(WindowOperatorTest, SessionsWithAnEvictorKeepTheirStart) {
  auto script = timeWindows(session10, EventTimeTrigger(), 0, TimeEvictor::of(milliseconds(6)));
  EXPECT_THAT(script.play("E 0 a 1; E 12 a 2; E 6 a 3; E 7 a 4; W 21"),
              ElementsAre("a 0 22: 2 4@21", "W21"));
}

TEST(WindowOperatorTest, ElementsWithoutTimestampsFailTheJob) {
  auto script = timeWindows(tumbling10, EventTimeTrigger());
  EXPECT_THROW(script.play("E 0 a 1; E - a 2"), StatusException);
}

TEST(WindowOperatorTest, MergingWindowsNeedATriggerThatMerges) {
  const auto delta = [](const KeyedValue&, const KeyedValue&) { return 0.0; };
  using Delta = DeltaTrigger<KeyedValue, decltype(delta)>;
  EXPECT_THROW(makeWindowFactory(processWindows(session10, Delta(1, delta), ShowTimeWindow{})),
               StatusException);
  EXPECT_THROW(makeWindowFactory(
                   processWindows(session10, PurgingTrigger(Delta(1, delta)), ShowTimeWindow{})),
               StatusException);
}

/// Merges sessions into one that is over before any of them.
struct MergesIntoThePast : DynamicEventTimeSessionWindows<std::int64_t (*)(const KeyedValue&)> {
  MergesIntoThePast()
      : DynamicEventTimeSessionWindows([](const KeyedValue&) -> std::int64_t { return 10; }) {}
  static std::vector<MergedWindows<TimeWindow>> mergeWindows(std::vector<TimeWindow>& windows) {
    auto merged = mergeTimeWindows(windows);
    for (auto& each : merged) each.result = {0, 1};
    return merged;
  }
};

TEST(WindowOperatorTest, MergingIntoThePastFailsTheJob) {
  WindowScript<> script(
      makeWindowFactory(processWindows(MergesIntoThePast(), EventTimeTrigger(), ShowTimeWindow{})));
  EXPECT_THAT(script.play("W 5; E 10 a 1"), ElementsAre("W5"));
  try {
    script.play("E 15 a 2");
    FAIL() << "merged into a window that is over";
  } catch (const StatusException& failure) {
    EXPECT_EQ(failure.status().code(), ErrorCode::kWindowMergedIntoPast);
  }
}

/// Counts its calls per window and per key and tells event time; clears what belongs to the window.
struct CountCalls {
  ValueStateDescriptor<int> perWindow{"perWindow"};
  ValueStateDescriptor<int> perKey{"perKey"};
  void process(const std::string& key, ProcessWindowContext<TimeWindow>& context,
               const Iterable<KeyedValue>& elements, Collector<std::string>& out) {
    auto ofWindow = context.windowState().getState(perWindow);
    auto ofKey = context.globalState().getState(perKey);
    ofWindow.update(ofWindow.value().value_or(0) + 1);
    ofKey.update(ofKey.value().value_or(0) + 1);
    out.collect(
        key + " " + std::to_string(context.window().getStart()) + " " +
        std::to_string(elements.size()) + " wm=" + std::to_string(context.currentWatermark()) +
        " window=" + std::to_string(*ofWindow.value()) + " key=" + std::to_string(*ofKey.value()));
    context.output(OutputTag<std::string>("side"), key);
  }
  void clear(ProcessWindowContext<TimeWindow>& context) {
    context.windowState().getState(perWindow).clear();
  }
};

TEST(WindowOperatorTest, FunctionsHaveStatePerWindowAndPerKey) {
  WindowScript<> script(
      makeGenericWindowFactory(processWindows(tumbling10, EventTimeTrigger(), CountCalls{}, 10)));
  EXPECT_THAT(
      script.play("E 1 a 1; E 11 a 2; W 9; E 2 a 3; W 25; E 12 a 4"),
      ElementsAre("a 0 1 wm=9 window=1 key=1@9", "side a@9", "W9", "a 0 2 wm=9 window=2 key=2@9",
                  "side a@9", "a 10 1 wm=25 window=1 key=3@19", "side a@19", "W25",
                  "a 10 2 wm=25 window=2 key=4@19", "side a@19"));
  script.play("W max");
  EXPECT_THAT(script.numEntries(), UnorderedElementsAre(::testing::Pair("perKey", 1)));
}

TEST(WindowOperatorTest, MergingWindowsHaveNoStateOfTheirOwn) {
  WindowScript<> script(
      makeGenericWindowFactory(processWindows(session10, EventTimeTrigger(), CountCalls{})));
  try {
    script.play("E 0 a 1; W 9");
    FAIL() << "must be refused";
  } catch (const StatusException& failure) {
    EXPECT_EQ(failure.status().code(), ErrorCode::kUnsupported);
  }
}

// --- snapshots ----------------------------------------------------------------------------------

TEST(WindowOperatorTest, ContentsAndTimersSurviveARestartAndEventTimeDoesNot) {
  auto script = timeWindows(tumbling10, EventTimeTrigger(), 5);
  EXPECT_THAT(script.play("E 1 a 1; E 2 b 2; S; E 3 a 3; W 9; S; E 4 a 4; W 10; E 5 a 5; W 14;"
                          "E 6 a 6; S; E 7 a 7; W 14"),
              ElementsAre(::testing::AnyOf("a 0 10: 1 3@9", "b 0 10: 2@9"),
                          ::testing::AnyOf("a 0 10: 1 3@9", "b 0 10: 2@9"), "W9", "a 0 10: 1 3 4@9",
                          "W10", "a 0 10: 1 3 4 5@9", "W14", "late a 6@6", "a 0 10: 7@9", "W14"));
}

TEST(WindowOperatorTest, SessionsMergeAcrossARestart) {
  auto script = timeWindows(session10, EventTimeTrigger());
  EXPECT_THAT(script.play("E 0 a 1; E 15 a 2; S; E 8 a 3; S; E 30 a 4; W 24; S; E 33 a 5; W max"),
              ElementsAre("a 0 25: 1 2 3@24", "W24", "a 30 43: 4 5@42", "Wmax"));
}

TEST(WindowOperatorTest, TriggerStateAndOverdueTimersSurviveARestart) {
  auto counts = globalWindows(PurgingTrigger(CountTrigger::of(3)));
  EXPECT_THAT(counts.play("E 1 a 1; E 2 a 2; S; E 4 a 4; S; E 5 b 5"),
              ElementsAre(std::string("a: 1 2 4") + kGlobalStamp));
  auto clock =
      timeWindows(TumblingProcessingTimeWindows::of(milliseconds(10)), ProcessingTimeTrigger());
  EXPECT_THAT(clock.play("P 3; E 0 a 1; S; P 8; S; P 9"), ElementsAre("a 0 10: 1@9"));
}

}  // namespace
}  // namespace flink::operators
