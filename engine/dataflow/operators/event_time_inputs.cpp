#include "dataflow/operators/event_time_inputs.h"

#include <algorithm>

namespace flink::operators {

EventTimeInputs::Change EventTimeInputs::onWatermark(int input, types::Timestamp watermark) {
  Input& changed = inputs_[static_cast<std::size_t>(input)];
  changed.idle = false;
  changed.watermark = std::max(changed.watermark, watermark);
  return combine();
}

EventTimeInputs::Change EventTimeInputs::onStatus(int input, bool idle) {
  inputs_[static_cast<std::size_t>(input)].idle = idle;
  return combine();
}

EventTimeInputs::Change EventTimeInputs::combine() {
  Change change;
  types::Timestamp least = types::kMaxWatermark;
  types::Timestamp greatest = types::kMinWatermark;
  bool allIdle = true;
  for (const Input& input : inputs_) {
    greatest = std::max(greatest, input.watermark);
    if (input.idle) continue;
    allIdle = false;
    least = std::min(least, input.watermark);
  }
  const types::Timestamp reached = allIdle ? greatest : least;
  if (reached > combined_) {
    combined_ = reached;
    change.watermark = reached;
  }
  if (allIdle != idle_) {
    idle_ = allIdle;
    change.idle = allIdle;
  }
  return change;
}

}  // namespace flink::operators
