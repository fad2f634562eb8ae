#pragma once

#include <optional>
#include <utility>

#include "dataflow/operators/operator_base.h"
#include "dataflow/operators/output.h"
#include "dataflow/operators/watermark_assigner.h"

namespace flink::operators {

/// Gives records timestamps and derives the stream's watermarks from them. What came from upstream
/// is dropped, but for the end of event time.
template <class T>
class TimestampsAndWatermarksOperator final : public OneInputOperator<T> {
 public:
  TimestampsAndWatermarksOperator(const OperatorOutputs& outputs, WatermarkStrategy<T> strategy)
      : strategy_(std::move(strategy)), output_(outputs, "") {}

  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    assigner_.emplace(context, strategy_);
  }

  void process(Batch<T> batch) override {
    this->countIn(batch.records.size());
    assigner_->process(batch, output_);
    this->countOut(output_.numRecords());
  }

  void processWatermark(int /*index*/, types::Timestamp watermark) override {
    if (watermark == types::kMaxWatermark) assigner_->endEventTime();
  }
  void processWatermarkStatus(int /*index*/, bool /*idle*/) override {}
  bool advance(std::size_t /*maxSteps*/) override { return true; }

  void close() override {
    assigner_.reset();
    OperatorBase::close();
  }

 private:
  WatermarkStrategy<T> strategy_;
  Output<T> output_;
  std::optional<WatermarkAssigner<T>> assigner_;
};

}  // namespace flink::operators
