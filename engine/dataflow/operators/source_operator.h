#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/types/serializer.h"
#include "dataflow/operators/operator_base.h"
#include "dataflow/operators/operator_failure.h"
#include "dataflow/operators/output.h"
#include "dataflow/operators/source.h"
#include "dataflow/operators/source_events.h"
#include "dataflow/operators/watermark_assigner.h"

namespace flink::operators {

/// Runs a source's reader: asks the coordinator for splits and polls what it was given. With a
/// watermark strategy its records get timestamps, and event time begins here.
template <class T, class Split>
class SourceOperator final : public SourceOperatorBase,
                             private OperatorServices,
                             private SourceReaderContext {
 public:
  SourceOperator(const OperatorOutputs& outputs, std::shared_ptr<const Source<T, Split>> source,
                 std::optional<WatermarkStrategy<T>> strategy = std::nullopt)
      : source_(std::move(source)),
        strategy_(std::move(strategy)),
        stage_(*this),
        output_(outputs, ""),
        unstamped_({{"", &stage_}}, "") {}

  void open(OperatorContext& context) override {
    openServices(context);
    if (strategy_) assigner_.emplace(context, *strategy_);
    reader_ = source_->createReader(*this);
    context.coordinator->sendToCoordinator(encodeSourceEvent(SourceEvent::kRegisterReader));
    reader_->start();
  }

  Poll poll(std::size_t maxRecords) override {
    Output<T>& emitted = strategy_ ? unstamped_ : output_;
    const InputStatus status = reader_->pollNext(emitted, maxRecords);
    emitted.flush();
    countOut(output_.numRecords());
    switch (status) {
      case InputStatus::kMoreAvailable:
        return Poll::kMore;
      case InputStatus::kNothingAvailable:
        return Poll::kNothingNow;
      case InputStatus::kEndOfInput:
        return Poll::kEnd;
    }
    return Poll::kEnd;
  }

  void handleEvent(std::string_view payload) override {
    const auto [event, body] = valueOrThrow(decodeSourceEvent(payload));
    if (event == SourceEvent::kAddSplit) {
      std::vector<Split> splits(1);
      throwIfError(types::deserialize(asBytes(body), splits.front()));
      reader_->addSplits(std::move(splits));
    } else if (event == SourceEvent::kNoMoreSplits) {
      reader_->notifyNoMoreSplits();
    }
    context().wake();
  }

  void close() override {
    if (reader_ != nullptr) reader_->close();
    reader_.reset();
    assigner_.reset();
    closeServices();
  }

 private:
  /// Between the reader and the outputs, where timestamps are assigned.
  class Stage final : public BatchReceiver<T> {
   public:
    explicit Stage(SourceOperator& owner) : owner_(owner) {}
    void process(Batch<T> batch) override { owner_.assigner_->process(batch, owner_.output_); }

   private:
    SourceOperator& owner_;
  };

  RuntimeContext& getRuntimeContext() override { return runtimeContext(); }
  [[nodiscard]] int getIndexOfSubtask() const override { return context().subtaskIndex; }
  [[nodiscard]] int currentParallelism() const override { return context().parallelism; }
  void sendSplitRequest() override {
    context().coordinator->sendToCoordinator(encodeSourceEvent(SourceEvent::kRequestSplit));
  }
  void notifyAvailable() override { context().wake(); }
  [[nodiscard]] bool isCancelled() const override { return context().cancelled(); }
  [[nodiscard]] FileSystem& files() const override { return *context().files; }
  [[nodiscard]] const Clock& clock() const override { return *context().clock; }
  [[nodiscard]] Executor& executor() const override { return *context().executor; }

  std::shared_ptr<const Source<T, Split>> source_;
  std::optional<WatermarkStrategy<T>> strategy_;
  std::optional<WatermarkAssigner<T>> assigner_;
  Stage stage_;
  Output<T> output_;
  Output<T> unstamped_;
  std::unique_ptr<SourceReader<T, Split>> reader_;
};

/// Runs a source's enumerator beside subtask 0.
template <class T, class Split>
class SourceCoordinator final : public OperatorCoordinator, private SplitEnumeratorContext<Split> {
 public:
  explicit SourceCoordinator(std::shared_ptr<const Source<T, Split>> source)
      : source_(std::move(source)) {}

  void open(CoordinatorContext& context) override {
    context_ = &context;
    async_ = std::make_unique<CoordinatorAsync>(*context.executor, context.wake);
    enumerator_ = source_->createEnumerator(*this);
    enumerator_->start();
  }

  void handleEvent(int subtask, std::string_view payload) override {
    const auto [event, body] = valueOrThrow(decodeSourceEvent(payload));
    if (event == SourceEvent::kRegisterReader) {
      if (std::find(readers_.begin(), readers_.end(), subtask) == readers_.end())
        readers_.push_back(subtask);
      enumerator_->addReader(subtask);
    } else if (event == SourceEvent::kRequestSplit) {
      enumerator_->handleSplitRequest(subtask);
    }
  }

  void poll() override { async_->runCompleted(); }

  void close() override {
    async_.reset();
    if (enumerator_ != nullptr) enumerator_->close();
    enumerator_.reset();
  }

 private:
  [[nodiscard]] int currentParallelism() const override { return context_->parallelism; }
  [[nodiscard]] const std::vector<int>& registeredReaders() const override { return readers_; }
  [[nodiscard]] bool readersMayStartInTurns() const override { return context_->batchMode; }
  void assignSplit(const Split& split, int subtask) override {
    context_->sendToSubtask(subtask,
                            encodeSourceEvent(SourceEvent::kAddSplit, types::serialize(split)));
  }
  void signalNoMoreSplits(int subtask) override {
    context_->sendToSubtask(subtask, encodeSourceEvent(SourceEvent::kNoMoreSplits));
  }
  [[nodiscard]] FileSystem& files() const override { return *context_->files; }
  [[nodiscard]] const Clock& clock() const override { return *context_->clock; }
  void callAsync(std::function<void()> work, std::function<void()> done) override {
    async_->post(std::move(work), std::move(done));
  }

  std::shared_ptr<const Source<T, Split>> source_;
  CoordinatorContext* context_ = nullptr;
  std::vector<int> readers_;
  std::unique_ptr<CoordinatorAsync> async_;
  std::unique_ptr<SplitEnumerator<Split>> enumerator_;
};

}  // namespace flink::operators
