#pragma once

#include <type_traits>
#include <utility>

#include "dataflow/operators/process_operator.h"

namespace flink::operators {

/// Two inputs of different types into one function. `Calls` says how the function takes a record of
/// either side. With keys both inputs have keys of one type, and share state and timers.
template <class In1, class In2, class Out, class F, class Calls, class Keys1 = NoKeys,
          class Keys2 = NoKeys>
class CoOperator final : public OperatorBase, private TimerTarget {
 public:
  CoOperator(const OperatorOutputs& outputs, F function, Keys1 keys1 = {}, Keys2 keys2 = {})
      : function_(std::move(function)),
        services_(outputs),
        first_(*this, std::move(keys1)),
        second_(*this, std::move(keys2)) {}

  [[nodiscard]] const state::KeyOps* stateKey() const override {
    return KeyedInput<Keys1>::keyOps();
  }
  [[nodiscard]] int numInputs() const override { return 2; }
  Receiver& input(int index) override {
    if (index == 0) return first_;
    return second_;
  }
  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    first_.keys.open(context);
    second_.keys.open(context);
    services_.open(context, this->eventTime(), *this);
    this->openFunction(function_);
  }
  void close() override {
    services_.close();
    this->closeFunction(function_);
    OperatorBase::close();
  }

 private:
  template <class In, class Keys, int Index>
  class Side final : public BatchReceiver<In> {
   public:
    Side(CoOperator& owner, Keys own) : keys(std::move(own)), owner_(owner) {}
    void process(Batch<In> batch) override { owner_.template processSide<Index>(batch, keys); }
    KeyedInput<Keys> keys;

   private:
    CoOperator& owner_;
  };

  template <int Index, class In, class Keys>
  void processSide(Batch<In> batch, KeyedInput<Keys>& keys) {
    this->countIn(batch.records.size());
    auto& collector = services_.output().collector();
    forEachKeyedRecord(
        batch, keys,
        [&](auto& record) {
          if constexpr (Index == 1) {
            Calls::first(function_, record, services_.context(), collector);
          } else {
            Calls::second(function_, record, services_.context(), collector);
          }
        },
        services_.output(), services_.sideOutputs());
    finish();
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
  ProcessServices<Out, Keys1> services_;
  Side<In1, Keys1, 1> first_;
  Side<In2, Keys2, 2> second_;
};

/// A co-process function for inputs with `Keys`.
template <class F, class In1, class In2, class Out, class Keys = NoKeys>
concept CallableCoProcess = requires(F& f, const In1& a, const In2& b,
                                     typename ContextsOf<Keys>::Element& context,
                                     Collector<Out>& out) {
  f.processElement1(a, context, out);
  f.processElement2(b, context, out);
};

struct CoMapCalls {
  static void first(auto& f, const auto& record, auto&, auto& out) { out.collect(f.map1(record)); }
  static void second(auto& f, const auto& record, auto&, auto& out) { out.collect(f.map2(record)); }
};
struct CoFlatMapCalls {
  static void first(auto& f, const auto& record, auto&, auto& out) { f.flatMap1(record, out); }
  static void second(auto& f, const auto& record, auto&, auto& out) { f.flatMap2(record, out); }
};
struct CoProcessCalls {
  static void first(auto& f, const auto& record, auto& context, auto& out) {
    f.processElement1(record, context, out);
  }
  static void second(auto& f, const auto& record, auto& context, auto& out) {
    f.processElement2(record, context, out);
  }
};

}  // namespace flink::operators
