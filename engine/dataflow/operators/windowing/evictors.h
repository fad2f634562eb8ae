#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/metrics/registry.h"
#include "core/types/stream_time.h"
#include "dataflow/operators/windowing/windows.h"

namespace flink {

/// An element and when it happened.
template <class T>
struct TimestampedValue {
  T value{};
  types::Timestamp timestamp = types::kNoTimestamp;
  [[nodiscard]] const T& getValue() const { return value; }
  [[nodiscard]] types::Timestamp getTimestamp() const { return timestamp; }
  [[nodiscard]] bool hasTimestamp() const { return timestamp != types::kNoTimestamp; }
};

/// What an evictor may know beside the elements. Thread: the task's step.
class EvictorContext {
 public:
  virtual ~EvictorContext() = default;
  [[nodiscard]] virtual types::Timestamp getCurrentProcessingTime() const = 0;
  [[nodiscard]] virtual types::Timestamp getCurrentWatermark() const = 0;
  [[nodiscard]] virtual metrics::MetricGroup& getMetricGroup() const = 0;
};

/// Base of evictors of one's own; deriving is optional. Both calls may erase elements, which are in
/// the order of their arrival; what is erased is gone for later firings too.
template <class T, class W>
class Evictor {
 public:
  virtual ~Evictor() = default;
  /// Before the window function sees the elements.
  virtual void evictBefore(std::vector<TimestampedValue<T>>& elements, int size, const W& window,
                           EvictorContext& context) = 0;
  /// After it has.
  virtual void evictAfter(std::vector<TimestampedValue<T>>& elements, int size, const W& window,
                          EvictorContext& context) = 0;
};

namespace operators {

template <class E, class T, class W>
concept EvictorFor = std::copy_constructible<E> &&
    requires(E& evictor, std::vector<TimestampedValue<T>>& elements, const W& window,
             EvictorContext& context) {
  evictor.evictBefore(elements, 1, window, context);
  evictor.evictAfter(elements, 1, window, context);
};

/// Calls `evict(elements)` on the wanted side of the window function.
template <class Derived>
class OneSidedEvictor {
 public:
  template <class T, class W>
  void evictBefore(std::vector<TimestampedValue<T>>& elements, int /*size*/, const W& /*window*/,
                   EvictorContext& /*context*/) {
    if (!doEvictAfter_) static_cast<Derived*>(this)->evict(elements);
  }
  template <class T, class W>
  void evictAfter(std::vector<TimestampedValue<T>>& elements, int /*size*/, const W& /*window*/,
                  EvictorContext& /*context*/) {
    if (doEvictAfter_) static_cast<Derived*>(this)->evict(elements);
  }

 protected:
  explicit OneSidedEvictor(bool doEvictAfter) : doEvictAfter_(doEvictAfter) {}

 private:
  bool doEvictAfter_;
};

}  // namespace operators

/// Keeps the last `maxCount` elements.
class CountEvictor : public operators::OneSidedEvictor<CountEvictor> {
 public:
  static CountEvictor of(std::int64_t maxCount, bool doEvictAfter = false) {
    return CountEvictor(maxCount, doEvictAfter);
  }
  template <class T>
  void evict(std::vector<TimestampedValue<T>>& elements) const {
    const auto size = static_cast<std::int64_t>(elements.size());
    const std::int64_t kept = std::clamp<std::int64_t>(maxCount_, 0, size);
    elements.erase(elements.begin(), elements.end() - kept);
  }

 private:
  CountEvictor(std::int64_t maxCount, bool doEvictAfter)
      : OneSidedEvictor(doEvictAfter), maxCount_(maxCount) {}
  std::int64_t maxCount_;
};

/// Keeps elements younger than `windowSize`, seen from the latest element of the window. Does
/// nothing when the first element has no timestamp.
class TimeEvictor : public operators::OneSidedEvictor<TimeEvictor> {
 public:
  static TimeEvictor of(std::chrono::milliseconds windowSize, bool doEvictAfter = false) {
    return TimeEvictor(windowSize.count(), doEvictAfter);
  }
  template <class T>
  void evict(std::vector<TimestampedValue<T>>& elements) const {
    if (elements.empty() || !elements.front().hasTimestamp()) return;
    types::Timestamp latest = types::kNoTimestamp;
    for (const auto& element : elements) latest = std::max(latest, element.timestamp);
    const types::Timestamp cutoff = types::saturatingAdd(latest, -windowSize_);
    std::erase_if(elements, [&](const auto& element) { return element.timestamp <= cutoff; });
  }

 private:
  TimeEvictor(std::int64_t windowSize, bool doEvictAfter)
      : OneSidedEvictor(doEvictAfter), windowSize_(windowSize) {}
  std::int64_t windowSize_;
};

/// Drops elements whose `double delta(const T& element, const T& last)` from the last one that
/// arrived reaches the threshold.
template <class DeltaFunction>
class DeltaEvictor : public operators::OneSidedEvictor<DeltaEvictor<DeltaFunction>> {
 public:
  static DeltaEvictor of(double threshold, DeltaFunction delta, bool doEvictAfter = false) {
    return DeltaEvictor(threshold, std::move(delta), doEvictAfter);
  }
  DeltaEvictor(double threshold, DeltaFunction delta, bool doEvictAfter = false)
      : operators::OneSidedEvictor<DeltaEvictor>(doEvictAfter),
        threshold_(threshold),
        delta_(std::move(delta)) {}
  template <class T>
  void evict(std::vector<TimestampedValue<T>>& elements) {
    if (elements.empty()) return;
    const T last = elements.back().value;
    std::erase_if(elements,
                  [&](const auto& element) { return delta_(element.value, last) >= threshold_; });
  }

 private:
  double threshold_;
  DeltaFunction delta_;
};

}  // namespace flink
