// Programs of the group `windows` by count and by processing time, and of `evictors`.
#include <chrono>

#include "programs.h"
#include "window_functions.h"

namespace flink::conformance {

namespace {

using namespace std::chrono_literals;

auto global(Play& play) {
  return keyed(play).window(GlobalWindows::create());
}
template <class Evictor>
void evicting(Play& play, std::int64_t count, const Evictor& evictor) {
  play.out(global(play).trigger(CountTrigger::of(count)).evictor(evictor).process(GlobalWin{}));
}

/// How much the last element that arrived is above another.
struct BelowLast {
  double operator()(const Event& element, const Event& last) const {
    return last.second - element.second;
  }
};

void addEvictorPrograms(Programs& to) {
  auto& programs = to.programs;
  programs["evictors/count_before"] = [](Play& play) { evicting(play, 2, CountEvictor::of(3)); };
  programs["evictors/count_after"] = [](Play& play) {
    evicting(play, 2, CountEvictor::of(1, true));
  };
  programs["evictors/time_before"] = [](Play& play) { evicting(play, 3, TimeEvictor::of(10ms)); };
  programs["evictors/time_after"] = [](Play& play) {
    evicting(play, 2, TimeEvictor::of(5ms, true));
  };
  programs["evictors/delta_before"] = [](Play& play) {
    evicting(play, 2, DeltaEvictor<BelowLast>(10, BelowLast{}));
  };
  programs["evictors/evict_everything_before"] = [](Play& play) {
    play.out(keyed(play)
                 .window(TumblingEventTimeWindows::of(10ms))
                 .evictor(CountEvictor::of(0))
                 .process(Win{}));
  };
  programs["evictors/reduce_with_evictor"] = [](Play& play) {
    play.out(keyed(play)
                 .window(TumblingEventTimeWindows::of(10ms))
                 .evictor(CountEvictor::of(2))
                 .reduce(SumValues{}));
  };
  programs["evictors/session_with_evictor"] = [](Play& play) {
    play.out(keyed(play)
                 .window(EventTimeSessionWindows::withGap(10ms))
                 .evictor(TimeEvictor::of(6ms))
                 .process(SortedWin{}));
  };
}

}  // namespace

void addCountWindowPrograms(Programs& to) {
  auto& programs = to.programs;
  for (const char* title : {"windows/count_window", "snapshots/count_trigger"})
    programs[title] = [](Play& play) { play.out(keyed(play).countWindow(3).process(GlobalWin{})); };
  programs["windows/count_window_slide"] = [](Play& play) {
    play.out(keyed(play).countWindow(4, 2).process(GlobalWin{}));
  };
  programs["windows/count_window_slide_larger"] = [](Play& play) {
    play.out(keyed(play).countWindow(2, 3).process(GlobalWin{}));
  };
  programs["windows/count_window_all"] = [](Play& play) {
    play.out(play.source().countWindowAll(3).reduce(SumValues{}));
  };
  programs["windows/global_window_never_fires"] = [](Play& play) {
    play.out(global(play).process(GlobalWin{}));
  };
  programs["windows/global_window_end_of_stream_trigger"] = [](Play& play) {
    play.out(
        keyed(play).window(GlobalWindows::createWithEndOfStreamTrigger()).process(GlobalWin{}));
  };
  programs["windows/global_window_count_trigger_accumulates"] = [](Play& play) {
    play.out(global(play).trigger(CountTrigger::of(2)).process(GlobalWin{}));
  };
  programs["windows/processing_time_tumbling"] = [](Play& play) {
    play.out(keyed(play).window(TumblingProcessingTimeWindows::of(10ms)).process(Win{}));
  };
  programs["windows/processing_time_sliding"] = [](Play& play) {
    play.out(keyed(play).window(SlidingProcessingTimeWindows::of(10ms, 5ms)).process(Win{}));
  };
  programs["windows/processing_time_session"] = [](Play& play) {
    play.out(keyed(play).window(ProcessingTimeSessionWindows::withGap(10ms)).process(Win{}));
  };
  addEvictorPrograms(to);
}

}  // namespace flink::conformance
