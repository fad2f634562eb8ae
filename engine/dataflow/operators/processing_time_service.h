#pragma once

#include <cstdint>
#include <functional>

#include "core/types/stream_time.h"

namespace flink::operators {

/// The clock and the timers of one task. Callbacks run in the task's step, between batches, in the
/// order of their times (equal times: order of registration), not before the clock has passed their
/// time.
/// Thread: the task's step.
class ProcessingTimeService {
 public:
  enum class TimerId : std::uint64_t { kNone = 0 };
  using Callback = std::function<void(types::Timestamp time)>;

  virtual ~ProcessingTimeService() = default;
  /// Milliseconds since the Unix epoch.
  [[nodiscard]] virtual types::Timestamp now() const = 0;
  /// Calls `callback(time)` once, at `time` or, when that is over, soon.
  virtual TimerId registerTimer(types::Timestamp time, Callback callback) = 0;
  /// A timer that already ran or never existed is ignored.
  virtual void cancel(TimerId timer) = 0;
};

}  // namespace flink::operators
