#include "dataflow/operators/windowing/window_operator.h"

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "dataflow/operators/windowing/window_factories.h"

namespace flink::operators {

void throwTriggerCannotMerge() {
  throw StatusException(
      Status(ErrorCode::kUnsupported,
             "a merging window assigner cannot be used with a trigger that does not support "
             "merging; give the trigger canMerge() and onMerge(), or use another one"));
}

void throwOtherForm(const char* name) {
  throw StatusException(Status(
      ErrorCode::kStateIncompatible,
      fmt::format("the snapshot's windows have another form, as the sliding window had another "
                  "trigger, evictor, lateness or aggregate then; go back to that, or give the "
                  "operator another uid and allow non-restored state: state={}",
                  name)));
}

void throwNoStatePerMergingWindow() {
  throw StatusException(Status(
      ErrorCode::kUnsupported,
      "per-window state is not allowed with merging windows; use globalState() and key it by what "
      "your function needs"));
}

void throwMergedIntoPast(bool isEventTime, types::Timestamp now, types::Timestamp maxTimestamp) {
  throw StatusException(
      Status(ErrorCode::kWindowMergedIntoPast,
             fmt::format("windows merged into one whose time is over: time={} now={} "
                         "maxTimestamp={}",
                         isEventTime ? "event time" : "processing time", now, maxTimestamp)));
}

}  // namespace flink::operators
