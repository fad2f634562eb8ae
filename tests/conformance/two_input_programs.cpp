// Programs of the groups `two_inputs`, `joins` and `broadcast`.
#include <algorithm>
#include <chrono>
#include <map>

#include <flink/joins.h>
#include <flink/state.h>

#include "programs.h"
#include "window_functions.h"

namespace flink::conformance {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

auto leftKeyed(Play& play) {
  return play.left().keyBy(keyOf);
}
auto rightKeyed(Play& play) {
  return play.right().keyBy(keyOf);
}

// --- two_inputs

struct BothSides : KeyedCoProcessFunction<std::string, Event, Event, std::string> {
  void processElement1(const Event& event, Context& context, Collector<std::string>& out) override {
    report("left", event, context, out);
  }
  void processElement2(const Event& event, Context& context, Collector<std::string>& out) override {
    report("right", event, context, out);
  }
  void onTimer(std::int64_t time, OnTimerContext& context, Collector<std::string>& out) override {
    out.collect(row(context.getCurrentKey(), std::string("timer"), time,
                    context.timerService().currentWatermark()));
  }
  static void report(const std::string& side, const Event& event, Context& context,
                     Collector<std::string>& out) {
    out.collect(row(event.first, side, event.second, context.timerService().currentWatermark()));
    context.timerService().registerEventTimeTimer(event.second);
  }
};

struct ReportWatermark : KeyedProcessFunction<std::string, Event, std::string> {
  void processElement(const Event& event, Context& context, Collector<std::string>& out) override {
    out.collect(row(event.first, event.second, context.timerService().currentWatermark()));
  }
};

struct TellSides : CoMapFunction<Event, Event, std::string> {
  std::string map1(const Event& event) override {
    return row(event.first, "L" + text(event.second));
  }
  std::string map2(const Event& event) override {
    return row(event.first, "R" + text(event.second));
  }
};

/// Repeats elements of the left as often as the key was seen on the right.
struct RepeatByRight : RichCoFlatMapFunction<Event, Event, std::string> {
  void open(const OpenContext&) override {
    seen = getRuntimeContext().getState(ValueStateDescriptor<std::int32_t>("seen"));
  }
  void flatMap1(const Event& event, Collector<std::string>& out) override {
    const std::int32_t times = seen.value().value_or(0);
    for (std::int32_t i = 0; i < times; ++i) out.collect(row(event.first, event.second, times));
  }
  void flatMap2(const Event& /*event*/, Collector<std::string>& /*out*/) override {
    seen.update(seen.value().value_or(0) + 1);
  }
  ValueState<std::int32_t> seen;
};

void addConnectPrograms(Programs& to) {
  auto& programs = to.programs;
  for (const char* name :
       {"watermark_is_minimum", "idle_input", "both_idle", "idle_before_any_watermark"}) {
    programs[std::string("two_inputs/") + name] = [](Play& play) {
      play.out(leftKeyed(play).connect(rightKeyed(play)).process(BothSides{}));
    };
  }
  for (const char* name : {"union_watermark_and_idleness", "union_all_idle_takes_maximum"}) {
    programs[std::string("two_inputs/") + name] = [](Play& play) {
      play.out(play.left().union_(play.right()).keyBy(keyOf).process(ReportWatermark{}));
    };
  }
  programs["two_inputs/co_map"] = [](Play& play) {
    play.out(play.left().connect(play.right()).map(TellSides{}));
  };
  programs["two_inputs/co_flat_map_shared_state"] = [](Play& play) {
    play.out(leftKeyed(play).connect(rightKeyed(play)).flatMap(RepeatByRight{}));
  };
}

// --- joins

std::string pair(const Event& left, const Event& right) {
  return row(left.first, left.second, right.second);
}
struct BothGroups : CoGroupFunction<Event, Event, std::string> {
  void coGroup(const Iterable<Event>& left, const Iterable<Event>& right,
               Collector<std::string>& out) override {
    const std::string& key = (left.empty() ? right : left).begin()->first;
    out.collect(row(key, values(left), values(right)));
  }
};
template <class Assigner>
void windowJoin(Play& play, Assigner assigner) {
  play.out(play.left()
               .join(play.right())
               .where(keyOf)
               .equalTo(keyOf)
               .window(std::move(assigner))
               .apply(pair));
}
auto coGrouped(Play& play) {
  return play.left()
      .coGroup(play.right())
      .where(keyOf)
      .equalTo(keyOf)
      .window(TumblingEventTimeWindows::of(10ms));
}

void reportPair(const Event& left, const Event& right, JoinContext& context,
                Collector<std::string>& out) {
  out.collect(row(left.first, left.second, right.second, context.getLeftTimestamp(),
                  context.getRightTimestamp(), context.getTimestamp()));
}
auto intervalJoin(Play& play, milliseconds lower, milliseconds upper) {
  return leftKeyed(play).intervalJoin(rightKeyed(play)).between(lower, upper);
}
template <class Join>
void joinWithLate(Play& play, Join join) {
  const OutputTag<Event> left("late_left");
  const OutputTag<Event> right("late_right");
  const auto joined =
      join.sideOutputLeftLateData(left).sideOutputRightLateData(right).process(reportPair);
  play.outWithSide(joined, left);
  play.side(right.getId(), joined.getSideOutput(right));
}
Program intervalProgram(milliseconds lower, milliseconds upper) {
  return [=](Play& play) { joinWithLate(play, intervalJoin(play, lower, upper)); };
}

void addJoinPrograms(Programs& to) {
  auto& programs = to.programs;
  programs["joins/window_tumbling"] = [](Play& play) {
    windowJoin(play, TumblingEventTimeWindows::of(10ms));
  };
  programs["joins/window_sliding"] = [](Play& play) {
    windowJoin(play, SlidingEventTimeWindows::of(10ms, 5ms));
  };
  programs["joins/window_session"] = [](Play& play) {
    windowJoin(play, EventTimeSessionWindows::withGap(10ms));
  };
  programs["joins/co_group_empty_side"] = [](Play& play) {
    play.out(coGrouped(play).apply(BothGroups{}));
  };
  programs["joins/co_group_count_trigger_lateness"] = [](Play& play) {
    play.out(coGrouped(play).trigger(CountTrigger::of(2)).allowedLateness(5ms).apply(BothGroups{}));
  };
  programs["joins/interval_inclusive"] = intervalProgram(-2ms, 3ms);
  programs["joins/interval_exclusive"] = [](Play& play) {
    joinWithLate(play, intervalJoin(play, -2ms, 3ms).lowerBoundExclusive().upperBoundExclusive());
  };
  programs["joins/interval_negative_bounds"] = intervalProgram(-10ms, -5ms);
  programs["joins/interval_positive_bounds_cleanup"] = intervalProgram(5ms, 10ms);
  programs["joins/interval_late_side_outputs"] = intervalProgram(-5ms, 5ms);
  programs["joins/interval_without_timestamp"] = intervalProgram(-5ms, 5ms);
  programs["joins/interval_snapshot_restore"] = intervalProgram(0ms, 10ms);
}

// --- broadcast

const MapStateDescriptor<std::string, std::int32_t>& rules() {
  static const MapStateDescriptor<std::string, std::int32_t> descriptor("rules");
  return descriptor;
}
template <class State>
std::string shown(const State& state) {
  auto entries = state.immutableEntries();
  std::sort(entries.begin(), entries.end());
  return "{" +
         joined(entries, [](const auto& rule) { return rule.first + "=" + text(rule.second); }) +
         "}";
}

struct ApplyRules : KeyedBroadcastProcessFunction<std::string, Event, Event, std::string> {
  void processElement(const Event& event, ReadOnlyContext& context,
                      Collector<std::string>& out) override {
    out.collect(row(event.first, event.second, shown(context.getBroadcastState(rules())),
                    context.currentWatermark()));
  }
  void processBroadcastElement(const Event& rule, Context& context,
                               Collector<std::string>& /*out*/) override {
    auto state = context.getBroadcastState(rules());
    if (rule.second < 0) {
      state.remove(rule.first);
    } else {
      state.put(rule.first, rule.second);
    }
  }
};

struct AddToEverySum : KeyedBroadcastProcessFunction<std::string, Event, Event, std::string> {
  void open(const OpenContext&) override { sum = getRuntimeContext().getState(descriptor); }
  void processElement(const Event& event, ReadOnlyContext& context,
                      Collector<std::string>& /*out*/) override {
    sum.update(sum.value().value_or(0) + event.second);
    context.timerService().registerEventTimeTimer(event.second);
  }
  void processBroadcastElement(const Event& rule, Context& context,
                               Collector<std::string>& out) override {
    context.applyToKeyedState(descriptor,
                              [&](const std::string& key, ValueState<std::int32_t>& state) {
                                const std::int32_t now = state.value().value_or(0);
                                out.collect(row(rule.first, key, now));
                                state.update(now + rule.second);
                              });
  }
  void onTimer(std::int64_t time, OnTimerContext& context, Collector<std::string>& out) override {
    out.collect(row(context.getCurrentKey(), time, sum.value().value_or(0)));
  }
  ValueStateDescriptor<std::int32_t> descriptor{"sum"};
  ValueState<std::int32_t> sum;
};

struct KeyedStateFromBroadcast
    : KeyedBroadcastProcessFunction<std::string, Event, Event, std::string> {
  void open(const OpenContext&) override {
    state = getRuntimeContext().getState(ValueStateDescriptor<std::int32_t>("state"));
  }
  void processElement(const Event&, ReadOnlyContext&, Collector<std::string>&) override {}
  void processBroadcastElement(const Event& rule, Context&, Collector<std::string>& out) override {
    out.collect(row(rule.first, state.value().value_or(0)));
  }
  ValueState<std::int32_t> state;
};

struct PlainRules : BroadcastProcessFunction<Event, Event, std::string> {
  void processElement(const Event& event, ReadOnlyContext& context,
                      Collector<std::string>& out) override {
    out.collect(row(event.first, event.second, shown(context.getBroadcastState(rules()))));
  }
  void processBroadcastElement(const Event& rule, Context& context,
                               Collector<std::string>& out) override {
    context.getBroadcastState(rules()).put(rule.first, rule.second);
    out.collect(row(rule.first, std::string("rule"), context.timestamp()));
  }
};

template <class Function>
Program keyedBroadcast() {
  return [](Play& play) {
    play.out(leftKeyed(play).connect(play.right().broadcast(rules())).process(Function{}));
  };
}

void addBroadcastPrograms(Programs& to) {
  auto& programs = to.programs;
  programs["broadcast/rules"] = keyedBroadcast<ApplyRules>();
  programs["broadcast/apply_to_keyed_state"] = keyedBroadcast<AddToEverySum>();
  programs["broadcast/keyed_state_without_key_refused"] = keyedBroadcast<KeyedStateFromBroadcast>();
  programs["broadcast/not_keyed"] = [](Play& play) {
    play.out(play.left().connect(play.right().broadcast(rules())).process(PlainRules{}));
  };
}

}  // namespace

void addTwoInputPrograms(Programs& to) {
  addConnectPrograms(to);
  addJoinPrograms(to);
  addBroadcastPrograms(to);
}

}  // namespace flink::conformance
