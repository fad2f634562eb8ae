#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/metrics/registry.h"
#include "core/types/stream_time.h"
#include "dataflow/operators/processing_time_service.h"
#include "dataflow/state/namespace.h"
#include "dataflow/state/timer_queue.h"

namespace flink::state {
class KeyedStateBackend;
}

namespace flink::operators {

struct OperatorContext;

/// Is told of timers that fire. The key of the timer is the current one of the backend.
class TimerTarget {
 public:
  virtual ~TimerTarget() = default;
  virtual void onEventTimeTimer(const state::DueTimer& timer) = 0;
  virtual void onProcessingTimeTimer(const state::DueTimer& timer) = 0;
  /// The processing-time timers that were due have fired: hand on what they emitted.
  virtual void afterProcessingTimeTimers() = 0;
};

/// The event-time and processing-time timers of one keyed operator, by key and namespace. Both
/// queues are state of the backend. Processing time has one timer of the task at a time, for the
/// earliest. Source of the rules: Flink's InternalTimerServiceImpl. Thread: the task's step.
/// Lifetime: close() before the backend goes.
class KeyedTimers {
 public:
  /// `name` tells several sets of timers of one operator apart. Restored timers are there at once;
  /// those of processing time that are overdue fire soon. Errors (thrown): those of
  /// KeyedStateBackend::timerQueue(). REQUIRES: the context has a keyed backend.
  KeyedTimers(const std::string& name, const OperatorContext& context, TimerTarget& target);
  ~KeyedTimers();
  KeyedTimers(const KeyedTimers&) = delete;
  KeyedTimers& operator=(const KeyedTimers&) = delete;

  // Of the current key. Registering a timer again, and deleting one that is not there, does
  // nothing.
  void registerEventTimeTimer(state::Namespace space, types::Timestamp time);
  void deleteEventTimeTimer(state::Namespace space, types::Timestamp time);
  void registerProcessingTimeTimer(state::Namespace space, types::Timestamp time);
  void deleteProcessingTimeTimer(state::Namespace space, types::Timestamp time);

  /// Fires up to `maxTimers` event-time timers with time <= `watermark`, those included that are
  /// registered meanwhile; true once none is left.
  bool advanceWatermark(types::Timestamp watermark, std::size_t maxTimers);

  [[nodiscard]] types::Timestamp currentProcessingTime() const { return processingTime_.now(); }
  [[nodiscard]] std::size_t numEventTimeTimers() const { return eventTime_->size(); }
  [[nodiscard]] std::size_t numProcessingTimeTimers() const { return processing_->size(); }

 private:
  /// Fires those up to `time`, which the clock has passed.
  void fireProcessingTime(types::Timestamp time);
  /// Makes the task's timer that of the earliest one.
  void scheduleEarliest();

  state::KeyedStateBackend& backend_;
  ProcessingTimeService& processingTime_;
  TimerTarget& target_;
  std::shared_ptr<metrics::Counter> fired_;
  state::TimerQueue* eventTime_;
  state::TimerQueue* processing_;
  ProcessingTimeService::TimerId scheduled_ = ProcessingTimeService::TimerId::kNone;
  types::Timestamp scheduledTime_ = types::kNoTimestamp;
};

}  // namespace flink::operators
