// Programs of the groups `timers`, `process` and `rolling`.
#include <limits>
#include <optional>

#include <flink/state.h>

#include "programs.h"
#include "window_functions.h"

namespace flink::conformance {

namespace {

using namespace std::chrono_literals;
using Keyed = KeyedProcessFunction<std::string, Event, std::string>;

std::string orNull(const OnTimerContext& context) {
  return context.hasTimestamp() ? text(context.timestamp()) : "null";
}

/// Elements are commands: thousands say what to do with the timer at the rest.
struct TimerCommands : Keyed {
  void processElement(const Event& event, Context& context, Collector<std::string>& out) override {
    TimerService& timers = context.timerService();
    const std::int32_t value = event.second;
    if (value < 0) {
      out.collect(row(event.first, std::string("element"), orNull(context),
                      timers.currentWatermark(), timers.currentProcessingTime()));
    } else if (value < 1000) {
      timers.registerEventTimeTimer(value);
    } else if (value < 2000) {
      timers.deleteEventTimeTimer(value - 1000);
    } else if (value < 3000) {
      timers.registerProcessingTimeTimer(value - 2000);
    } else {
      timers.deleteProcessingTimeTimer(value - 3000);
    }
  }
  void onTimer(std::int64_t time, OnTimerContext& context, Collector<std::string>& out) override {
    const bool eventTime = context.timeDomain() == TimeDomain::EVENT_TIME;
    out.collect(row(context.getCurrentKey(),
                    std::string(eventTime ? "EVENT_TIME" : "PROCESSING_TIME"), time,
                    orNull(context), context.timerService().currentWatermark()));
  }
};

struct MaxTimer : Keyed {
  void processElement(const Event&, Context& context, Collector<std::string>&) override {
    context.timerService().registerEventTimeTimer(std::numeric_limits<std::int64_t>::max());
  }
  void onTimer(std::int64_t time, OnTimerContext& context, Collector<std::string>& out) override {
    out.collect(row(context.getCurrentKey(), time));
  }
};

struct TimersFromTimers : Keyed {
  void processElement(const Event& event, Context& context, Collector<std::string>&) override {
    context.timerService().registerEventTimeTimer(event.second);
  }
  void onTimer(std::int64_t time, OnTimerContext& context, Collector<std::string>& out) override {
    TimerService& timers = context.timerService();
    out.collect(row(context.getCurrentKey(), time, timers.currentWatermark()));
    if (time <= 80 || time >= 100) return;
    timers.registerEventTimeTimer(time - 5);
    timers.registerEventTimeTimer(time + 50);
  }
};

struct CountUntilTimer : Keyed {
  void open(const OpenContext&) override {
    count = getRuntimeContext().getState(ValueStateDescriptor<std::int32_t>("count"));
  }
  void processElement(const Event&, Context& context, Collector<std::string>&) override {
    count.update(count.value().value_or(0) + 1);
    context.timerService().registerEventTimeTimer((context.timestamp() + 9) / 10 * 10);
  }
  void onTimer(std::int64_t time, OnTimerContext& context, Collector<std::string>& out) override {
    const auto counted = count.value();
    out.collect(row(context.getCurrentKey(), time, counted ? text(*counted) : "null"));
    count.clear();
  }
  ValueState<std::int32_t> count;
};

struct TimerWithoutKey : ProcessFunction<Event, std::string> {
  void processElement(const Event& event, Context& context, Collector<std::string>& out) override {
    out.collect(row(event.first, context.timerService().currentWatermark()));
    context.timerService().registerEventTimeTimer(10);
  }
};

void addTimerPrograms(Programs& to) {
  auto& programs = to.programs;
  for (const char* name : {"order_and_duplicates", "per_key", "registered_in_the_past",
                           "end_of_input_fires_event_time_only", "processing_time",
                           "same_time_both_domains", "snapshot_restore"}) {
    programs[std::string("timers/") + name] = [](Play& play) {
      play.out(keyed(play).process(TimerCommands{}));
    };
  }
  programs["timers/registered_inside_on_timer"] = [](Play& play) {
    play.out(keyed(play).process(TimersFromTimers{}));
  };
  programs["timers/max_watermark_timer"] = [](Play& play) {
    play.out(keyed(play).process(MaxTimer{}));
  };
  programs["timers/state_in_on_timer"] = [](Play& play) {
    play.out(keyed(play).process(CountUntilTimer{}));
  };
  programs["timers/without_key_refused"] = [](Play& play) {
    play.out(play.source().process(TimerWithoutKey{}));
  };
}

const OutputTag<std::string>& oddTag() {
  static const OutputTag<std::string> tag("odd");
  return tag;
}

struct ReportTimestamps : Keyed {
  void processElement(const Event& event, Context& context, Collector<std::string>& out) override {
    if (event.second % 2 != 0) context.output(oddTag(), row(event.first, event.second));
    out.collect(row(event.first, event.second, orNull(context)));
  }
};

struct SideFromTimer : Keyed {
  void processElement(const Event&, Context& context, Collector<std::string>&) override {
    context.timerService().registerEventTimeTimer(context.timestamp() + 10);
    context.timerService().registerProcessingTimeTimer(50);
  }
  void onTimer(std::int64_t time, OnTimerContext& context, Collector<std::string>& out) override {
    context.output(oddTag(), row(context.getCurrentKey(), time));
    out.collect(row(context.getCurrentKey(), time));
  }
};

void repeat(const Event& event, Collector<Event>& out) {
  for (std::int32_t i = 0; i < event.second; ++i) out.collect(event);
}
std::optional<std::string> nullForZero(const Event& event) {
  return event.second == 0 ? std::nullopt : std::optional(event.first);
}

void addProcessPrograms(Programs& to) {
  auto& programs = to.programs;
  programs["process/timestamps_of_results"] = [](Play& play) {
    play.outWithSide(play.source().flatMap(repeat).keyBy(keyOf).process(ReportTimestamps{}),
                     oddTag());
  };
  programs["process/side_output_from_timer"] = [](Play& play) {
    play.outWithSide(keyed(play).process(SideFromTimer{}), oddTag());
  };
  programs["process/null_key_refused"] = [](Play& play) {
    play.out(play.source().keyBy(nullForZero).reduce(SumValues{}));
  };
  programs["process/rolling_state_snapshot"] = [](Play& play) {
    play.out(keyed(play).reduce(SumValues{}));
  };
}

std::string keyOfTriple(const Triple& triple) {
  return std::get<0>(triple);
}
std::int32_t sameKey(const Triple& /*triple*/) {
  return 0;
}
auto triples(Play& play) {
  return play.source<Triple>().keyBy(keyOfTriple);
}

void addRollingPrograms(Programs& to) {
  auto& programs = to.programs;
  programs["rolling/reduce"] = [](Play& play) { play.out(keyed(play).reduce(AppendDigit{})); };
  for (const char* title : {"rolling/sum", "rolling/sum_overflow"})
    programs[title] = [](Play& play) { play.out(triples(play).sum(1)); };
  programs["rolling/min"] = [](Play& play) { play.out(triples(play).min(1)); };
  programs["rolling/max"] = [](Play& play) { play.out(triples(play).max(1)); };
  programs["rolling/minBy"] = [](Play& play) { play.out(triples(play).minBy(1)); };
  programs["rolling/minBy_last"] = [](Play& play) { play.out(triples(play).minBy(1, false)); };
  programs["rolling/maxBy"] = [](Play& play) { play.out(triples(play).maxBy(1)); };
  programs["rolling/maxBy_last"] = [](Play& play) { play.out(triples(play).maxBy(1, false)); };
  programs["rolling/sum_of_string_refused"] = [](Play& play) { play.out(triples(play).sum(0)); };
  programs["rolling/max_of_string"] = [](Play& play) {
    play.out(play.source<Triple>().keyBy(sameKey).max(0));
  };
  programs["rolling/window_min_vs_minby"] = [](Play& play) {
    const auto windowed = triples(play).window(TumblingEventTimeWindows::of(10ms));
    // The main output last: its watermark comes when the others have fired too.
    play.side("minby", windowed.minBy(1));
    play.side("maxby_last", windowed.maxBy(1, false));
    play.out(windowed.min(1));
  };
}

}  // namespace

void addFunctionPrograms(Programs& to) {
  addTimerPrograms(to);
  addProcessPrograms(to);
  addRollingPrograms(to);
}

}  // namespace flink::conformance
