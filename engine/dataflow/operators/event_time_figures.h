#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>

#include "core/types/stream_time.h"

namespace flink::operators {

/// The latest event time that an operator was told and told others, for its metrics.
/// Thread: set on the task's step, read anywhere.
class EventTimeFigures {
 public:
  void setInput(int input, types::Timestamp watermark) {
    if (static_cast<std::size_t>(input) < inputs_.size())
      inputs_[static_cast<std::size_t>(input)].store(watermark, std::memory_order_relaxed);
  }
  void setOutput(types::Timestamp watermark) {
    output_.store(watermark, std::memory_order_relaxed);
  }
  /// REQUIRES: input < kMaxInputs.
  [[nodiscard]] types::Timestamp input(int input) const {
    return inputs_[static_cast<std::size_t>(input)].load(std::memory_order_relaxed);
  }
  /// The least of the first inputs.
  [[nodiscard]] types::Timestamp inputs(int numInputs) const {
    types::Timestamp least = input(0);
    for (int i = 1; i < numInputs && i < kMaxInputs; ++i) least = std::min(least, input(i));
    return least;
  }
  [[nodiscard]] types::Timestamp output() const { return output_.load(std::memory_order_relaxed); }

  static constexpr int kMaxInputs = 2;

 private:
  std::array<std::atomic<types::Timestamp>, kMaxInputs> inputs_{types::kMinWatermark,
                                                                types::kMinWatermark};
  std::atomic<types::Timestamp> output_{types::kMinWatermark};
};

}  // namespace flink::operators
