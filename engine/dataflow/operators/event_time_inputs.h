#pragma once

#include <optional>
#include <vector>

#include "core/types/stream_time.h"

namespace flink::operators {

/// Combines the event time of an operator's inputs: the least over those that are not idle, never
/// falling. An input that becomes idle is left out at once; when all are idle, so is the operator,
/// at the latest event time that an input had reached.
/// Source of the rules: Flink's IndexedCombinedWatermarkStatus.
/// Thread: the task's step.
class EventTimeInputs {
 public:
  explicit EventTimeInputs(int numInputs) : inputs_(static_cast<std::size_t>(numInputs)) {}

  /// What a change of one input means for the operator.
  struct Change {
    std::optional<types::Timestamp> watermark;  ///< event time rose to this
    std::optional<bool> idle;                   ///< the operator became idle (or active)
  };
  Change onWatermark(int input, types::Timestamp watermark);
  Change onStatus(int input, bool idle);
  [[nodiscard]] types::Timestamp current() const { return combined_; }

 private:
  struct Input {
    types::Timestamp watermark = types::kMinWatermark;
    bool idle = false;
  };
  Change combine();

  std::vector<Input> inputs_;
  types::Timestamp combined_ = types::kMinWatermark;
  bool idle_ = false;
};

}  // namespace flink::operators
