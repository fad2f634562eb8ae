#include "dataflow/operators/windowing/aligned_window_operator.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/dataflow/operators/windowing/generic_oracle.h"

namespace flink::operators {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

template <class Assigner, class Trigger>
void expectAllSameAsGeneric(Assigner assigner, Trigger trigger, ScriptKind kind) {
  for (const std::int64_t lateness : {0, 5, 23}) {
    expectSameAsGeneric<std::string>(processWindows(assigner, trigger, ShowTimeWindow{}, lateness),
                                     kind);
    expectSameAsGeneric<KeyedValue>(sumWindows(assigner, trigger, lateness), kind);
  }
}

TEST(AlignedWindowOperatorTest, TumblingWindowsAreThoseOfTheGenericOperator) {
  const auto assigner = TumblingEventTimeWindows::of(milliseconds(10), milliseconds(3));
  expectAllSameAsGeneric(assigner, EventTimeTrigger(), {});
  expectAllSameAsGeneric(assigner, PurgingTrigger(EventTimeTrigger()), {});
}

TEST(AlignedWindowOperatorTest, SlidingWindowsAreThoseOfTheGenericOperator) {
  for (const auto& [size, slide] : {std::pair(10, 5), std::pair(10, 4), std::pair(4, 10)}) {
    const auto assigner =
        SlidingEventTimeWindows::of(milliseconds(size), milliseconds(slide), milliseconds(2));
    expectAllSameAsGeneric(assigner, EventTimeTrigger(), {});
    expectAllSameAsGeneric(assigner, PurgingTrigger(EventTimeTrigger()), {});
  }
}

TEST(AlignedWindowOperatorTest, ProcessingTimeWindowsAreThoseOfTheGenericOperator) {
  expectAllSameAsGeneric(TumblingProcessingTimeWindows::of(milliseconds(10)),
                         ProcessingTimeTrigger(), {false, true});
  expectAllSameAsGeneric(SlidingProcessingTimeWindows::of(milliseconds(10), milliseconds(4)),
                         PurgingTrigger(ProcessingTimeTrigger()), {false, true});
}

/// Counts its calls per window and per key.
struct CountCalls {
  ValueStateDescriptor<int> perWindow{"perWindow"};
  ValueStateDescriptor<int> perKey{"perKey"};
  void process(const std::string& key, ProcessWindowContext<TimeWindow>& context,
               const Iterable<KeyedValue>& elements, Collector<std::string>& out) {
    auto ofWindow = context.windowState().getState(perWindow);
    auto ofKey = context.globalState().getState(perKey);
    ofWindow.update(ofWindow.value().value_or(0) + 1);
    ofKey.update(ofKey.value().value_or(0) + static_cast<int>(elements.size()));
    out.collect(key + " " + std::to_string(context.window().getStart()) + " " +
                std::to_string(*ofWindow.value()) + " " + std::to_string(*ofKey.value()));
  }
  void clear(ProcessWindowContext<TimeWindow>& context) {
    context.windowState().getState(perWindow).clear();
  }
};

TEST(AlignedWindowOperatorTest, FunctionsHaveTheirStateAndAreTold) {
  const auto assigner = SlidingEventTimeWindows::of(milliseconds(10), milliseconds(5));
  for (const std::int64_t lateness : {0, 7}) {
    expectSameAsGeneric<std::string>(
        processWindows(assigner, EventTimeTrigger(), CountCalls{}, lateness), {true, false});
    expectSameAsGeneric<std::string>(
        processWindows(assigner, PurgingTrigger(EventTimeTrigger()), CountCalls{}, lateness),
        {true, false});
  }
}

TEST(AlignedWindowOperatorTest, TakesOverWhatTheGenericOperatorWrote) {
  const auto assigner = TumblingEventTimeWindows::of(milliseconds(10));
  for (const std::int64_t lateness : {0, 5}) {
    const auto definition =
        processWindows(assigner, EventTimeTrigger(), ShowTimeWindow{}, lateness);
    WindowScript<> script(makeGenericWindowFactory(definition));
    EXPECT_THAT(script.play("E 1 a 1; E 2 b 2; W 9; E 11 a 3; E 12 b 4"),
                ElementsAre("a 0 10: 1@9", "b 0 10: 2@9", "W9"));
    script.restartAs(makeWindowFactory(definition));
    EXPECT_THAT(ordered(script.play("E 3 a 5; W 10; W max")),
                ElementsAre(lateness == 0 ? "a 0 10: 5@9" : "a 0 10: 1 5@9", "W10", "a 10 20: 3@19",
                            "b 10 20: 4@19", "Wmax"));
    EXPECT_THAT(script.numEntries(), IsEmpty());
  }
}

TEST(AlignedWindowOperatorTest, TheGenericOperatorTakesOverWhatItWrote) {
  const auto assigner = TumblingEventTimeWindows::of(milliseconds(10));
  for (const std::int64_t lateness : {0, 5}) {
    const auto definition =
        processWindows(assigner, EventTimeTrigger(), ShowTimeWindow{}, lateness);
    WindowScript<> script(makeWindowFactory(definition));
    EXPECT_THAT(ordered(script.play("E 1 a 1; W 9; E 11 a 3; E 12 b 4")),
                ElementsAre("a 0 10: 1@9", "W9"));
    script.restartAs(makeGenericWindowFactory(definition));
    EXPECT_THAT(ordered(script.play("W 19; W max")),
                ElementsAre("a 10 20: 3@19", "b 10 20: 4@19", "W19", "Wmax"))
        << "what has fired does not fire again";
    EXPECT_THAT(script.numEntries(), IsEmpty());
  }
}

TEST(AlignedWindowOperatorTest, TheGenericOperatorTakesOverProcessingTime) {
  const auto definition = processWindows(TumblingProcessingTimeWindows::of(milliseconds(10)),
                                         ProcessingTimeTrigger(), ShowTimeWindow{});
  WindowScript<> script(makeWindowFactory(definition));
  EXPECT_THAT(script.play("P 1; E 1 a 1"), IsEmpty());
  script.restartAs(makeGenericWindowFactory(definition));
  EXPECT_THAT(script.play("P 9"), ElementsAre("a 0 10: 1@9"));
}

TEST(AlignedWindowOperatorTest, FiringStopsAndGoesOn) {
  const auto definition =
      sumWindows(TumblingEventTimeWindows::of(milliseconds(10)), EventTimeTrigger());
  WindowScript<KeyedValue> script(makeWindowFactory(definition));
  std::string elements;
  for (int key = 0; key < 100; ++key) elements += "E 1 k" + std::to_string(key) + " 1;";
  script.play(elements);
  EXPECT_GE(script.harness().advanceTo(9, 0, 10), 10) << "no step fires more than it may";
  EXPECT_THAT(script.numEntries(), IsEmpty());
}

}  // namespace
}  // namespace flink::operators
