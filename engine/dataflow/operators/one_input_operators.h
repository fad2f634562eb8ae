#pragma once

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/types/heap_bytes.h"
#include "dataflow/operators/function_traits.h"
#include "dataflow/operators/keyed_input.h"
#include "dataflow/operators/operator_base.h"
#include "dataflow/operators/output.h"

namespace flink::operators {

/// One record in, one record out.
template <class In, class Out, class F, class Keys = NoKeys>
class MapOperator final : public OneInputOperator<In> {
 public:
  MapOperator(const OperatorOutputs& outputs, F function, Keys keys = {})
      : function_(std::move(function)), keys_(std::move(keys)), output_(outputs, "") {}
  [[nodiscard]] const state::KeyOps* stateKey() const override { return keys_.keyOps(); }
  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    keys_.open(context);
    this->openFunction(function_);
  }
  void process(Batch<In> batch) override {
    this->countIn(batch.records.size());
    forEachKeyedRecord(
        batch, keys_, [this](auto& record) { emit(record); }, output_);
    output_.flush();
    this->countOut(output_.numRecords());
  }
  void close() override {
    this->closeFunction(function_);
    OperatorBase::close();
  }

 private:
  template <class Record>
  void emit(Record& record) {
    // A function that returns a reference leaves its argument's memory where it is.
    if constexpr (std::is_same_v<decltype(callMap(function_, record)), Record> &&
                  !types::kNoHeap<In>) {
      // A function that passes its argument on takes the record's memory along: the slot's goes
      // back in exchange, so that neither side has to get new.
      Record result = callMap(function_, record);
      using std::swap;
      swap(output_.slot(), result);
      record = std::move(result);
    } else {
      output_.collect(callMap(function_, record));
    }
  }

  F function_;
  KeyedInput<Keys> keys_;
  Output<Out> output_;
};

/// One record in, any number out.
template <class In, class Out, class F, class Keys = NoKeys>
class FlatMapOperator final : public OneInputOperator<In> {
 public:
  FlatMapOperator(const OperatorOutputs& outputs, F function, Keys keys = {})
      : function_(std::move(function)), keys_(std::move(keys)), output_(outputs, "") {}
  [[nodiscard]] const state::KeyOps* stateKey() const override { return keys_.keyOps(); }
  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    keys_.open(context);
    this->openFunction(function_);
  }
  void process(Batch<In> batch) override {
    this->countIn(batch.records.size());
    forEachKeyedRecord(
        batch, keys_, [this](auto& record) { callFlatMap(function_, record, output_.collector()); },
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
  KeyedInput<Keys> keys_;
  Output<Out> output_;
};

/// Keeps the records its predicate accepts. Works in place: kept records move to the front of the
/// batch.
template <class T, class F, class Keys = NoKeys>
class FilterOperator final : public OneInputOperator<T> {
 public:
  FilterOperator(const OperatorOutputs& outputs, F function, Keys keys = {})
      : function_(std::move(function)), keys_(std::move(keys)), output_(outputs, "") {}
  [[nodiscard]] const state::KeyOps* stateKey() const override { return keys_.keyOps(); }
  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    keys_.open(context);
    this->openFunction(function_);
  }
  void process(Batch<T> batch) override {
    this->countIn(batch.records.size());
    std::size_t kept = 0;
    const std::size_t numRecords = batch.records.size();
    if (batch.timestamps != nullptr) timestamps_.resize(std::max(timestamps_.size(), numRecords));
    if constexpr (keys_.kHasKeys) keys_.enterBatch(batch);
    const std::atomic<bool>& requested = *currentInterruption.requested;
    for (std::size_t i = 0; i < numRecords; ++i) {
      checkInterruption(requested);
      T& record = batch.records[i];
      if (!accepts(batch, i)) continue;
      if (batch.timestamps != nullptr) timestamps_[kept] = batch.timestamps[i];
      T& place = batch.records[kept++];
      if (&place != &record) {
        using std::swap;
        swap(place, record);
      }
    }
    if constexpr (keys_.kHasKeys) keys_.leaveBatch();
    output_.forward(batch.records.first(kept),
                    batch.timestamps == nullptr ? nullptr : timestamps_.data());
    this->countOut(output_.numRecords());
  }
  void close() override {
    this->closeFunction(function_);
    OperatorBase::close();
  }

 private:
  bool accepts(const Batch<T>& batch, std::size_t index) {
    if constexpr (keys_.kHasKeys) keys_.enterRecord(batch, index);
    const bool accepted = callFilter(function_, std::as_const(batch.records[index]));
    if constexpr (keys_.kHasKeys) keys_.leaveRecord();
    return accepted;
  }

  F function_;
  KeyedInput<Keys> keys_;
  Output<T> output_;
  std::vector<types::Timestamp> timestamps_;
};

}  // namespace flink::operators
