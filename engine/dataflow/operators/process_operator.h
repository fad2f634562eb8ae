#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "dataflow/operators/keyed_input.h"
#include "dataflow/operators/operator_base.h"
#include "dataflow/operators/output.h"
#include "dataflow/operators/process_functions.h"
#include "dataflow/operators/side_outputs.h"
#include "dataflow/operators/user_timers.h"

namespace flink::operators {

/// What a process function of an input with `Keys` sees.
template <class Keys>
struct ContextsOf {
  using Element = KeyedProcessContext<typename Keys::Key>;
  using Whole = KeyedOnTimerContext<typename Keys::Key>;
};
template <>
struct ContextsOf<NoKeys> {
  using Element = ProcessContext;
  using Whole = OnTimerContext;
};

/// The outputs, time and timers of an operator that runs a process function; with keys a backend
/// keeps the timers. Thread: the task's step.
template <class Out, class Keys>
class ProcessServices {
 public:
  using Context = typename ContextsOf<Keys>::Whole;
  static constexpr bool kHasKeys = KeyedInput<Keys>::kHasKeys;

  explicit ProcessServices(const OperatorOutputs& outputs)
      : output_(outputs, ""), sideOutputs_(outputs), context_(sideOutputs_, timers_) {}

  void open(OperatorContext& context, const EventTimeInputs& eventTime, TimerTarget& target) {
    backend_ = context.state.keyedState;
    if constexpr (kHasKeys) context_.setBackend(backend_);
    timers_.open(context, eventTime, kHasKeys ? &target : nullptr);
  }
  bool advanceWatermark(types::Timestamp watermark, std::size_t maxTimers) {
    const bool done = timers_.advanceWatermark(watermark, maxTimers);
    finish();
    return done;
  }
  /// No key is current any more, and what was emitted goes on.
  void finish() {
    if (kHasKeys && backend_ != nullptr) backend_->clearCurrentKey();
    output_.flush();
    sideOutputs_.flush();
  }
  void close() { timers_.close(); }

  /// Calls the function's onTimer(), if it has one; `seen` is what it sees.
  template <class F, class Seen>
  void fire(F& function, const state::DueTimer& timer, TimeDomain domain, Seen& seen) {
    if constexpr (requires { function.onTimer(timer.time, seen, output_.collector()); }) {
      output_.setTimestamp(domain == TimeDomain::EVENT_TIME ? timer.time : types::kNoTimestamp);
      sideOutputs_.setTimestamp(timer.time);
      context_.setTimeDomain(domain);
      function.onTimer(timer.time, seen, output_.collector());
    }
  }
  template <class F>
  void fire(F& function, const state::DueTimer& timer, TimeDomain domain) {
    fire(function, timer, domain, context_);
  }

  [[nodiscard]] Output<Out>& output() { return output_; }
  [[nodiscard]] SideOutputs& sideOutputs() { return sideOutputs_; }
  [[nodiscard]] typename ContextsOf<Keys>::Element& context() { return context_; }
  [[nodiscard]] Context& wholeContext() { return context_; }

 private:
  Output<Out> output_;
  SideOutputs sideOutputs_;
  UserTimers timers_;
  Context context_;
  state::KeyedStateBackend* backend_ = nullptr;
};

template <class F, class In, class Out, class Context>
concept CallableProcessWith = std::invocable < F&,
        const In&, Context&, Collector<Out>
& > || requires(F& f, const In& in, Context& context, Collector<Out>& out) {
  f.processElement(in, context, out);
};
/// A process function for an input with `Keys`.
template <class F, class In, class Out, class Keys = NoKeys>
concept CallableProcess = CallableProcessWith<F, In, Out, typename ContextsOf<Keys>::Element>;

/// Runs a process function, with side outputs and, on a keyed input, timers.
template <class In, class Out, class F, class Keys = NoKeys>
class ProcessOperator final : public OneInputOperator<In>, private TimerTarget {
 public:
  ProcessOperator(const OperatorOutputs& outputs, F function, Keys keys = {})
      : function_(std::move(function)), keys_(std::move(keys)), services_(outputs) {}
  [[nodiscard]] const state::KeyOps* stateKey() const override { return keys_.keyOps(); }

  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    keys_.open(context);
    services_.open(context, this->eventTime(), *this);
    this->openFunction(function_);
  }
  void process(Batch<In> batch) override {
    this->countIn(batch.records.size());
    forEachKeyedRecord(
        batch, keys_, [this](const In& record) { call(record); }, services_.output(),
        services_.sideOutputs());
    finish();
  }
  /// What a function collected before it threw is left to this.
  void flush() override { services_.finish(); }
  void close() override {
    services_.close();
    this->closeFunction(function_);
    OperatorBase::close();
  }

 private:
  void call(const In& record) {
    if constexpr (std::invocable<F&, const In&, decltype(services_.context()), Collector<Out>&>) {
      function_(record, services_.context(), services_.output().collector());
    } else {
      function_.processElement(record, services_.context(), services_.output().collector());
    }
  }

  bool onEventTime(types::Timestamp watermark, std::size_t maxSteps) override {
    const bool done = services_.advanceWatermark(watermark, maxSteps);
    this->countOut(services_.output().numRecords());
    return done;
  }
  void onEventTimeTimer(const state::DueTimer& timer) override {
    services_.fire(function_, timer, TimeDomain::EVENT_TIME);
  }
  void onProcessingTimeTimer(const state::DueTimer& timer) override {
    this->countIn(0);
    services_.fire(function_, timer, TimeDomain::PROCESSING_TIME);
  }
  void afterProcessingTimeTimers() override { finish(); }
  void finish() {
    services_.finish();
    this->countOut(services_.output().numRecords());
  }

  F function_;
  KeyedInput<Keys> keys_;
  ProcessServices<Out, Keys> services_;
};

}  // namespace flink::operators
