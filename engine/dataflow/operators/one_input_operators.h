#pragma once

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

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
    forEachRecord(
        batch, [this](In& record) { emit(record); }, output_);
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
    forEachRecord(
        batch, [this](In& record) { callFlatMap(function_, record, output_.collector()); },
        output_);
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
    const std::size_t numRecords = batch.records.size();
    if (batch.timestamps != nullptr) timestamps_.resize(std::max(timestamps_.size(), numRecords));
    for (std::size_t i = 0; i < numRecords; ++i) {
      T& record = batch.records[i];
      if (!callFilter(function_, std::as_const(record))) continue;
      if (batch.timestamps != nullptr) timestamps_[kept] = batch.timestamps[i];
      T& place = batch.records[kept++];
      if (&place != &record) {
        using std::swap;
        swap(place, record);
      }
    }
    output_.forward(batch.records.first(kept),
                    batch.timestamps == nullptr ? nullptr : timestamps_.data());
    this->countOut(output_.numRecords());
  }
  void close() override {
    this->closeFunction(function_);
    OperatorBase::close();
  }

 private:
  F function_;
  Output<T> output_;
  std::vector<types::Timestamp> timestamps_;
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
    forEachRecord(
        batch,
        [this](const In& record) {
          if constexpr (std::invocable<F&, const In&, ProcessContext&, Collector<Out>&>) {
            function_(record, context_, output_.collector());
          } else {
            function_.processElement(record, context_, output_.collector());
          }
        },
        output_, sideOutputs_);
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
