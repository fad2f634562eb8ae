#pragma once

#include <vector>

#include "core/types/stream_time.h"
#include "dataflow/operators/event_time_inputs.h"

namespace flink::task {

/// Combines the watermarks and the idleness of the channels of one input into one event time.
/// The watermark is the least over the aligned channels: those that are active and, after having
/// been idle, have caught up with what was put out. When the last active channel becomes idle and
/// had held event time back, the greatest watermark of all channels is put out.
/// Source of the rules: Flink's StatusWatermarkValve. Thread: the task's step.
class WatermarkValve {
 public:
  explicit WatermarkValve(std::size_t numChannels) : channels_(numChannels) {}

  using Change = operators::EventTimeInputs::Change;
  /// What becomes of the input's event time: at most one rise and, behind it, one change of status.
  Change onElement(std::size_t channel, const types::StreamElement& element);

 private:
  struct Channel {
    types::Timestamp watermark = types::kMinWatermark;
    bool idle = false;
    bool aligned = true;
  };
  Change onWatermark(Channel& channel, types::Timestamp watermark);
  Change onIdle(Channel& channel);
  Change onActive(Channel& channel);
  /// Raises what is put out to `watermark` if that is more.
  void raise(types::Timestamp watermark, Change& change);
  void raiseToLeastAligned(Change& change);

  std::vector<Channel> channels_;
  types::Timestamp output_ = types::kMinWatermark;
  bool idle_ = false;
};

}  // namespace flink::task
