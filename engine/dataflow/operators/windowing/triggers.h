#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "dataflow/operators/windowing/trigger.h"
#include "dataflow/operators/windowing/windows.h"

/// The triggers of the library. Their methods are templates: one trigger serves elements and
/// windows of every type.
namespace flink {

/// Fires when event time passes the end of a window: the default of event-time windows.
class EventTimeTrigger {
 public:
  static EventTimeTrigger create() { return {}; }
  template <class T, class W>
  TriggerResult onElement(const T& /*element*/, types::Timestamp /*timestamp*/, const W& window,
                          TriggerContext& context) {
    if (window.maxTimestamp() <= context.getCurrentWatermark()) return TriggerResult::kFire;
    context.registerEventTimeTimer(window.maxTimestamp());
    return TriggerResult::kContinue;
  }
  template <class W>
  TriggerResult onEventTime(types::Timestamp time, const W& window, TriggerContext& /*context*/) {
    return time == window.maxTimestamp() ? TriggerResult::kFire : TriggerResult::kContinue;
  }
  template <class W>
  TriggerResult onProcessingTime(types::Timestamp /*time*/, const W& /*window*/,
                                 TriggerContext& /*context*/) {
    return TriggerResult::kContinue;
  }
  template <class W>
  void clear(const W& window, TriggerContext& context) {
    context.deleteEventTimeTimer(window.maxTimestamp());
  }
  [[nodiscard]] static constexpr bool canMerge() { return true; }
  template <class W>
  void onMerge(const W& window, OnMergeContext& context) {
    // A window whose end has passed is fired by the element that caused the merge.
    if (window.maxTimestamp() > context.getCurrentWatermark())
      context.registerEventTimeTimer(window.maxTimestamp());
  }
};

/// Fires when the clock passes the end of a window: the default of processing-time windows.
class ProcessingTimeTrigger {
 public:
  static ProcessingTimeTrigger create() { return {}; }
  template <class T, class W>
  TriggerResult onElement(const T& /*element*/, types::Timestamp /*timestamp*/, const W& window,
                          TriggerContext& context) {
    context.registerProcessingTimeTimer(window.maxTimestamp());
    return TriggerResult::kContinue;
  }
  template <class W>
  TriggerResult onEventTime(types::Timestamp /*time*/, const W& /*window*/,
                            TriggerContext& /*context*/) {
    return TriggerResult::kContinue;
  }
  template <class W>
  TriggerResult onProcessingTime(types::Timestamp /*time*/, const W& /*window*/,
                                 TriggerContext& /*context*/) {
    return TriggerResult::kFire;
  }
  template <class W>
  void clear(const W& window, TriggerContext& context) {
    context.deleteProcessingTimeTimer(window.maxTimestamp());
  }
  [[nodiscard]] static constexpr bool canMerge() { return true; }
  template <class W>
  void onMerge(const W& window, OnMergeContext& context) {
    if (window.maxTimestamp() > context.getCurrentProcessingTime())
      context.registerProcessingTimeTimer(window.maxTimestamp());
  }
};

/// Never fires: the default of global windows.
class NeverTrigger {
 public:
  template <class T, class W>
  TriggerResult onElement(const T& /*element*/, types::Timestamp /*timestamp*/, const W& /*window*/,
                          TriggerContext& /*context*/) {
    return TriggerResult::kContinue;
  }
  template <class W>
  TriggerResult onEventTime(types::Timestamp /*time*/, const W& /*window*/,
                            TriggerContext& /*context*/) {
    return TriggerResult::kContinue;
  }
  template <class W>
  TriggerResult onProcessingTime(types::Timestamp /*time*/, const W& /*window*/,
                                 TriggerContext& /*context*/) {
    return TriggerResult::kContinue;
  }
  template <class W>
  void clear(const W& /*window*/, TriggerContext& /*context*/) {}
};

/// Fires when event time reaches its end.
class EndOfStreamTrigger {
 public:
  template <class T, class W>
  TriggerResult onElement(const T& /*element*/, types::Timestamp /*timestamp*/, const W& window,
                          TriggerContext& context) {
    context.registerEventTimeTimer(window.maxTimestamp());
    return TriggerResult::kContinue;
  }
  template <class W>
  TriggerResult onEventTime(types::Timestamp time, const W& window, TriggerContext& /*context*/) {
    return time == window.maxTimestamp() ? TriggerResult::kFire : TriggerResult::kContinue;
  }
  template <class W>
  TriggerResult onProcessingTime(types::Timestamp /*time*/, const W& /*window*/,
                                 TriggerContext& /*context*/) {
    return TriggerResult::kContinue;
  }
  template <class W>
  void clear(const W& /*window*/, TriggerContext& /*context*/) {}
};

/// Fires at every `maxCount`-th element of a window.
class CountTrigger {
 public:
  static CountTrigger of(std::int64_t maxCount) { return CountTrigger(maxCount); }
  template <class T, class W>
  TriggerResult onElement(const T& /*element*/, types::Timestamp /*timestamp*/, const W& /*window*/,
                          TriggerContext& context) {
    auto count = context.getPartitionedState(count_);
    count.add(1);
    if (count.get().value_or(0) < maxCount_) return TriggerResult::kContinue;
    count.clear();
    return TriggerResult::kFire;
  }
  template <class W>
  TriggerResult onEventTime(types::Timestamp /*time*/, const W& /*window*/,
                            TriggerContext& /*context*/) {
    return TriggerResult::kContinue;
  }
  template <class W>
  TriggerResult onProcessingTime(types::Timestamp /*time*/, const W& /*window*/,
                                 TriggerContext& /*context*/) {
    return TriggerResult::kContinue;
  }
  template <class W>
  void clear(const W& /*window*/, TriggerContext& context) {
    context.getPartitionedState(count_).clear();
  }
  [[nodiscard]] static constexpr bool canMerge() { return true; }
  template <class W>
  void onMerge(const W& /*window*/, OnMergeContext& context) {
    context.mergePartitionedState(count_);
  }

 private:
  explicit CountTrigger(std::int64_t maxCount) : maxCount_(maxCount) {}
  std::int64_t maxCount_;
  ReducingStateDescriptor<std::int64_t> count_{
      "count", [](std::int64_t a, std::int64_t b) { return a + b; }};
};

namespace operators {

/// What both continuous triggers keep: when they fire next.
class NextFireTime {
 public:
  explicit NextFireTime(std::chrono::milliseconds interval);
  [[nodiscard]] std::optional<types::Timestamp> get(TriggerContext& context) const {
    return context.getPartitionedState(state_).get();
  }
  /// The multiple of the interval at or before (towards zero) a time.
  [[nodiscard]] types::Timestamp align(types::Timestamp time) const {
    return time - time % interval_;
  }
  /// Keeps the time one interval after `time`, or the window's end, and returns it.
  types::Timestamp set(types::Timestamp time, types::Timestamp maxTimestamp,
                       TriggerContext& context) const {
    const types::Timestamp next = std::min(types::saturatingAdd(time, interval_), maxTimestamp);
    context.getPartitionedState(state_).add(next);
    return next;
  }
  void clear(TriggerContext& context) const { context.getPartitionedState(state_).clear(); }
  /// Keeps the earliest of the merged windows' times and returns it.
  std::optional<types::Timestamp> merge(OnMergeContext& context) const {
    context.mergePartitionedState(state_);
    return get(context);
  }

 private:
  std::int64_t interval_;
  ReducingStateDescriptor<types::Timestamp> state_{
      "fire-time", [](types::Timestamp a, types::Timestamp b) { return std::min(a, b); }};
};

}  // namespace operators

/// Fires every `interval` of event time, and at the end of the window.
class ContinuousEventTimeTrigger {
 public:
  static ContinuousEventTimeTrigger of(std::chrono::milliseconds interval) {
    return ContinuousEventTimeTrigger(interval);
  }
  template <class T, class W>
  TriggerResult onElement(const T& /*element*/, types::Timestamp timestamp, const W& window,
                          TriggerContext& context) {
    if (window.maxTimestamp() <= context.getCurrentWatermark()) return TriggerResult::kFire;
    context.registerEventTimeTimer(window.maxTimestamp());
    if (!next_.get(context)) registerNext(next_.align(timestamp), window, context);
    return TriggerResult::kContinue;
  }
  template <class W>
  TriggerResult onEventTime(types::Timestamp time, const W& window, TriggerContext& context) {
    if (time == window.maxTimestamp()) return TriggerResult::kFire;
    if (next_.get(context) != time) return TriggerResult::kContinue;
    next_.clear(context);
    registerNext(time, window, context);
    return TriggerResult::kFire;
  }
  template <class W>
  TriggerResult onProcessingTime(types::Timestamp /*time*/, const W& /*window*/,
                                 TriggerContext& /*context*/) {
    return TriggerResult::kContinue;
  }
  template <class W>
  void clear(const W& /*window*/, TriggerContext& context) {
    if (const auto next = next_.get(context)) {
      context.deleteEventTimeTimer(*next);
      next_.clear(context);
    }
  }
  [[nodiscard]] static constexpr bool canMerge() { return true; }
  template <class W>
  void onMerge(const W& /*window*/, OnMergeContext& context) {
    if (const auto next = next_.merge(context)) context.registerEventTimeTimer(*next);
  }

 private:
  explicit ContinuousEventTimeTrigger(std::chrono::milliseconds interval) : next_(interval) {}
  template <class W>
  void registerNext(types::Timestamp time, const W& window, TriggerContext& context) {
    context.registerEventTimeTimer(next_.set(time, window.maxTimestamp(), context));
  }
  operators::NextFireTime next_;
};

/// Fires every `interval` of the clock, with or without new elements, and at the end of the window.
class ContinuousProcessingTimeTrigger {
 public:
  static ContinuousProcessingTimeTrigger of(std::chrono::milliseconds interval) {
    return ContinuousProcessingTimeTrigger(interval);
  }
  template <class T, class W>
  TriggerResult onElement(const T& /*element*/, types::Timestamp /*timestamp*/, const W& window,
                          TriggerContext& context) {
    if (!next_.get(context))
      registerNext(next_.align(context.getCurrentProcessingTime()), window, context);
    return TriggerResult::kContinue;
  }
  template <class W>
  TriggerResult onEventTime(types::Timestamp /*time*/, const W& /*window*/,
                            TriggerContext& /*context*/) {
    return TriggerResult::kContinue;
  }
  template <class W>
  TriggerResult onProcessingTime(types::Timestamp time, const W& window, TriggerContext& context) {
    if (time == window.maxTimestamp()) return TriggerResult::kFire;
    if (next_.get(context) != time) return TriggerResult::kContinue;
    next_.clear(context);
    registerNext(time, window, context);
    return TriggerResult::kFire;
  }
  template <class W>
  void clear(const W& /*window*/, TriggerContext& context) {
    if (const auto next = next_.get(context)) {
      context.deleteProcessingTimeTimer(*next);
      next_.clear(context);
    }
  }
  [[nodiscard]] static constexpr bool canMerge() { return true; }
  template <class W>
  void onMerge(const W& /*window*/, OnMergeContext& context) {
    if (const auto next = next_.merge(context)) context.registerProcessingTimeTimer(*next);
  }

 private:
  explicit ContinuousProcessingTimeTrigger(std::chrono::milliseconds interval) : next_(interval) {}
  template <class W>
  void registerNext(types::Timestamp time, const W& window, TriggerContext& context) {
    context.registerProcessingTimeTimer(next_.set(time, window.maxTimestamp(), context));
  }
  operators::NextFireTime next_;
};

/// Fires when `double delta(const T& last, const T& element)` exceeds the threshold; `last` is the
/// element that fired before, or the window's first one.
template <class T, class DeltaFunction>
class DeltaTrigger {
 public:
  DeltaTrigger(double threshold, DeltaFunction delta)
      : threshold_(threshold), delta_(std::move(delta)) {}
  template <class W>
  TriggerResult onElement(const T& element, types::Timestamp /*timestamp*/, const W& /*window*/,
                          TriggerContext& context) {
    auto last = context.getPartitionedState(last_);
    const T* before = last.peek();
    const bool isFirst = before == nullptr;
    if (!isFirst && !(delta_(*before, element) > threshold_)) return TriggerResult::kContinue;
    last.update(element);
    return isFirst ? TriggerResult::kContinue : TriggerResult::kFire;
  }
  template <class W>
  TriggerResult onEventTime(types::Timestamp /*time*/, const W& /*window*/,
                            TriggerContext& /*context*/) {
    return TriggerResult::kContinue;
  }
  template <class W>
  TriggerResult onProcessingTime(types::Timestamp /*time*/, const W& /*window*/,
                                 TriggerContext& /*context*/) {
    return TriggerResult::kContinue;
  }
  template <class W>
  void clear(const W& /*window*/, TriggerContext& context) {
    context.getPartitionedState(last_).clear();
  }

 private:
  double threshold_;
  DeltaFunction delta_;
  ValueStateDescriptor<T> last_{"last-element"};
};

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
