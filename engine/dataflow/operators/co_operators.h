#pragma once

#include <utility>

#include "dataflow/operators/function_traits.h"
#include "dataflow/operators/operator_base.h"
#include "dataflow/operators/output.h"

namespace flink::operators {

/// Two inputs of different types into one function. `Calls` says how the function takes a record of
/// either side.
template <class In1, class In2, class Out, class F, class Calls>
class CoOperator final : public OperatorBase {
 public:
  CoOperator(const OperatorOutputs& outputs, F function)
      : function_(std::move(function)),
        output_(outputs, ""),
        sideOutputs_(outputs),
        context_(sideOutputs_),
        first_(*this),
        second_(*this) {}

  [[nodiscard]] int numInputs() const override { return 2; }
  Receiver& input(int index) override {
    if (index == 0) return first_;
    return second_;
  }
  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    this->openFunction(function_);
  }
  void close() override {
    this->closeFunction(function_);
    OperatorBase::close();
  }

 private:
  template <class In, int Index>
  class Side final : public BatchReceiver<In> {
   public:
    explicit Side(CoOperator& owner) : owner_(owner) {}
    void process(Batch<In> batch) override { owner_.template processSide<Index>(batch); }

   private:
    CoOperator& owner_;
  };

  template <int Index, class In>
  void processSide(Batch<In> batch) {
    this->countIn(batch.records.size());
    forEachRecord(
        batch,
        [this](In& record) {
          if constexpr (Index == 1) {
            Calls::first(function_, record, context_, output_.collector());
          } else {
            Calls::second(function_, record, context_, output_.collector());
          }
        },
        output_, sideOutputs_);
    output_.flush();
    sideOutputs_.flush();
    this->countOut(output_.numRecords());
  }

  F function_;
  Output<Out> output_;
  SideOutputs sideOutputs_;
  ProcessContext context_;
  Side<In1, 1> first_;
  Side<In2, 2> second_;
};

struct CoMapCalls {
  static void first(auto& f, const auto& record, ProcessContext&, auto& out) {
    out.collect(f.map1(record));
  }
  static void second(auto& f, const auto& record, ProcessContext&, auto& out) {
    out.collect(f.map2(record));
  }
};
struct CoFlatMapCalls {
  static void first(auto& f, const auto& record, ProcessContext&, auto& out) {
    f.flatMap1(record, out);
  }
  static void second(auto& f, const auto& record, ProcessContext&, auto& out) {
    f.flatMap2(record, out);
  }
};
struct CoProcessCalls {
  static void first(auto& f, const auto& record, ProcessContext& context, auto& out) {
    f.processElement1(record, context, out);
  }
  static void second(auto& f, const auto& record, ProcessContext& context, auto& out) {
    f.processElement2(record, context, out);
  }
};

}  // namespace flink::operators
