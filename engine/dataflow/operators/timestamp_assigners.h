#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "dataflow/operators/watermark_strategy.h"

// The older interfaces of timestamps and watermarks, where one object does both. New programs use
// WatermarkStrategy.

namespace flink {

/// Gives timestamps, and a watermark whenever it is asked for one.
template <class T>
class AssignerWithPeriodicWatermarks {
 public:
  virtual ~AssignerWithPeriodicWatermarks() = default;
  /// `recordTimestamp`: what the record has, or the least value of std::int64_t.
  virtual std::int64_t extractTimestamp(const T& element, std::int64_t recordTimestamp) = 0;
  /// Called each pipeline.auto-watermark-interval; nothing: no news.
  virtual std::optional<Watermark> getCurrentWatermark() = 0;
};

/// Gives timestamps, and watermarks that particular records stand for.
template <class T>
class AssignerWithPunctuatedWatermarks {
 public:
  virtual ~AssignerWithPunctuatedWatermarks() = default;
  virtual std::int64_t extractTimestamp(const T& element, std::int64_t recordTimestamp) = 0;
  /// Called for every record, after extractTimestamp() gave `extractedTimestamp`.
  virtual std::optional<Watermark> checkAndGetNextWatermark(const T& lastElement,
                                                            std::int64_t extractedTimestamp) = 0;
};

/// Timestamps that are at most a bound behind the latest one. The watermark is the latest
/// timestamp less the bound (not one less, as that of WatermarkStrategy).
template <class T>
class BoundedOutOfOrdernessTimestampExtractor : public AssignerWithPeriodicWatermarks<T> {
 public:
  /// Throws for a negative bound.
  explicit BoundedOutOfOrdernessTimestampExtractor(std::chrono::milliseconds maxOutOfOrderness)
      : bound_(maxOutOfOrderness.count()),
        greatest_(types::saturatingAdd(types::kMinWatermark, bound_)) {
    if (bound_ < 0) {
      operators::throwBadWatermarkOption(
          "Tried to set the maximum allowed lateness to a negative value");
    }
  }
  [[nodiscard]] std::int64_t getMaxOutOfOrdernessInMillis() const { return bound_; }
  virtual std::int64_t extractTimestamp(const T& element) = 0;
  std::int64_t extractTimestamp(const T& element, std::int64_t /*recordTimestamp*/) final {
    const std::int64_t timestamp = extractTimestamp(element);
    if (timestamp > greatest_) greatest_ = timestamp;
    return timestamp;
  }
  std::optional<Watermark> getCurrentWatermark() final { return Watermark(greatest_ - bound_); }

 private:
  std::int64_t bound_;
  std::int64_t greatest_;
};

/// Timestamps that never fall. One that does is kept and told to the violation handler.
template <class T>
class AscendingTimestampExtractor : public AssignerWithPeriodicWatermarks<T> {
 public:
  /// Called with the timestamp that fell and the one before. Default: does nothing.
  using MonotonyViolationHandler = std::function<void(std::int64_t, std::int64_t)>;
  AscendingTimestampExtractor& withViolationHandler(MonotonyViolationHandler handler) {
    handler_ = std::move(handler);
    return *this;
  }
  virtual std::int64_t extractAscendingTimestamp(const T& element) = 0;
  std::int64_t extractTimestamp(const T& element, std::int64_t /*recordTimestamp*/) final {
    const std::int64_t timestamp = extractAscendingTimestamp(element);
    if (timestamp >= current_) {
      current_ = timestamp;
    } else if (handler_ != nullptr) {
      handler_(timestamp, current_);
    }
    return timestamp;
  }
  std::optional<Watermark> getCurrentWatermark() final {
    return Watermark(current_ == types::kMinWatermark ? current_ : current_ - 1);
  }

 private:
  MonotonyViolationHandler handler_;
  std::int64_t current_ = types::kMinWatermark;
};

namespace operators {

template <class A, class T>
concept TimestampAssigner = std::derived_from<A, AssignerWithPeriodicWatermarks<T>> ||
    std::derived_from<A, AssignerWithPunctuatedWatermarks<T>>;

/// One subtask's copy of an older assigner, as a generator.
template <class T, class A>
class AssignerGenerator final : public WatermarkGenerator<T> {
 public:
  explicit AssignerGenerator(std::shared_ptr<A> assigner) : assigner_(std::move(assigner)) {}
  void onEvent(const T& event, std::int64_t timestamp, WatermarkOutput& output) override {
    if constexpr (std::derived_from<A, AssignerWithPunctuatedWatermarks<T>>)
      emit(assigner_->checkAndGetNextWatermark(event, timestamp), output);
  }
  void onPeriodicEmit(WatermarkOutput& output) override {
    if constexpr (std::derived_from<A, AssignerWithPeriodicWatermarks<T>>)
      emit(assigner_->getCurrentWatermark(), output);
  }

 private:
  static void emit(const std::optional<Watermark>& watermark, WatermarkOutput& output) {
    if (watermark.has_value()) output.emitWatermark(watermark->getTimestamp());
  }
  std::shared_ptr<A> assigner_;
};

/// `assigner` is copied for every subtask.
template <class T, class A>
requires TimestampAssigner<A, T> WatermarkStrategy<T> strategyOf(A assigner) {
  return WatermarkStrategy<T>::forInstances([prototype = std::move(assigner)] {
    auto own = std::make_shared<A>(prototype);
    typename WatermarkStrategy<T>::Instance instance;
    instance.generator = std::make_unique<AssignerGenerator<T, A>>(own);
    instance.assigner = [own](const T& element, std::int64_t recordTimestamp) {
      auto& assigner =
          static_cast<std::conditional_t<std::derived_from<A, AssignerWithPeriodicWatermarks<T>>,
                                         AssignerWithPeriodicWatermarks<T>,
                                         AssignerWithPunctuatedWatermarks<T>>&>(*own);
      return assigner.extractTimestamp(element, recordTimestamp);
    };
    return instance;
  });
}

}  // namespace operators
}  // namespace flink
