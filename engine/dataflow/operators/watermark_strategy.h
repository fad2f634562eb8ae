#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "core/types/stream_time.h"

namespace flink {

/// A watermark as Flink's programs write it.
class Watermark {
 public:
  explicit constexpr Watermark(std::int64_t timestamp) : timestamp_(timestamp) {}
  [[nodiscard]] constexpr std::int64_t getTimestamp() const { return timestamp_; }
  constexpr operator std::int64_t() const { return timestamp_; }  // NOLINT
 private:
  std::int64_t timestamp_;
};

/// Where a generator puts event time. Thread: the generator's own calls.
class WatermarkOutput {
 public:
  virtual ~WatermarkOutput() = default;
  /// One that does not rise is dropped; one that rises also ends idleness.
  virtual void emitWatermark(std::int64_t timestamp) = 0;
  virtual void markIdle() = 0;
  virtual void markActive() = 0;
};

/// Derives watermarks from records. Every subtask has its own.
template <class T>
class WatermarkGenerator {
 public:
  virtual ~WatermarkGenerator() = default;
  /// Called for every record; emit here for punctuated watermarks, which follow their record.
  virtual void onEvent(const T& event, std::int64_t eventTimestamp, WatermarkOutput& output) = 0;
  /// Called each pipeline.auto-watermark-interval.
  virtual void onPeriodicEmit(WatermarkOutput& output) = 0;
};

namespace operators {

/// The greatest timestamp so far, less the bound, less 1: a further record with the same timestamp
/// is in time.
class BoundedOutOfOrderness {
 public:
  explicit BoundedOutOfOrderness(std::int64_t boundMs)
      : bound_(boundMs), greatest_(types::kMinWatermark + boundMs + 1) {}
  void onTimestamp(std::int64_t timestamp) {
    if (timestamp > greatest_) greatest_ = timestamp;
  }
  void emit(WatermarkOutput& output) const { output.emitWatermark(greatest_ - bound_ - 1); }

 private:
  std::int64_t bound_;
  std::int64_t greatest_;
};

/// Tells an input without records from one with. The time without records counts from the first
/// check that saw none.
class IdlenessTimer {
 public:
  explicit IdlenessTimer(std::int64_t timeoutMs) : timeout_(timeoutMs) {}
  void activity() { active_ = true; }
  /// True once the timeout has passed; `nowMs` never goes back.
  bool checkIfIdle(std::int64_t nowMs) {
    if (std::exchange(active_, false)) {
      since_.reset();
      return false;
    }
    if (!since_) {
      since_ = nowMs;
      return false;
    }
    return nowMs - *since_ > timeout_;
  }

 private:
  std::int64_t timeout_;
  bool active_ = true;
  std::optional<std::int64_t> since_;
};

[[noreturn]] void throwBadWatermarkOption(const char* what);

}  // namespace operators

/// How a stream's records get timestamps and its event time gets watermarks.
///   WatermarkStrategy<Order>::forBoundedOutOfOrderness(5s)
///       .withTimestampAssigner([](const Order& o) { return o.time; })
///       .withIdleness(1min)
/// A value; each subtask makes its own generator from it.
template <class T>
class WatermarkStrategy {
 public:
  using Assigner = std::function<std::int64_t(const T&, std::int64_t recordTimestamp)>;
  using Supplier = std::function<std::unique_ptr<WatermarkGenerator<T>>()>;

  /// Timestamps never fall within a subtask.
  static WatermarkStrategy forMonotonousTimestamps() {
    return forBoundedOutOfOrderness(std::chrono::milliseconds(0));
  }
  /// Records are at most this much behind the latest one. Throws for a negative bound.
  static WatermarkStrategy forBoundedOutOfOrderness(std::chrono::milliseconds bound) {
    if (bound.count() < 0)
      operators::throwBadWatermarkOption("maxOutOfOrderness cannot be negative");
    return WatermarkStrategy([bound] { return std::make_unique<BoundedGenerator>(bound.count()); });
  }
  /// `supplier()` gives a std::unique_ptr to a WatermarkGenerator<T>.
  static WatermarkStrategy forGenerator(Supplier supplier) {
    return WatermarkStrategy(std::move(supplier));
  }
  /// No watermarks at all, only the end of event time at the end of the stream.
  static WatermarkStrategy noWatermarks() {
    return WatermarkStrategy([] { return std::make_unique<SilentGenerator>(); });
  }

  /// `int64 f(const T&)`, `&T::member`, or `int64 f(const T&, int64 recordTimestamp)`
  /// (types::kNoTimestamp when the record has none). Without an assigner records keep the
  /// timestamps they have.
  template <class F>
  WatermarkStrategy withTimestampAssigner(F assigner) && {
    if constexpr (std::is_invocable_r_v<std::int64_t, F&, const T&, std::int64_t>) {
      assigner_ = std::move(assigner);
    } else {
      static_assert(std::is_invocable_r_v<std::int64_t, F&, const T&>,
                    "flink: a timestamp assigner is a function of one record of this stream that "
                    "returns milliseconds: std::int64_t f(const T&)");
      assigner_ = [f = std::move(assigner)](const T& value, std::int64_t) mutable -> std::int64_t {
        return std::invoke(f, value);
      };
    }
    return std::move(*this);
  }
  template <class F>
  WatermarkStrategy withTimestampAssigner(F assigner) const& {
    return WatermarkStrategy(*this).withTimestampAssigner(std::move(assigner));
  }
  /// A subtask without records for this long does not hold event time back. Throws unless > 0.
  WatermarkStrategy withIdleness(std::chrono::milliseconds timeout) const {
    if (timeout.count() <= 0)
      operators::throwBadWatermarkOption("idleTimeout must be greater than zero");
    WatermarkStrategy result = *this;
    result.idlenessMs_ = timeout.count();
    return result;
  }

  /// What one subtask works with.
  struct Instance {
    std::unique_ptr<WatermarkGenerator<T>> generator;
    Assigner assigner;  ///< empty: records keep the timestamps they have
  };
  /// For objects that are generator and assigner at once.
  static WatermarkStrategy forInstances(std::function<Instance()> instantiate) {
    WatermarkStrategy strategy{Supplier()};
    strategy.instantiate_ = std::move(instantiate);
    return strategy;
  }
  [[nodiscard]] Instance instantiate() const {
    if (instantiate_ == nullptr) return {supplier_(), assigner_};
    Instance instance = instantiate_();
    if (assigner_ != nullptr) instance.assigner = assigner_;
    return instance;
  }
  /// 0: never idle.
  [[nodiscard]] std::int64_t idlenessMs() const { return idlenessMs_; }

 private:
  explicit WatermarkStrategy(Supplier supplier) : supplier_(std::move(supplier)) {}

  class BoundedGenerator final : public WatermarkGenerator<T> {
   public:
    explicit BoundedGenerator(std::int64_t boundMs) : bounded_(boundMs) {}
    void onEvent(const T&, std::int64_t timestamp, WatermarkOutput&) override {
      bounded_.onTimestamp(timestamp);
    }
    void onPeriodicEmit(WatermarkOutput& output) override { bounded_.emit(output); }

   private:
    operators::BoundedOutOfOrderness bounded_;
  };
  class SilentGenerator final : public WatermarkGenerator<T> {
   public:
    void onEvent(const T&, std::int64_t, WatermarkOutput&) override {}
    void onPeriodicEmit(WatermarkOutput&) override {}
  };

  Supplier supplier_;
  std::function<Instance()> instantiate_;
  Assigner assigner_;
  std::int64_t idlenessMs_ = 0;
};

}  // namespace flink
