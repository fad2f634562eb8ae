#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dataflow/operators/argument_factory.h"
#include "dataflow/operators/keyed_input.h"
#include "dataflow/operators/operator_base.h"
#include "dataflow/operators/runtime_state.h"
#include "dataflow/operators/side_outputs.h"
#include "dataflow/operators/user_timers.h"
#include "dataflow/state/value_forms.h"

namespace flink {

/// What a join function sees of a pair.
class JoinContext {
 public:
  explicit JoinContext(operators::SideOutputs& sideOutputs) : sideOutputs_(sideOutputs) {}
  [[nodiscard]] std::int64_t getLeftTimestamp() const { return left_; }
  [[nodiscard]] std::int64_t getRightTimestamp() const { return right_; }
  /// The greater one, which the results have.
  [[nodiscard]] std::int64_t getTimestamp() const { return std::max(left_, right_); }
  template <class X, class V>
  void output(const OutputTag<X>& tag, V&& value) {
    sideOutputs_.collector(tag).collect(std::forward<V>(value));
  }
  /// For the engine.
  void setPair(std::int64_t left, std::int64_t right) {
    left_ = left;
    right_ = right;
  }

 private:
  operators::SideOutputs& sideOutputs_;
  std::int64_t left_ = 0;
  std::int64_t right_ = 0;
};

/// Called for every pair of an interval join.
template <class In1, class In2, class Out>
class ProcessJoinFunction : public RichFunction {
 public:
  using Context = JoinContext;
  virtual void processElement(const In1& left, const In2& right, Context& context,
                              Collector<Out>& out) = 0;
};

namespace operators {

template <class F, class In1, class In2, class Out>
concept CallableProcessJoin = std::invocable < F&,
        const In1&, const In2&, JoinContext&, Collector<Out>
& > ||
    requires(F& f, const In1& left, const In2& right, JoinContext& context, Collector<Out>& out) {
  f.processElement(left, right, context, out);
};

[[noreturn]] void throwJoinWithoutTimestamp();

/// Which pairs an interval join makes, and what becomes of late records.
template <class In1, class In2>
struct IntervalJoinSettings {
  // right - left lies between these, both included.
  std::int64_t lower = 0;
  std::int64_t upper = 0;
  std::optional<OutputTag<In1>> lateLeft;
  std::optional<OutputTag<In2>> lateRight;
};

/// Pairs the records of a key whose timestamps lie within an interval of each other, as soon as the
/// second of them comes. Each side keeps its records until event time says that no partner follows.
/// Source of the rules: Flink's IntervalJoinOperator.
template <class In1, class In2, class Out, class F, class Keys1, class Keys2>
class IntervalJoinOperator final : public OperatorBase, private TimerTarget {
 public:
  IntervalJoinOperator(const OperatorOutputs& outputs, F function, Keys1 keys1, Keys2 keys2,
                       IntervalJoinSettings<In1, In2> settings)
      : function_(std::move(function)),
        settings_(std::move(settings)),
        output_(outputs, ""),
        sideOutputs_(outputs),
        context_(sideOutputs_),
        left_(*this, std::move(keys1)),
        right_(*this, std::move(keys2)) {}

  [[nodiscard]] const state::KeyOps* stateKey() const override {
    return KeyedInput<Keys1>::keyOps();
  }
  [[nodiscard]] int numInputs() const override { return 2; }
  Receiver& input(int index) override {
    if (index == 0) return left_;
    return right_;
  }
  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    backend_ = context.state.keyedState;
    left_.open(context, "LEFT_BUFFER");
    right_.open(context, "RIGHT_BUFFER");
    timers_.emplace("cleanup", context, static_cast<TimerTarget&>(*this));
    numLateRecordsDropped_ = context.metrics->counter("numLateRecordsDropped");
    this->openFunction(function_);
  }
  void close() override {
    timers_.reset();
    this->closeFunction(function_);
    OperatorBase::close();
  }

 private:
  // Whose record a timer removes.
  static constexpr state::Namespace kLeftTimers{1, 0};
  static constexpr state::Namespace kRightTimers{2, 0};

  /// One input and the records of it that are kept, in the order of their timestamps.
  template <class In, class Keys, bool IsLeft>
  class Side final : public BatchReceiver<In> {
   public:
    using Kept = std::vector<std::pair<types::Timestamp, In>>;

    Side(IntervalJoinOperator& owner, Keys keys) : owner_(owner), keys_(std::move(keys)) {}
    void open(OperatorContext& context, std::string name) {
      keys_.open(context);
      column_ = valueOrThrow(
          context.state.keyedState->column({std::move(name),
                                            state::StateKind::kValue,
                                            &state::valueOps<state::ValueForm<Kept, false>>(),
                                            {},
                                            state::StateLayout::kNoNamespace}));
    }
    void process(Batch<In> batch) override {
      owner_.countIn(batch.records.size());
      std::size_t index = 0;
      forEachKeyedRecord(batch, keys_, [&](const In& record) {
        const std::size_t i = index++;
        owner_.template join<IsLeft>(
            record, batch.timestamps == nullptr ? types::kNoTimestamp : batch.timestamps[i]);
      });
      owner_.finish();
    }

    void keep(const In& record, types::Timestamp timestamp) {
      bool created = false;
      Kept& kept = *static_cast<Kept*>(column_->findOrCreate(created));
      kept.insert(std::upper_bound(kept.begin(), kept.end(), timestamp,
                                   [](types::Timestamp t, const auto& e) { return t < e.first; }),
                  {timestamp, record});
    }
    /// Copies of what was kept from `from` to `to`: the join function may use state, and what is
    /// in the table moves.
    const Kept& between(types::Timestamp from, types::Timestamp to) {
      found_.clear();
      if (const auto* kept = static_cast<const Kept*>(column_->find())) {
        auto first = std::lower_bound(kept->begin(), kept->end(), from, isBefore);
        for (; first != kept->end() && first->first <= to; ++first) found_.push_back(*first);
      }
      return found_;
    }
    void remove(types::Timestamp timestamp) {
      auto* kept = static_cast<Kept*>(column_->findForUpdate());
      if (kept == nullptr) return;
      const auto first = std::lower_bound(kept->begin(), kept->end(), timestamp, isBefore);
      auto last = first;
      while (last != kept->end() && last->first == timestamp) ++last;
      kept->erase(first, last);
      if (kept->empty()) column_->erase();
    }

   private:
    static bool isBefore(const std::pair<types::Timestamp, In>& element, types::Timestamp time) {
      return element.first < time;
    }
    IntervalJoinOperator& owner_;
    KeyedInput<Keys> keys_;
    state::StateColumn* column_ = nullptr;
    Kept found_;
  };

  template <bool IsLeft, class In>
  void join(const In& record, types::Timestamp time) {
    if (time == types::kNoTimestamp) throwJoinWithoutTimestamp();
    if (this->currentWatermark() != types::kMinWatermark && time < this->currentWatermark())
      return onLate<IsLeft>(record, time);
    using types::saturatingAdd;
    if constexpr (IsLeft) {
      left_.keep(record, time);
      for (const auto& [otherTime, other] : right_.between(saturatingAdd(time, settings_.lower),
                                                           saturatingAdd(time, settings_.upper)))
        call(record, time, other, otherTime);
      timers_->registerEventTimeTimer(kLeftTimers, cleanupTime(time, settings_.upper));
    } else {
      right_.keep(record, time);
      for (const auto& [otherTime, other] : left_.between(saturatingAdd(time, -settings_.upper),
                                                          saturatingAdd(time, -settings_.lower)))
        call(other, otherTime, record, time);
      timers_->registerEventTimeTimer(kRightTimers, cleanupTime(time, -settings_.lower));
    }
  }
  /// When no partner of a record can follow: `ahead` is how much later one may be.
  static types::Timestamp cleanupTime(types::Timestamp time, std::int64_t ahead) {
    return ahead > 0 ? types::saturatingAdd(time, ahead) : time;
  }

  void call(const In1& left, types::Timestamp leftTime, const In2& right,
            types::Timestamp rightTime) {
    context_.setPair(leftTime, rightTime);
    output_.setTimestamp(context_.getTimestamp());
    sideOutputs_.setTimestamp(context_.getTimestamp());
    if constexpr (std::invocable<F&, const In1&, const In2&, JoinContext&, Collector<Out>&>) {
      function_(left, right, context_, output_.collector());
    } else {
      function_.processElement(left, right, context_, output_.collector());
    }
  }

  template <bool IsLeft, class In>
  void onLate(const In& record, types::Timestamp time) {
    const auto& tag = [this]() -> const auto& {
      if constexpr (IsLeft) {
        return settings_.lateLeft;
      } else {
        return settings_.lateRight;
      }
    }
    ();
    if (!tag.has_value()) {
      numLateRecordsDropped_->inc();
      return;
    }
    sideOutputs_.setTimestamp(time);
    sideOutputs_.collector(*tag).collect(record);
  }

  bool onEventTime(types::Timestamp watermark, std::size_t maxSteps) override {
    const bool done = timers_->advanceWatermark(watermark, maxSteps);
    finish();
    return done;
  }
  void onEventTimeTimer(const state::DueTimer& timer) override {
    if (timer.space == kLeftTimers) {
      left_.remove(settings_.upper > 0 ? timer.time - settings_.upper : timer.time);
    } else {
      right_.remove(settings_.lower < 0 ? timer.time + settings_.lower : timer.time);
    }
  }
  void onProcessingTimeTimer(const state::DueTimer& /*timer*/) override {}
  void afterProcessingTimeTimers() override {}
  void finish() {
    backend_->clearCurrentKey();
    output_.flush();
    sideOutputs_.flush();
    this->countOut(output_.numRecords());
  }

  F function_;
  IntervalJoinSettings<In1, In2> settings_;
  Output<Out> output_;
  SideOutputs sideOutputs_;
  JoinContext context_;
  Side<In1, Keys1, true> left_;
  Side<In2, Keys2, false> right_;
  state::KeyedStateBackend* backend_ = nullptr;
  std::optional<KeyedTimers> timers_;
  std::shared_ptr<metrics::Counter> numLateRecordsDropped_;
};

template <class In1, class In2, class Out, class F, class Keys1, class Keys2>
requires CallableProcessJoin<F, In1, In2, Out> FactoryPtr makeIntervalJoinFactory(
    F function, Keys1 keys1, Keys2 keys2, IntervalJoinSettings<In1, In2> settings) {
  return detail::makeFactory<IntervalJoinOperator<In1, In2, Out, F, Keys1, Keys2>>(
      std::move(function), std::move(keys1), std::move(keys2), std::move(settings));
}

}  // namespace operators
}  // namespace flink
