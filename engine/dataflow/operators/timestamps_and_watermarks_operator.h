#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "dataflow/operators/operator_base.h"
#include "dataflow/operators/output.h"
#include "dataflow/operators/watermark_emitter.h"
#include "dataflow/operators/watermark_strategy.h"

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
    generator_ = strategy_.createGenerator();
    periodic_.emplace(context, emitter_, strategy_.idlenessMs(),
                      [this](WatermarkOutput& output) { generator_->onPeriodicEmit(output); });
  }

  void process(Batch<T> batch) override {
    this->countIn(batch.records.size());
    periodic_->activity();
    const std::size_t n = batch.records.size();
    if (timestamps_.size() < n) timestamps_.resize(n);
    const auto& assign = strategy_.assigner();
    std::size_t emitted = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const T& record = batch.records[i];
      const types::Timestamp before =
          batch.timestamps == nullptr ? types::kNoTimestamp : batch.timestamps[i];
      timestamps_[i] = assign ? assign(record, before) : before;
      generator_->onEvent(record, timestamps_[i], emitter_);
      if (emitter_.hasPending()) [[unlikely]] {
        output_.forward(batch.records.subspan(emitted, i + 1 - emitted), &timestamps_[emitted]);
        emitted = i + 1;
        emitter_.flush(this->context());
      }
    }
    if (emitted < n) output_.forward(batch.records.subspan(emitted), &timestamps_[emitted]);
    this->countOut(output_.numRecords());
  }

  void processWatermark(int /*index*/, types::Timestamp watermark) override {
    if (watermark != types::kMaxWatermark) return;
    emitter_.emitWatermark(watermark);
    emitter_.flush(this->context());
  }
  void processWatermarkStatus(int /*index*/, bool /*idle*/) override {}
  bool advance(std::size_t /*maxSteps*/) override { return true; }

  void close() override {
    periodic_.reset();
    OperatorBase::close();
  }

 private:
  WatermarkStrategy<T> strategy_;
  Output<T> output_;
  std::unique_ptr<WatermarkGenerator<T>> generator_;
  WatermarkEmitter emitter_;
  std::optional<PeriodicEmit> periodic_;
  std::vector<types::Timestamp> timestamps_;
};

}  // namespace flink::operators
