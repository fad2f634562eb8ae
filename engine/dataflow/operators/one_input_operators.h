#pragma once

#include <type_traits>
#include <utility>

#include "core/types/heap_bytes.h"
#include "dataflow/operators/function_traits.h"
#include "dataflow/operators/operator_base.h"
#include "dataflow/operators/output.h"

namespace flink::operators {

/// One record in, one record out.
template <class In, class Out, class F>
class MapOperator final : public OneInputOperator<In> {
 public:
  MapOperator(const OperatorOutputs& outputs, F function)
      : function_(std::move(function)), output_(outputs, "") {}
  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    this->openFunction(function_);
  }
  void process(Batch<In> batch) override {
    this->countIn(batch.records.size());
    for (In& record : batch.records) emit(record);
    output_.flush();
    this->countOut(output_.numRecords());
  }
  void close() override {
    this->closeFunction(function_);
    OperatorBase::close();
  }

 private:
  void emit(In& record) {
    // A function that returns a reference leaves its argument's memory where it is.
    if constexpr (std::is_same_v<decltype(callMap(function_, record)), In> && !types::kNoHeap<In>) {
      // A function that passes its argument on takes the record's memory along: the slot's goes
      // back in exchange, so that neither side has to get new.
      In result = callMap(function_, record);
      using std::swap;
      swap(output_.slot(), result);
      record = std::move(result);
    } else {
      output_.collect(callMap(function_, record));
    }
  }

  F function_;
  Output<Out> output_;
};

/// One record in, any number out.
template <class In, class Out, class F>
class FlatMapOperator final : public OneInputOperator<In> {
 public:
  FlatMapOperator(const OperatorOutputs& outputs, F function)
      : function_(std::move(function)), output_(outputs, "") {}
  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    this->openFunction(function_);
  }
  void process(Batch<In> batch) override {
    this->countIn(batch.records.size());
    for (In& record : batch.records) callFlatMap(function_, record, output_.collector());
    output_.flush();
    this->countOut(output_.numRecords());
  }
  void close() override {
    this->closeFunction(function_);
    OperatorBase::close();
  }

 private:
  F function_;
  Output<Out> output_;
};

/// Keeps the records its predicate accepts. Works in place: kept records move to the front of the
/// batch.
template <class T, class F>
class FilterOperator final : public OneInputOperator<T> {
 public:
  FilterOperator(const OperatorOutputs& outputs, F function)
      : function_(std::move(function)), output_(outputs, "") {}
  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    this->openFunction(function_);
  }
  void process(Batch<T> batch) override {
    this->countIn(batch.records.size());
    std::size_t kept = 0;
    for (T& record : batch.records) {
      if (!callFilter(function_, std::as_const(record))) continue;
      T& place = batch.records[kept++];
      if (&place != &record) {
        using std::swap;
        swap(place, record);
      }
    }
    output_.forward(batch.records.first(kept));
    this->countOut(output_.numRecords());
  }
  void close() override {
    this->closeFunction(function_);
    OperatorBase::close();
  }

 private:
  F function_;
  Output<T> output_;
};

/// Runs a process function, with side outputs.
template <class In, class Out, class F>
class ProcessOperator final : public OneInputOperator<In> {
 public:
  ProcessOperator(const OperatorOutputs& outputs, F function)
      : function_(std::move(function)),
        output_(outputs, ""),
        sideOutputs_(outputs),
        context_(sideOutputs_) {}
  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    this->openFunction(function_);
  }
  void process(Batch<In> batch) override {
    this->countIn(batch.records.size());
    for (const In& record : batch.records) {
      if constexpr (std::invocable<F&, const In&, ProcessContext&, Collector<Out>&>) {
        function_(record, context_, output_.collector());
      } else {
        function_.processElement(record, context_, output_.collector());
      }
    }
    output_.flush();
    sideOutputs_.flush();
    this->countOut(output_.numRecords());
  }
  void close() override {
    this->closeFunction(function_);
    OperatorBase::close();
  }

 private:
  F function_;
  Output<Out> output_;
  SideOutputs sideOutputs_;
  ProcessContext context_;
};

}  // namespace flink::operators
