// Programs of the group `watermarks`.
#include <algorithm>
#include <chrono>
#include <memory>

#include "programs.h"
#include "window_functions.h"

namespace flink::conformance {

namespace {

using namespace std::chrono_literals;
using Strategy = WatermarkStrategy<Event>;

std::int64_t byValue(const Event& event) {
  return event.second;
}
std::int64_t thousandLater(const Event& event, std::int64_t before) {
  return before == types::kNoTimestamp ? event.second : before + 1000;
}
Strategy bounded(std::chrono::milliseconds bound) {
  return Strategy::forBoundedOutOfOrderness(bound).withTimestampAssigner(byValue);
}
Strategy monotonous() {
  return Strategy::forMonotonousTimestamps().withTimestampAssigner(byValue);
}
Program assigning(const Strategy& strategy) {
  return
      [strategy](Play& play) { play.out(play.source().assignTimestampsAndWatermarks(strategy)); };
}

/// A watermark behind every element whose value ends in 0.
struct WatermarkAtTens : WatermarkGenerator<Event> {
  void onEvent(const Event& event, std::int64_t timestamp, WatermarkOutput& output) override {
    if (event.second % 10 == 0) output.emitWatermark(timestamp);
  }
  void onPeriodicEmit(WatermarkOutput& /*output*/) override {}
};
/// Says idle and active when keys say so, and the largest timestamp periodically.
struct IdleByKey : WatermarkGenerator<Event> {
  void onEvent(const Event& event, std::int64_t timestamp, WatermarkOutput& output) override {
    largest = std::max(largest, timestamp);
    if (event.first == "idle") output.markIdle();
    if (event.first == "active") output.markActive();
  }
  void onPeriodicEmit(WatermarkOutput& output) override { output.emitWatermark(largest); }
  std::int64_t largest = types::kMinWatermark;
};
template <class Generator>
Strategy generated() {
  return Strategy::forGenerator([] { return std::make_unique<Generator>(); });
}

}  // namespace

void addWatermarkPrograms(Programs& to) {
  auto& programs = to.programs;
  for (const char* name : {"bounded_out_of_orderness", "negative_and_minimum_timestamps"})
    programs[std::string("watermarks/") + name] = assigning(bounded(5ms));
  programs["watermarks/monotonous"] = assigning(monotonous());
  programs["watermarks/existing_timestamps"] = assigning(Strategy::forMonotonousTimestamps());
  programs["watermarks/punctuated"] =
      assigning(generated<WatermarkAtTens>().withTimestampAssigner(byValue));
  programs["watermarks/generator_marks_idle_and_active"] =
      assigning(generated<IdleByKey>().withTimestampAssigner(byValue));
  for (const char* name : {"idleness_timeout", "idle_from_the_start"})
    programs[std::string("watermarks/") + name] = assigning(monotonous().withIdleness(500ms));
  programs["watermarks/no_watermarks_and_old_timestamp"] =
      assigning(Strategy::noWatermarks().withTimestampAssigner(thousandLater));
  programs["watermarks/two_assigners"] = [](Play& play) {
    play.out(play.source()
                 .assignTimestampsAndWatermarks(
                     generated<WatermarkAtTens>().withTimestampAssigner(byValue))
                 .assignTimestampsAndWatermarks(
                     generated<WatermarkAtTens>().withTimestampAssigner(thousandLater)));
  };
  programs["watermarks/interval_zero"] = [](Play& play) {
    play.config().setAutoWatermarkInterval(0);
    play.out(play.source().assignTimestampsAndWatermarks(bounded(0ms)));
  };
  programs["watermarks/late_data_after_restore"] = [](Play& play) {
    winWithLate(play, play.source()
                          .assignTimestampsAndWatermarks(bounded(5ms))
                          .keyBy(keyOf)
                          .window(TumblingEventTimeWindows::of(10ms)));
  };
}

}  // namespace flink::conformance
