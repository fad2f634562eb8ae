#pragma once

#include <concepts>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/metrics/registry.h"
#include "core/types/stream_time.h"
#include "dataflow/operators/keyed_state_store.h"
#include "dataflow/operators/windowing/windows.h"

namespace flink {

/// What a trigger decides: whether the window function is called, and whether the window's contents
/// are dropped (the window itself and the trigger's state stay).
enum class TriggerResult : std::uint8_t {
  kContinue = 0,
  kFire = 1,
  kPurge = 2,
  kFireAndPurge = 3,
};
[[nodiscard]] constexpr bool isFire(TriggerResult result) {
  return (static_cast<unsigned>(result) & 1U) != 0;
}
[[nodiscard]] constexpr bool isPurge(TriggerResult result) {
  return (static_cast<unsigned>(result) & 2U) != 0;
}

/// What a trigger may know and keep for the key and window that it is called for. Timers are unique
/// by time and call the trigger back. Thread: the task's step.
class TriggerContext {
 public:
  virtual ~TriggerContext() = default;
  TriggerContext(const TriggerContext&) = delete;
  TriggerContext& operator=(const TriggerContext&) = delete;

  [[nodiscard]] virtual types::Timestamp getCurrentProcessingTime() const = 0;
  [[nodiscard]] virtual types::Timestamp getCurrentWatermark() const = 0;
  [[nodiscard]] virtual metrics::MetricGroup& getMetricGroup() const = 0;
  virtual void registerEventTimeTimer(types::Timestamp time) = 0;
  virtual void registerProcessingTimeTimer(types::Timestamp time) = 0;
  virtual void deleteEventTimeTimer(types::Timestamp time) = 0;
  virtual void deleteProcessingTimeTimer(types::Timestamp time) = 0;

  /// State of this key and window, by a descriptor of any kind. Ask for it in every call; clear it
  /// in clear().
  template <class Descriptor>
  [[nodiscard]] auto getPartitionedState(const Descriptor& descriptor) {
    return partitionedState().get(descriptor);
  }

 protected:
  TriggerContext() = default;
  /// Set to the namespace of this window.
  virtual KeyedStateStore& partitionedState() = 0;
};

/// What a trigger may do when windows merge: the context is that of the merged window.
class OnMergeContext : public TriggerContext {
 public:
  /// Folds the merged windows' state into that of the result: lists are joined, reducing and
  /// aggregating states combined.
  template <class Descriptor>
  void mergePartitionedState(const Descriptor& descriptor) {
    auto state = partitionedState().get(descriptor);
    const state::Namespace target = state.column().currentNamespace();
    for (const state::Namespace source : mergedNamespaces()) {
      if (source != target) state.mergeNamespaces(target, source);
    }
  }

 protected:
  [[nodiscard]] virtual const std::vector<state::Namespace>& mergedNamespaces() const = 0;
};

/// Base of triggers of one's own; deriving is optional, see operators::TriggerFor. A copy serves
/// all keys and windows of a subtask: what it keeps belongs into getPartitionedState().
template <class T, class W>
class Trigger {
 public:
  virtual ~Trigger() = default;
  virtual TriggerResult onElement(const T& element, types::Timestamp timestamp, const W& window,
                                  TriggerContext& context) = 0;
  virtual TriggerResult onProcessingTime(types::Timestamp time, const W& window,
                                         TriggerContext& context) = 0;
  virtual TriggerResult onEventTime(types::Timestamp time, const W& window,
                                    TriggerContext& context) = 0;
  /// Whether onMerge() is there: merging windows (sessions) need it.
  [[nodiscard]] virtual bool canMerge() const { return false; }
  virtual void onMerge(const W& /*window*/, OnMergeContext& /*context*/) {}
  /// The window is over, or has become part of another: deletes timers and state.
  virtual void clear(const W& window, TriggerContext& context) = 0;
};

namespace operators {

template <class Tr, class T, class W>
concept TriggerFor = std::copy_constructible<Tr> &&
    requires(Tr& trigger, const T& element, const W& window, TriggerContext& context) {
  {
    trigger.onElement(element, types::Timestamp{}, window, context)
    } -> std::same_as<TriggerResult>;
  { trigger.onProcessingTime(types::Timestamp{}, window, context) } -> std::same_as<TriggerResult>;
  { trigger.onEventTime(types::Timestamp{}, window, context) } -> std::same_as<TriggerResult>;
  trigger.clear(window, context);
};

template <class Tr>
[[nodiscard]] bool canMerge(const Tr& trigger) {
  if constexpr (requires { trigger.canMerge(); }) {
    return trigger.canMerge();
  } else {
    return false;
  }
}

/// REQUIRES: canMerge(trigger).
template <class Tr, class W>
void callOnMerge(Tr& trigger, const W& window, OnMergeContext& context) {
  if constexpr (requires { trigger.onMerge(window, context); }) trigger.onMerge(window, context);
}

}  // namespace operators
}  // namespace flink
