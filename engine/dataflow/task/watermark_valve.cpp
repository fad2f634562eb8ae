#include "dataflow/task/watermark_valve.h"

#include <algorithm>

namespace flink::task {

WatermarkValve::Change WatermarkValve::onElement(std::size_t channel,
                                                 const types::StreamElement& element) {
  Channel& changed = channels_.at(channel);
  switch (element.kind) {
    case types::StreamElement::Kind::kWatermark:
      return onWatermark(changed, element.time);
    case types::StreamElement::Kind::kIdle:
      return onIdle(changed);
    case types::StreamElement::Kind::kActive:
      return onActive(changed);
  }
  return {};
}

WatermarkValve::Change WatermarkValve::onWatermark(Channel& channel, types::Timestamp watermark) {
  Change change;
  if (idle_ || channel.idle || watermark <= channel.watermark) return change;
  channel.watermark = watermark;
  if (watermark >= output_) channel.aligned = true;
  raiseToLeastAligned(change);
  return change;
}

WatermarkValve::Change WatermarkValve::onIdle(Channel& channel) {
  Change change;
  if (channel.idle) return change;
  channel.idle = true;
  channel.aligned = false;
  const bool heldBack = channel.watermark == output_;
  const bool allIdle =
      std::all_of(channels_.begin(), channels_.end(), [](const Channel& c) { return c.idle; });
  if (allIdle) {
    if (heldBack) {
      const auto latest =
          std::max_element(channels_.begin(), channels_.end(),
                           [](const auto& a, const auto& b) { return a.watermark < b.watermark; });
      raise(latest->watermark, change);
    }
    idle_ = true;
    change.idle = true;
  } else if (heldBack) {
    raiseToLeastAligned(change);
  }
  return change;
}

WatermarkValve::Change WatermarkValve::onActive(Channel& channel) {
  Change change;
  if (!channel.idle) return change;
  channel.idle = false;
  channel.aligned = channel.watermark >= output_;
  if (idle_) {
    idle_ = false;
    change.idle = false;
  }
  return change;
}

void WatermarkValve::raise(types::Timestamp watermark, Change& change) {
  if (watermark <= output_) return;
  output_ = watermark;
  change.watermark = watermark;
}

void WatermarkValve::raiseToLeastAligned(Change& change) {
  bool any = false;
  types::Timestamp least = types::kMaxWatermark;
  for (const Channel& channel : channels_) {
    if (!channel.aligned) continue;
    any = true;
    least = std::min(least, channel.watermark);
  }
  if (any) raise(least, change);
}

}  // namespace flink::task
