#pragma once

#include <cstddef>
#include <optional>

#include "dataflow/operators/event_time_inputs.h"
#include "dataflow/operators/keyed_timers.h"
#include "dataflow/operators/timer_service.h"

namespace flink::operators {

struct OperatorContext;

/// The timer service that an operator gives to its function. Without keys it tells the time only.
/// Thread: the task's step. Lifetime: open() → use → close(), before the backend goes.
class UserTimers final : public TimerService {
 public:
  /// `target` is told of timers; null on an input without keys. `eventTime` is the operator's.
  void open(OperatorContext& context, const EventTimeInputs& eventTime, TimerTarget* target);
  /// As KeyedTimers::advanceWatermark().
  bool advanceWatermark(types::Timestamp watermark, std::size_t maxTimers) {
    return !keyed_ || keyed_->advanceWatermark(watermark, maxTimers);
  }
  void close() { keyed_.reset(); }

  [[nodiscard]] std::int64_t currentProcessingTime() const override;
  [[nodiscard]] std::int64_t currentWatermark() const override;
  void registerEventTimeTimer(std::int64_t time) override;
  void registerProcessingTimeTimer(std::int64_t time) override;
  void deleteEventTimeTimer(std::int64_t time) override;
  void deleteProcessingTimeTimer(std::int64_t time) override;

 private:
  KeyedTimers& toRegister();
  KeyedTimers& toDelete();

  OperatorContext* context_ = nullptr;
  const EventTimeInputs* eventTime_ = nullptr;
  std::optional<KeyedTimers> keyed_;
};

}  // namespace flink::operators
