#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataflow/operators/operator_factory.h"
#include "dataflow/operators/output.h"
#include "dataflow/operators/watermark_emitter.h"

namespace flink::operators {

/// Makes a source one of ingestion time: a record's timestamp is when it came, and event time is
/// the clock, whatever the source itself says.
template <class T>
class IngestionTimeSource final : public SourceOperatorBase {
 public:
  IngestionTimeSource(const OperatorOutputs& outputs, const OperatorFactory& source)
      : output_(outputs, ""), stage_(*this), source_(make(source, outputs, stage_)) {}

  void open(OperatorContext& context) override {
    context_ = context;
    context_.emitWatermark = [](types::Timestamp) {};
    context_.emitWatermarkStatus = [](bool) {};
    outer_ = &context;
    periodic_ = std::make_unique<PeriodicEmit>(context, emitter_, 0, [this](WatermarkOutput& out) {
      // Records of this millisecond may follow.
      out.emitWatermark(nextTimestamp() - 1);
    });
    source_->open(context_);
  }
  Poll poll(std::size_t maxRecords) override { return source_->poll(maxRecords); }
  void handleEvent(std::string_view payload) override { source_->handleEvent(payload); }
  bool prepareSnapshot(state::SnapshotId id) override { return source_->prepareSnapshot(id); }
  std::optional<std::string> takeCoordinatorSnapshot() override {
    return source_->takeCoordinatorSnapshot();
  }
  void snapshotState(const state::SnapshotContext& context) override {
    source_->snapshotState(context);
  }
  void notifyCheckpointComplete(state::SnapshotId id) override {
    source_->notifyCheckpointComplete(id);
  }
  void notifyCheckpointAborted(state::SnapshotId id) override {
    source_->notifyCheckpointAborted(id);
  }
  void flush() override { source_->flush(); }
  void close() override {
    periodic_.reset();
    source_->close();
  }

 private:
  class Stage final : public BatchReceiver<T> {
   public:
    explicit Stage(IngestionTimeSource& owner) : owner_(owner) {}
    void process(Batch<T> batch) override {
      timestamps_.assign(batch.records.size(), owner_.nextTimestamp());
      owner_.output_.forward(batch.records, timestamps_.data());
    }

   private:
    IngestionTimeSource& owner_;
    std::vector<types::Timestamp> timestamps_;
  };

  static std::unique_ptr<SourceOperatorBase> make(const OperatorFactory& factory,
                                                  OperatorOutputs outputs, Stage& stage) {
    std::erase_if(outputs, [](const auto& output) { return output.first.empty(); });
    outputs.emplace_back("", &stage);
    return std::unique_ptr<SourceOperatorBase>(
        dynamic_cast<SourceOperatorBase*>(factory.create(outputs).release()));
  }

  /// The clock may be set back; timestamps never fall.
  types::Timestamp nextTimestamp() {
    latest_ = std::max(latest_, outer_->processingTime->now());
    return latest_;
  }

  OperatorContext context_;
  OperatorContext* outer_ = nullptr;
  Output<T> output_;
  Stage stage_;
  std::unique_ptr<SourceOperatorBase> source_;
  WatermarkEmitter emitter_;
  std::unique_ptr<PeriodicEmit> periodic_;
  types::Timestamp latest_ = 0;
};

template <class T>
class IngestionTimeSourceFactory final : public OperatorFactory {
 public:
  explicit IngestionTimeSourceFactory(std::shared_ptr<const OperatorFactory> source)
      : source_(std::move(source)) {}
  std::unique_ptr<StreamOperator> create(const OperatorOutputs& outputs) const override {
    return std::make_unique<IngestionTimeSource<T>>(outputs, *source_);
  }
  std::unique_ptr<OperatorCoordinator> createCoordinator() const override {
    return source_->createCoordinator();
  }

 private:
  std::shared_ptr<const OperatorFactory> source_;
};

}  // namespace flink::operators
