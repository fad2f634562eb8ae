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

namespace operators {

/// What triggers do that one kind of time, or the end of a window, does not concern.
class PassiveTrigger {
 public:
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

}  // namespace operators

/// Fires when event time passes the end of a window: the default of event-time windows.
class EventTimeTrigger : public operators::PassiveTrigger {
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
class ProcessingTimeTrigger : public operators::PassiveTrigger {
 public:
  static ProcessingTimeTrigger create() { return {}; }
  template <class T, class W>
  TriggerResult onElement(const T& /*element*/, types::Timestamp /*timestamp*/, const W& window,
                          TriggerContext& context) {
    context.registerProcessingTimeTimer(window.maxTimestamp());
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
class NeverTrigger : public operators::PassiveTrigger {
 public:
  template <class T, class W>
  TriggerResult onElement(const T& /*element*/, types::Timestamp /*timestamp*/, const W& /*window*/,
                          TriggerContext& /*context*/) {
    return TriggerResult::kContinue;
  }
};

/// Fires when event time reaches its end.
class EndOfStreamTrigger : public operators::PassiveTrigger {
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
};

/// Fires at every `maxCount`-th element of a window.
class CountTrigger : public operators::PassiveTrigger {
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

/// Fires every interval of one kind of time, and at the end of the window.
template <bool EventTime>
class ContinuousTrigger {
 public:
  explicit ContinuousTrigger(std::chrono::milliseconds interval) : next_(interval) {}
  template <class T, class W>
  TriggerResult onElement(const T& /*element*/, types::Timestamp timestamp, const W& window,
                          TriggerContext& context) {
    if constexpr (EventTime) {
      if (window.maxTimestamp() <= context.getCurrentWatermark()) return TriggerResult::kFire;
      context.registerEventTimeTimer(window.maxTimestamp());
    } else {
      timestamp = context.getCurrentProcessingTime();
    }
    if (!next_.get(context)) registerNext(next_.align(timestamp), window, context);
    return TriggerResult::kContinue;
  }
  template <class W>
  TriggerResult onEventTime(types::Timestamp time, const W& window, TriggerContext& context) {
    return EventTime ? onTime(time, window, context) : TriggerResult::kContinue;
  }
  template <class W>
  TriggerResult onProcessingTime(types::Timestamp time, const W& window, TriggerContext& context) {
    return EventTime ? TriggerResult::kContinue : onTime(time, window, context);
  }
  template <class W>
  void clear(const W& /*window*/, TriggerContext& context) {
    const auto next = next_.get(context);
    if (!next) return;
    if constexpr (EventTime) {
      context.deleteEventTimeTimer(*next);
    } else {
      context.deleteProcessingTimeTimer(*next);
    }
    next_.clear(context);
  }
  [[nodiscard]] static constexpr bool canMerge() { return true; }
  template <class W>
  void onMerge(const W& /*window*/, OnMergeContext& context) {
    if (const auto next = next_.merge(context)) registerTimer(*next, context);
  }

 private:
  template <class W>
  TriggerResult onTime(types::Timestamp time, const W& window, TriggerContext& context) {
    if (time == window.maxTimestamp()) return TriggerResult::kFire;
    if (next_.get(context) != time) return TriggerResult::kContinue;
    next_.clear(context);
    registerNext(time, window, context);
    return TriggerResult::kFire;
  }
  template <class W>
  void registerNext(types::Timestamp time, const W& window, TriggerContext& context) {
    registerTimer(next_.set(time, window.maxTimestamp(), context), context);
  }
  static void registerTimer(types::Timestamp time, TriggerContext& context) {
    if constexpr (EventTime) {
      context.registerEventTimeTimer(time);
    } else {
      context.registerProcessingTimeTimer(time);
    }
  }
  NextFireTime next_;
};

}  // namespace operators

/// Fires every `interval` of event time, and at the end of the window.
class ContinuousEventTimeTrigger : public operators::ContinuousTrigger<true> {
 public:
  static ContinuousEventTimeTrigger of(std::chrono::milliseconds interval) {
    return ContinuousEventTimeTrigger(interval);
  }

 private:
  using ContinuousTrigger::ContinuousTrigger;
};

/// Fires every `interval` of the clock, with or without new elements, and at the end of the window.
class ContinuousProcessingTimeTrigger : public operators::ContinuousTrigger<false> {
 public:
  static ContinuousProcessingTimeTrigger of(std::chrono::milliseconds interval) {
    return ContinuousProcessingTimeTrigger(interval);
  }

 private:
  using ContinuousTrigger::ContinuousTrigger;
};

/// Fires when `double delta(const T& last, const T& element)` exceeds the threshold; `last` is the
/// element that fired before, or the window's first one.
template <class T, class DeltaFunction>
class DeltaTrigger : public operators::PassiveTrigger {
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
  void clear(const W& /*window*/, TriggerContext& context) {
    context.getPartitionedState(last_).clear();
  }

 private:
  double threshold_;
  DeltaFunction delta_;
  ValueStateDescriptor<T> last_{"last-element"};
};

}  // namespace flink
