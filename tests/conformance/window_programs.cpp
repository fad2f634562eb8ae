// Programs of the group `windows` in event time.
#include <chrono>
#include <limits>

#include "programs.h"
#include "window_functions.h"

namespace flink::conformance {

namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

auto tumbling10(Play& play) {
  return keyed(play).window(TumblingEventTimeWindows::of(10ms));
}

void plainTumbling(Play& play) {
  play.out(tumbling10(play).process(Win{}));
}
void tumblingFrom(Play& play, milliseconds offset) {
  play.out(keyed(play).window(TumblingEventTimeWindows::of(10ms, offset)).process(Win{}));
}
void sliding(Play& play, milliseconds size, milliseconds slide, milliseconds offset) {
  play.out(keyed(play).window(SlidingEventTimeWindows::of(size, slide, offset)).process(Win{}));
}
void slidingWithLate(Play& play, milliseconds size, milliseconds slide) {
  winWithLate(play, keyed(play).window(SlidingEventTimeWindows::of(size, slide)));
}
void lateness(Play& play, milliseconds lateness) {
  play.out(tumbling10(play).allowedLateness(lateness).process(Win{}));
}

/// Its calls per window and per key, and the watermark.
struct CountCalls : ProcessWindowFunction<Event, std::string, std::string, TimeWindow> {
  void process(const std::string& key, Context& context, const Iterable<Event>& elements,
               Collector<std::string>& out) override {
    const std::int32_t inWindow = next(context.windowState(), inWindow_);
    const std::int32_t ofKey = next(context.globalState(), ofKey_);
    out.collect(row(key, context.window().start, context.window().end, values(elements),
                    context.currentWatermark(), inWindow, ofKey));
  }
  void clear(Context& context) override { context.windowState().getState(inWindow_).clear(); }

 private:
  static std::int32_t next(KeyedStateStore& store,
                           const ValueStateDescriptor<std::int32_t>& descriptor) {
    auto state = store.getState(descriptor);
    const std::int32_t count = state.value().value_or(0) + 1;
    state.update(count);
    return count;
  }
  ValueStateDescriptor<std::int32_t> inWindow_{"callsInWindow"};
  ValueStateDescriptor<std::int32_t> ofKey_{"callsOfKey"};
};

const OutputTag<std::string>& bigTag() {
  static const OutputTag<std::string> tag("big");
  return tag;
}
struct ReportBig : ProcessWindowFunction<Event, std::string, std::string, TimeWindow> {
  void process(const std::string& key, Context& context, const Iterable<Event>& elements,
               Collector<std::string>& out) override {
    const auto count = static_cast<std::int64_t>(elements.size());
    out.collect(row(key, context.window().start, count));
    if (count >= 2) context.output(bigTag(), row(key, context.window().start));
  }
};

/// As Java shows a double of few digits.
std::string javaText(double value) {
  std::string shown = std::to_string(value);
  while (shown.back() == '0' && shown[shown.size() - 2] != '.') shown.pop_back();
  return shown;
}
struct Average {
  using Sum = std::pair<std::int64_t, std::int64_t>;
  Sum createAccumulator() const { return {}; }
  void add(const Event& event, Sum& sum) const {
    sum.first += event.second;
    ++sum.second;
  }
  double getResult(const Sum& sum) const {
    return static_cast<double>(sum.first) / static_cast<double>(sum.second);
  }
  Sum merge(const Sum& a, const Sum& b) const { return {a.first + b.first, a.second + b.second}; }
};
struct AverageWin : ProcessWindowFunction<double, std::string, std::string, TimeWindow> {
  void process(const std::string& key, Context& context, const Iterable<double>& elements,
               Collector<std::string>& out) override {
    out.collect(row(key, context.window().start, context.window().end, javaText(*elements.begin()),
                    static_cast<std::int64_t>(elements.size())));
  }
};

void resultsDownstream(Play& play) {
  play.out(tumbling10(play)
               .reduce(SumValues{})
               .windowAll(TumblingEventTimeWindows::of(20ms))
               .process(AllWin{}));
}

}  // namespace

void addWindowPrograms(Programs& to) {
  auto& programs = to.programs;
  for (const char* name :
       {"tumbling_boundaries", "tumbling_negative_timestamps", "tumbling_without_timestamps",
        "tumbling_keys_fire_in_timestamp_order", "non_increasing_watermark_is_dropped"}) {
    programs[std::string("windows/") + name] = plainTumbling;
  }
  programs["windows/tumbling_offset"] = [](Play& play) { tumblingFrom(play, 3ms); };
  programs["windows/tumbling_negative_offset"] = [](Play& play) { tumblingFrom(play, -4ms); };
  programs["windows/tumbling_offset_too_large"] = [](Play& play) { tumblingFrom(play, 10ms); };
  programs["windows/sliding_size_not_multiple_of_slide"] = [](Play& play) {
    sliding(play, 10ms, 4ms, 0ms);
  };
  programs["windows/sliding_slide_larger_than_size"] = [](Play& play) {
    slidingWithLate(play, 4ms, 10ms);
  };
  programs["windows/sliding_offset_negative_timestamps"] = [](Play& play) {
    sliding(play, 10ms, 5ms, 2ms);
  };
  programs["windows/sliding_late_for_some_windows"] = [](Play& play) {
    slidingWithLate(play, 10ms, 5ms);
  };
  programs["windows/late_exactly_at_boundary"] = [](Play& play) {
    winWithLate(play, tumbling10(play));
  };
  programs["windows/allowed_lateness_refires_accumulating"] = [](Play& play) {
    winWithLate(play, tumbling10(play).allowedLateness(5ms));
  };
  programs["windows/allowed_lateness_refires_purging"] = [](Play& play) {
    play.out(tumbling10(play)
                 .trigger(PurgingTrigger(EventTimeTrigger()))
                 .allowedLateness(5ms)
                 .process(Win{}));
  };
  programs["windows/first_element_within_lateness"] = [](Play& play) { lateness(play, 100ms); };
  programs["windows/allowed_lateness_overflow"] = [](Play& play) {
    lateness(play, milliseconds(std::numeric_limits<std::int64_t>::max()));
  };
  programs["windows/process_context_and_state"] = [](Play& play) {
    play.out(tumbling10(play).allowedLateness(10ms).process(CountCalls{}));
  };
  programs["windows/side_output_from_window"] = [](Play& play) {
    play.outWithSide(tumbling10(play).allowedLateness(5ms).process(ReportBig{}), bigTag());
  };
  programs["windows/reduce"] = [](Play& play) { play.out(tumbling10(play).reduce(AppendDigit{})); };
  programs["windows/aggregate_with_process"] = [](Play& play) {
    play.out(tumbling10(play).aggregate(Average{}, AverageWin{}));
  };
  programs["windows/window_all"] = [](Play& play) {
    play.out(play.source().windowAll(TumblingEventTimeWindows::of(10ms)).process(AllWin{}));
  };
  programs["windows/result_timestamps_downstream"] = resultsDownstream;
}

}  // namespace flink::conformance
