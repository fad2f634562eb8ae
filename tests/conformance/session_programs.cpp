// Programs of the groups `sessions` and `snapshots`.
#include <chrono>
#include <utility>

#include "programs.h"
#include "window_functions.h"

namespace flink::conformance {

namespace {

using namespace std::chrono_literals;

auto sessions10(Play& play) {
  return keyed(play).window(EventTimeSessionWindows::withGap(10ms));
}
void plainSessions(Play& play) {
  play.out(sessions10(play).process(SortedWin{}));
}
template <class Windowed>
void sortedWithLate(Play& play, const Windowed& windowed) {
  play.outWithSide(windowed.sideOutputLateData(lateTag()).process(SortedWin{}), lateTag());
}

/// The gap of an element is its value.
std::int64_t gapOfValue(const Event& event) {
  return event.second;
}
/// Large values bridge: 110 reaches over 50 ms.
std::int64_t bridgingGap(const Event& event) {
  return event.second >= 100 ? event.second - 60 : 10;
}
template <class Gap>
auto dynamicSessions(Play& play, Gap gap) {
  return keyed(play).window(EventTimeSessionWindows::withDynamicGap(gap));
}

/// Keeps the values, and what happened last: the value added, or `merged`.
struct LastAction {
  using Accumulator = std::pair<std::vector<std::int32_t>, std::string>;
  Accumulator createAccumulator() const { return {}; }
  void add(const Event& event, Accumulator& accumulator) const {
    accumulator.first.push_back(event.second);
    accumulator.second = text(event.second);
  }
  std::string getResult(const Accumulator& accumulator) const {
    std::vector<std::int32_t> sorted = accumulator.first;
    std::sort(sorted.begin(), sorted.end());
    return row(joined(sorted, [](std::int32_t value) { return text(value); }), accumulator.second);
  }
  Accumulator merge(const Accumulator& a, const Accumulator& b) const {
    Accumulator merged = a;
    merged.first.insert(merged.first.end(), b.first.begin(), b.first.end());
    merged.second = "merged";
    return merged;
  }
};
struct WithKeyAndWindow : ProcessWindowFunction<std::string, std::string, std::string, TimeWindow> {
  void process(const std::string& key, Context& context, const Iterable<std::string>& elements,
               Collector<std::string>& out) override {
    out.collect(row(key, context.window().start, context.window().end, *elements.begin()));
  }
};

struct SortedAllWin : ProcessAllWindowFunction<Event, std::string, TimeWindow> {
  void process(Context& context, const Iterable<Event>& elements,
               Collector<std::string>& out) override {
    std::vector<std::string> texts = withKeys(elements);
    std::sort(texts.begin(), texts.end());
    out.collect(row(context.window().start, context.window().end, words(texts)));
  }
};

struct AskForWindowState : ProcessWindowFunction<Event, std::string, std::string, TimeWindow> {
  void process(const std::string& key, Context& context, const Iterable<Event>& /*elements*/,
               Collector<std::string>& out) override {
    auto state = context.windowState().getState(ValueStateDescriptor<std::int32_t>("calls"));
    state.update(1);
    out.collect(key);
  }
};

struct ValueDifference {
  double operator()(const Event& before, const Event& now) const {
    return now.second - before.second;
  }
};

}  // namespace

void addSessionPrograms(Programs& to) {
  auto& programs = to.programs;
  for (const char* title : {"sessions/merge_two", "sessions/touching_windows_merge",
                            "snapshots/session_merge_after_restore"}) {
    programs[title] = plainSessions;
  }
  programs["sessions/merge_three_then_add"] = [](Play& play) {
    play.out(dynamicSessions(play, bridgingGap).aggregate(LastAction{}, WithKeyAndWindow{}));
  };
  for (const char* title : {"sessions/dynamic_gap", "sessions/dynamic_gap_zero_fails"}) {
    programs[title] = [](Play& play) {
      play.out(dynamicSessions(play, gapOfValue).process(SortedWin{}));
    };
  }
  programs["sessions/late_element_dropped_or_bridged"] = [](Play& play) {
    sortedWithLate(play, sessions10(play));
  };
  programs["sessions/allowed_lateness_refire_merged"] = [](Play& play) {
    sortedWithLate(play, sessions10(play).allowedLateness(20ms));
  };
  programs["sessions/count_trigger_merges_counts"] = [](Play& play) {
    play.out(sessions10(play).trigger(CountTrigger::of(3)).process(SortedWin{}));
  };
  programs["sessions/purging_count_trigger"] = [](Play& play) {
    play.out(sessions10(play).trigger(PurgingTrigger(CountTrigger::of(2))).process(SortedWin{}));
  };
  programs["sessions/reduce_merging_two_keys"] = [](Play& play) {
    play.out(keyed(play).window(EventTimeSessionWindows::withGap(5ms)).reduce(SumValues{}));
  };
  programs["sessions/window_state_refused"] = [](Play& play) {
    play.out(sessions10(play).process(AskForWindowState{}));
  };
  programs["sessions/trigger_without_merge_refused"] = [](Play& play) {
    play.out(sessions10(play)
                 .trigger(DeltaTrigger<Event, ValueDifference>(10, ValueDifference{}))
                 .process(SortedWin{}));
  };
  programs["sessions/window_all"] = [](Play& play) {
    play.out(
        play.source().windowAll(EventTimeSessionWindows::withGap(10ms)).process(SortedAllWin{}));
  };
  programs["snapshots/tumbling_window"] = [](Play& play) {
    winWithLate(play, keyed(play).window(TumblingEventTimeWindows::of(10ms)).allowedLateness(5ms));
  };
}

}  // namespace flink::conformance
