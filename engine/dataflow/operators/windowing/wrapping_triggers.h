#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "dataflow/operators/windowing/trigger.h"
#include "dataflow/operators/windowing/windows.h"

/// Triggers around other ones.
namespace flink {

/// Purges whenever the trigger that it wraps fires.
template <class Nested>
class PurgingTrigger {
 public:
  static PurgingTrigger of(Nested nested) { return PurgingTrigger(std::move(nested)); }
  explicit PurgingTrigger(Nested nested) : nested_(std::move(nested)) {}
  template <class T, class W>
  TriggerResult onElement(const T& element, types::Timestamp timestamp, const W& window,
                          TriggerContext& context) {
    return purging(nested_.onElement(element, timestamp, window, context));
  }
  template <class W>
  TriggerResult onEventTime(types::Timestamp time, const W& window, TriggerContext& context) {
    return purging(nested_.onEventTime(time, window, context));
  }
  template <class W>
  TriggerResult onProcessingTime(types::Timestamp time, const W& window, TriggerContext& context) {
    return purging(nested_.onProcessingTime(time, window, context));
  }
  template <class W>
  void clear(const W& window, TriggerContext& context) {
    nested_.clear(window, context);
  }
  [[nodiscard]] bool canMerge() const { return operators::canMerge(nested_); }
  template <class W>
  void onMerge(const W& window, OnMergeContext& context) {
    operators::callOnMerge(nested_, window, context);
  }

 private:
  static TriggerResult purging(TriggerResult result) {
    return isFire(result) ? TriggerResult::kFireAndPurge : result;
  }
  Nested nested_;
};

/// Also fires when nothing made the trigger that it wraps fire for `timeout` of the clock since the
/// window's first element, or since its last one.
template <class Nested>
class ProcessingTimeoutTrigger {
 public:
  static ProcessingTimeoutTrigger of(Nested nested, std::chrono::milliseconds timeout,
                                     bool resetTimerOnNewRecord = false,
                                     bool shouldClearOnTimeout = true) {
    return ProcessingTimeoutTrigger(std::move(nested), timeout, resetTimerOnNewRecord,
                                    shouldClearOnTimeout);
  }
  ProcessingTimeoutTrigger(Nested nested, std::chrono::milliseconds timeout,
                           bool resetTimerOnNewRecord = false, bool shouldClearOnTimeout = true)
      : nested_(std::move(nested)),
        timeout_(timeout.count()),
        resets_(resetTimerOnNewRecord),
        clears_(shouldClearOnTimeout) {}
  template <class T, class W>
  TriggerResult onElement(const T& element, types::Timestamp timestamp, const W& window,
                          TriggerContext& context) {
    const TriggerResult result = nested_.onElement(element, timestamp, window, context);
    if (isFire(result)) {
      clear(window, context);
      return result;
    }
    auto pending = context.getPartitionedState(pending_);
    std::optional<types::Timestamp> time = pending.value();
    if (time && resets_) {
      context.deleteProcessingTimeTimer(*time);
      time.reset();
    }
    if (!time) {
      time = types::saturatingAdd(context.getCurrentProcessingTime(), timeout_);
      pending.update(*time);
      context.registerProcessingTimeTimer(*time);
    }
    return result;
  }
  template <class W>
  TriggerResult onEventTime(types::Timestamp time, const W& window, TriggerContext& context) {
    return fired(nested_.onEventTime(time, window, context), window, context);
  }
  template <class W>
  TriggerResult onProcessingTime(types::Timestamp time, const W& window, TriggerContext& context) {
    return fired(nested_.onProcessingTime(time, window, context), window, context);
  }
  template <class W>
  void clear(const W& window, TriggerContext& context) {
    auto pending = context.getPartitionedState(pending_);
    if (const auto time = pending.value()) {
      context.deleteProcessingTimeTimer(*time);
      pending.clear();
    }
    nested_.clear(window, context);
  }

 private:
  template <class W>
  TriggerResult fired(TriggerResult nested, const W& window, TriggerContext& context) {
    if (clears_) clear(window, context);
    return isPurge(nested) ? TriggerResult::kFireAndPurge : TriggerResult::kFire;
  }
  Nested nested_;
  std::int64_t timeout_;
  bool resets_;
  bool clears_;
  ValueStateDescriptor<types::Timestamp> pending_{"timeout"};
};

}  // namespace flink
