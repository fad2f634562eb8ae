// Programs of the group `triggers`.
#include <chrono>
#include <optional>

#include "programs.h"
#include "window_functions.h"

namespace flink::conformance {

namespace {

using namespace std::chrono_literals;

auto tumbling(Play& play, std::chrono::milliseconds size) {
  return keyed(play).window(TumblingEventTimeWindows::of(size));
}
template <class Trigger>
void tumbling10(Play& play, Trigger trigger) {
  play.out(tumbling(play, 10ms).trigger(std::move(trigger)).process(Win{}));
}
template <class Trigger>
void global(Play& play, Trigger trigger) {
  play.out(
      keyed(play).window(GlobalWindows::create()).trigger(std::move(trigger)).process(GlobalWin{}));
}

struct ValueDifference {
  double operator()(const Event& before, const Event& now) const {
    return now.second - before.second;
  }
};

/// Fires 20 ms of the clock after the last element, and with the end of the window; negative values
/// purge.
class QuietOrEnd : public Trigger<Event, TimeWindow> {
 public:
  TriggerResult onElement(const Event& event, types::Timestamp /*timestamp*/,
                          const TimeWindow& window, TriggerContext& context) override {
    auto quiet = context.getPartitionedState(quiet_);
    if (const auto before = quiet.value()) context.deleteProcessingTimeTimer(*before);
    const types::Timestamp time = context.getCurrentProcessingTime() + 20;
    quiet.update(time);
    context.registerProcessingTimeTimer(time);
    context.registerEventTimeTimer(window.maxTimestamp());
    return event.second < 0 ? TriggerResult::kPurge : TriggerResult::kContinue;
  }
  TriggerResult onProcessingTime(types::Timestamp /*time*/, const TimeWindow& /*window*/,
                                 TriggerContext& context) override {
    context.getPartitionedState(quiet_).clear();
    return TriggerResult::kFire;
  }
  TriggerResult onEventTime(types::Timestamp time, const TimeWindow& window,
                            TriggerContext& /*context*/) override {
    return time == window.maxTimestamp() ? TriggerResult::kFireAndPurge : TriggerResult::kContinue;
  }
  void clear(const TimeWindow& window, TriggerContext& context) override {
    auto quiet = context.getPartitionedState(quiet_);
    if (const auto time = quiet.value()) context.deleteProcessingTimeTimer(*time);
    quiet.clear();
    context.deleteEventTimeTimer(window.maxTimestamp());
  }

 private:
  ValueStateDescriptor<types::Timestamp> quiet_{"quiet"};
};

}  // namespace

void addTriggerPrograms(Programs& to) {
  auto& programs = to.programs;
  programs["triggers/count_on_time_window"] = [](Play& play) {
    tumbling10(play, CountTrigger::of(2));
  };
  programs["triggers/purging_count_on_time_window"] = [](Play& play) {
    tumbling10(play, PurgingTrigger(CountTrigger::of(2)));
  };
  programs["triggers/continuous_event_time"] = [](Play& play) {
    play.out(tumbling(play, 20ms).trigger(ContinuousEventTimeTrigger::of(5ms)).process(Win{}));
  };
  programs["triggers/continuous_event_time_session"] = [](Play& play) {
    play.out(keyed(play)
                 .window(EventTimeSessionWindows::withGap(10ms))
                 .trigger(ContinuousEventTimeTrigger::of(5ms))
                 .process(SortedWin{}));
  };
  programs["triggers/continuous_processing_time"] = [](Play& play) {
    global(play, ContinuousProcessingTimeTrigger::of(10ms));
  };
  programs["triggers/delta"] = [](Play& play) {
    global(play, DeltaTrigger<Event, ValueDifference>(10, ValueDifference{}));
  };
  programs["triggers/processing_timeout_reset"] = [](Play& play) {
    global(play, ProcessingTimeoutTrigger(CountTrigger::of(3), 10ms, true, true));
  };
  programs["triggers/processing_timeout_no_reset"] = [](Play& play) {
    global(play, ProcessingTimeoutTrigger(PurgingTrigger(CountTrigger::of(3)), 10ms, false, false));
  };
  programs["triggers/processing_timeout_around_event_time"] = [](Play& play) {
    tumbling10(play, ProcessingTimeoutTrigger(EventTimeTrigger(), 100ms, false, true));
  };
  for (const char* title : {"triggers/custom_both_times", "triggers/custom_both_times_snapshot"}) {
    programs[title] = [](Play& play) {
      play.out(tumbling(play, 100ms).trigger(QuietOrEnd()).process(Win{}));
    };
  }
  programs["triggers/processing_time_trigger_on_event_window"] = [](Play& play) {
    tumbling10(play, ProcessingTimeTrigger());
  };
  programs["triggers/event_time_trigger_with_evictor_late"] = [](Play& play) {
    play.out(
        tumbling(play, 10ms).allowedLateness(10ms).evictor(CountEvictor::of(2)).process(Win{}));
  };
}

}  // namespace flink::conformance
