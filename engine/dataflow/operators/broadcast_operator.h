#pragma once

#include <type_traits>
#include <utility>
#include <vector>

#include "dataflow/operators/argument_factory.h"
#include "dataflow/operators/broadcast_functions.h"
#include "dataflow/operators/process_operator.h"

namespace flink::operators {

/// What a broadcast process function sees, by whether its first input has keys.
template <class Keys>
struct BroadcastContextsOf {
  using Element = KeyedBroadcastReadOnlyContext<typename Keys::Key>;
  using Broadcast = KeyedBroadcastContext<typename Keys::Key>;
  using Timer = KeyedBroadcastOnTimerContext<typename Keys::Key>;
};
template <>
struct BroadcastContextsOf<NoKeys> {
  using Element = BroadcastReadOnlyContext;
  using Broadcast = BroadcastContext;
  using Timer = BroadcastReadOnlyContext;
};

template <class F, class In1, class In2, class Out, class Keys>
concept CallableBroadcastProcess =
    requires(F& f, const In1& a, const In2& b, typename BroadcastContextsOf<Keys>::Element& element,
             typename BroadcastContextsOf<Keys>::Broadcast& broadcast, Collector<Out>& out) {
  f.processElement(a, element, out);
  f.processBroadcastElement(b, broadcast, out);
};

/// A first input, with keys or not, and a second one whose records every subtask gets.
template <class In1, class In2, class Out, class F, class Keys>
class BroadcastOperator final : public OperatorBase, private TimerTarget {
 public:
  BroadcastOperator(const OperatorOutputs& outputs, F function, Keys keys,
                    std::vector<BroadcastDescriptor> declared)
      : function_(std::move(function)),
        services_(outputs),
        states_(std::move(declared)),
        timerContext_(services_.wholeContext(), states_),
        broadcastContext_(services_.context(), states_),
        first_(*this, std::move(keys)),
        second_(*this) {}

  [[nodiscard]] const state::KeyOps* stateKey() const override { return first_.keys.keyOps(); }
  [[nodiscard]] int numInputs() const override { return 2; }
  Receiver& input(int index) override {
    if (index == 0) return first_;
    return second_;
  }
  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    first_.keys.open(context);
    services_.open(context, this->eventTime(), *this);
    states_.open(*context.state.operatorState);
    if constexpr (KeyedInput<Keys>::kHasKeys)
      broadcastContext_.setBackend(context.state.keyedState);
    this->openFunction(function_);
  }
  void close() override {
    services_.close();
    this->closeFunction(function_);
    OperatorBase::close();
  }

 private:
  class First final : public BatchReceiver<In1> {
   public:
    First(BroadcastOperator& owner, Keys own) : keys(std::move(own)), owner_(owner) {}
    void process(Batch<In1> batch) override {
      typename BroadcastContextsOf<Keys>::Element& context = owner_.timerContext_;
      owner_.countIn(batch.records.size());
      forEachKeyedRecord(
          batch, keys,
          [&](const In1& record) {
            owner_.function_.processElement(record, context, owner_.collector());
          },
          owner_.services_.output(), owner_.services_.sideOutputs());
      owner_.finish();
    }
    KeyedInput<Keys> keys;

   private:
    BroadcastOperator& owner_;
  };
  class Second final : public BatchReceiver<In2> {
   public:
    explicit Second(BroadcastOperator& owner) : owner_(owner) {}
    void process(Batch<In2> batch) override {
      owner_.countIn(batch.records.size());
      forEachRecord(
          batch,
          [&](const In2& record) {
            owner_.function_.processBroadcastElement(record, owner_.broadcastContext_,
                                                     owner_.collector());
          },
          owner_.services_.output(), owner_.services_.sideOutputs());
      owner_.finish();
    }

   private:
    BroadcastOperator& owner_;
  };

  [[nodiscard]] Collector<Out>& collector() { return services_.output().collector(); }

  bool onEventTime(types::Timestamp watermark, std::size_t maxSteps) override {
    const bool done = services_.advanceWatermark(watermark, maxSteps);
    this->countOut(services_.output().numRecords());
    return done;
  }
  void onEventTimeTimer(const state::DueTimer& timer) override {
    services_.fire(function_, timer, TimeDomain::EVENT_TIME, timerContext_);
  }
  void onProcessingTimeTimer(const state::DueTimer& timer) override {
    this->countIn(0);
    services_.fire(function_, timer, TimeDomain::PROCESSING_TIME, timerContext_);
  }
  void afterProcessingTimeTimers() override { finish(); }
  void finish() {
    services_.finish();
    this->countOut(services_.output().numRecords());
  }

  F function_;
  ProcessServices<Out, Keys> services_;
  BroadcastStates states_;
  typename BroadcastContextsOf<Keys>::Timer timerContext_;
  typename BroadcastContextsOf<Keys>::Broadcast broadcastContext_;
  First first_;
  Second second_;
};

/// `declared`: the maps of the broadcast state. The second input's edge has to be a broadcast one.
template <class In1, class In2, class Out, class F, class Keys>
requires CallableBroadcastProcess<F, In1, In2, Out, Keys> FactoryPtr
makeBroadcastFactory(F function, Keys keys, std::vector<BroadcastDescriptor> declared) {
  return detail::makeFactory<BroadcastOperator<In1, In2, Out, F, Keys>>(
      std::move(function), std::move(keys), std::move(declared));
}

}  // namespace flink::operators
