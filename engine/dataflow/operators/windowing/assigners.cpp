#include "dataflow/operators/windowing/assigners.h"

#include <cstdlib>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "dataflow/operators/operator_failure.h"

namespace flink {
namespace operators {

void throwNoTimestamp(std::string_view assigner) {
  throw OperatorFailure(
      {ErrorCode::kRecordWithoutTimestamp,
       fmt::format("an event-time window met a record without a timestamp; call "
                   "assignTimestampsAndWatermarks() before the window, or use processing-time "
                   "windows: assigner={}",
                   assigner)});
}

void throwBadGap(std::int64_t gapMs) {
  throw OperatorFailure(
      {ErrorCode::kInvalidArgument,
       fmt::format("dynamic session time gap must satisfy 0 < gap: gap={} ms", gapMs)});
}

void checkWindowParameters(bool fit, std::string_view assigner, std::string_view rule) {
  if (fit) return;
  throw OperatorFailure(
      {ErrorCode::kInvalidArgument, fmt::format("{} parameters must satisfy {}", assigner, rule)});
}

namespace {

AlignedWindows tumbling(std::string_view assigner, std::chrono::milliseconds size,
                        std::chrono::milliseconds offset) {
  checkWindowParameters(std::abs(offset.count()) < size.count(), assigner, "abs(offset) < size");
  return {size.count(), size.count(), offset.count()};
}

AlignedWindows sliding(std::string_view assigner, std::chrono::milliseconds size,
                       std::chrono::milliseconds slide, std::chrono::milliseconds offset) {
  checkWindowParameters(std::abs(offset.count()) < slide.count() && size.count() > 0, assigner,
                        "abs(offset) < slide and size > 0");
  return {size.count(), slide.count(), offset.count()};
}

}  // namespace
}  // namespace operators

using std::chrono::milliseconds;

TumblingEventTimeWindows TumblingEventTimeWindows::of(milliseconds size, milliseconds offset) {
  return TumblingEventTimeWindows(operators::tumbling("TumblingEventTimeWindows", size, offset));
}

TumblingProcessingTimeWindows TumblingProcessingTimeWindows::of(milliseconds size,
                                                                milliseconds offset) {
  return TumblingProcessingTimeWindows(
      operators::tumbling("TumblingProcessingTimeWindows", size, offset));
}

SlidingEventTimeWindows SlidingEventTimeWindows::of(milliseconds size, milliseconds slide,
                                                    milliseconds offset) {
  return SlidingEventTimeWindows(
      operators::sliding("SlidingEventTimeWindows", size, slide, offset));
}

SlidingProcessingTimeWindows SlidingProcessingTimeWindows::of(milliseconds size, milliseconds slide,
                                                              milliseconds offset) {
  return SlidingProcessingTimeWindows(
      operators::sliding("SlidingProcessingTimeWindows", size, slide, offset));
}

EventTimeSessionWindows EventTimeSessionWindows::withGap(milliseconds gap) {
  operators::checkWindowParameters(gap.count() > 0, "EventTimeSessionWindows", "0 < gap");
  return EventTimeSessionWindows(gap.count());
}

ProcessingTimeSessionWindows ProcessingTimeSessionWindows::withGap(milliseconds gap) {
  operators::checkWindowParameters(gap.count() > 0, "ProcessingTimeSessionWindows", "0 < gap");
  return ProcessingTimeSessionWindows(gap.count());
}

}  // namespace flink
