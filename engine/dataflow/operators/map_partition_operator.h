#pragma once

#include <memory>
#include <stdexcept>
#include <utility>

#include "dataflow/operators/function_traits.h"
#include "dataflow/operators/operator_base.h"
#include "dataflow/operators/operator_failure.h"
#include "dataflow/operators/output.h"
#include "dataflow/operators/spill_settings.h"
#include "dataflow/state/record_buffer.h"

namespace flink::operators {

/// Gives all records of a subtask to one call of its function, after the last one came; until then
/// they wait in memory and, past the managed memory, on disk.
template <class In, class Out, class F>
class MapPartitionOperator final : public OneInputOperator<In> {
 public:
  MapPartitionOperator(const OperatorOutputs& outputs, F function)
      : function_(std::move(function)), output_(outputs, "") {}
  [[nodiscard]] static bool usesManagedMemory(bool /*batchMode*/) { return true; }

  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    buffer_ = std::make_unique<state::RecordBuffer>(spillBudget(context), *context.files,
                                                    spillPath(context));
    this->openFunction(function_);
  }

  void process(Batch<In> batch) override {
    this->countIn(batch.records.size());
    for (const In& record : batch.records) throwIfError(buffer_->add(record));
  }

  bool finish(std::size_t /*maxRecords*/) override {
    throwIfError(buffer_->startReading());
    BufferedRecords records(*buffer_);
    if constexpr (std::invocable<F&, RecordIterator<In>&, Collector<Out>&>) {
      function_(records, output_.collector());
    } else {
      function_.mapPartition(records, output_.collector());
    }
    output_.flush();
    this->countOut(output_.numRecords());
    return true;
  }

  void close() override {
    this->closeFunction(function_);
    buffer_.reset();
    OperatorBase::close();
  }

 private:
  class BufferedRecords final : public RecordIterator<In> {
   public:
    explicit BufferedRecords(state::RecordBuffer& buffer) : buffer_(buffer) {}
    bool hasNext() override {
      if (!loaded_) loaded_ = valueOrThrow(buffer_.next(record_));
      return loaded_;
    }
    In& next() override {
      if (!hasNext()) throw std::out_of_range("next() after the last record of the partition");
      loaded_ = false;
      return record_;
    }

   private:
    state::RecordBuffer& buffer_;
    In record_{};
    bool loaded_ = false;
  };

  F function_;
  Output<Out> output_;
  std::unique_ptr<state::RecordBuffer> buffer_;
};

}  // namespace flink::operators
