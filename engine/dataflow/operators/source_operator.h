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
#include "dataflow/operators/source_checkpoint.h"
#include "dataflow/operators/source_events.h"
#include "dataflow/operators/source_metrics.h"
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
    readerMetrics_.open(context);
    if (strategy_) assigner_.emplace(context, *strategy_);
    reader_ = source_->createReader(*this);
    agreement_.open(context);
    if (auto splits = decodeSplits(agreement_.restoredSplits()); !splits.empty())
      reader_->addSplits(std::move(splits));
    reader_->start();
  }

  Poll poll(std::size_t maxRecords) override {
    Output<T>& emitted = strategy_ ? unstamped_ : output_;
    const InputStatus status = readerMetrics_.poll(*reader_, emitted, maxRecords);
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
    agreement_.receive(payload);
    treatEvents();
    context().wake();
  }

  bool prepareSnapshot(state::SnapshotId id) override {
    const bool ready = agreement_.prepare(id);
    if (!ready) treatEvents();
    return ready;
  }
  void snapshotState(const state::SnapshotContext& snapshot) override {
    std::vector<std::string> splits;
    for (const Split& split :
         reader_->snapshotState(static_cast<std::int64_t>(snapshot.checkpointId)))
      splits.push_back(types::serialize(split));
    agreement_.store(snapshot.checkpointId, splits);
    treatEvents();
  }
  std::optional<std::string> takeCoordinatorSnapshot() override {
    return agreement_.takeCoordinatorSnapshot();
  }
  void notifyCheckpointComplete(state::SnapshotId id) override {
    agreement_.completed(id);
    reader_->notifyCheckpointComplete(static_cast<std::int64_t>(id));
  }
  void notifyCheckpointAborted(state::SnapshotId id) override {
    agreement_.aborted(id);
    treatEvents();
    reader_->notifyCheckpointAborted(static_cast<std::int64_t>(id));
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

  static std::vector<Split> decodeSplits(const std::vector<std::string>& serialized) {
    std::vector<Split> splits(serialized.size());
    for (std::size_t i = 0; i < splits.size(); ++i)
      throwIfError(types::deserialize(asBytes(serialized[i]), splits[i]));
    return splits;
  }
  /// What the coordinator sent and no snapshot holds back.
  void treatEvents() {
    while (const std::optional<std::string> payload = agreement_.next()) {
      const auto [event, body] = valueOrThrow(decodeSourceEvent(*payload));
      if (event == SourceEvent::kAddSplit) {
        reader_->addSplits(decodeSplits({std::string(body)}));
      } else if (event == SourceEvent::kNoMoreSplits) {
        reader_->notifyNoMoreSplits();
      }
    }
  }
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
  SourceMetrics readerMetrics_;
  Stage stage_;
  Output<T> output_;
  Output<T> unstamped_;
  SourceReaderAgreement agreement_;
  std::unique_ptr<SourceReader<T, Split>> reader_;
};

/// Runs a source's enumerator beside subtask 0.
template <class T, class Split>
class SourceCoordinator final : public OperatorCoordinator, private SplitEnumeratorContext<Split> {
 public:
  explicit SourceCoordinator(std::shared_ptr<const Source<T, Split>> source)
      : source_(std::move(source)) {}

  void restore(std::string snapshot) override { restored_ = agreement_.restore(snapshot); }
  void open(CoordinatorContext& context) override {
    context_ = &context;
    async_ = std::make_unique<CoordinatorAsync>(*context.executor, context.wake);
    enumerator_ = restored_ ? source_->restoreEnumerator(*this, *restored_)
                            : source_->createEnumerator(*this);
    enumerator_->start();
  }

  void handleEvent(int subtask, std::string_view payload) override {
    const auto [event, body] = valueOrThrow(decodeSourceEvent(payload));
    if (event == SourceEvent::kRegisterReader) {
      registerReader(subtask, body);
    } else if (event == SourceEvent::kRequestSplit) {
      enumerator_->handleSplitRequest(subtask);
    } else if (event == SourceEvent::kRequestSnapshot) {
      takeSnapshot(subtask, SourceCoordinatorAgreement::decodeRequest(body));
    }
  }

  void poll() override { async_->runCompleted(); }

  void close() override {
    async_.reset();
    if (enumerator_ != nullptr) enumerator_->close();
    enumerator_.reset();
  }

 private:
  void registerReader(int subtask, std::string_view body) {
    if (std::find(readers_.begin(), readers_.end(), subtask) == readers_.end())
      readers_.push_back(subtask);
    const auto back =
        agreement_.takeBack(subtask, SourceCoordinatorAgreement::decodeRegistration(body));
    context_->sendToSubtask(subtask, encodeSourceEvent(SourceEvent::kRegistered));
    if (!back.empty()) {
      std::vector<Split> splits(back.size());
      for (std::size_t i = 0; i < back.size(); ++i)
        throwIfError(types::deserialize(asBytes(back[i]), splits[i]));
      enumerator_->addSplitsBack(std::move(splits), subtask);
    }
    enumerator_->addReader(subtask);
  }
  /// All readers hear of it, in line with their splits; the one that came first stores it.
  void takeSnapshot(int subtask, const SourceCoordinatorAgreement::Request& request) {
    if (!agreement_.begin(request)) return;
    const std::string state = agreement_.snapshotOf(
        enumerator_->snapshotState(static_cast<std::int64_t>(request.snapshot)));
    for (int reader = 0; reader < context_->parallelism; ++reader) {
      context_->sendToSubtask(
          reader, SourceCoordinatorAgreement::answer(
                      request.snapshot, reader == subtask ? std::optional(state) : std::nullopt));
    }
  }
  [[nodiscard]] int currentParallelism() const override { return context_->parallelism; }
  [[nodiscard]] const std::vector<int>& registeredReaders() const override { return readers_; }
  [[nodiscard]] bool readersMayStartInTurns() const override { return context_->batchMode; }
  void assignSplit(const Split& split, int subtask) override {
    std::string serialized = types::serialize(split);
    context_->sendToSubtask(subtask, encodeSourceEvent(SourceEvent::kAddSplit, serialized));
    agreement_.assigned(subtask, std::move(serialized));
  }
  void signalNoMoreSplits(int subtask) override {
    context_->sendToSubtask(subtask, encodeSourceEvent(SourceEvent::kNoMoreSplits));
  }
  [[nodiscard]] FileSystem& files() const override { return *context_->files; }
  [[nodiscard]] const Clock& clock() const override { return *context_->clock; }
  void callAsync(std::function<void()> work, std::function<void()> done) override {
    async_->post(std::move(work), std::move(done));
  }
  void callAsync(std::function<void()> work, std::function<void()> done,
                 std::chrono::milliseconds initialDelay,
                 std::chrono::milliseconds period) override {
    ProcessingTimeService& time = *context_->processingTime;
    time.registerTimer(
        time.now() + initialDelay.count(),
        [this, work = std::move(work), done = std::move(done), period](types::Timestamp) {
          async_->post(work, [this, work, done, period] {
            done();
            callAsync(work, done, period, period);
          });
        });
  }

  std::shared_ptr<const Source<T, Split>> source_;
  CoordinatorContext* context_ = nullptr;
  SourceCoordinatorAgreement agreement_;
  std::optional<std::string> restored_;
  std::vector<int> readers_;
  std::unique_ptr<CoordinatorAsync> async_;
  std::unique_ptr<SplitEnumerator<Split>> enumerator_;
};

}  // namespace flink::operators
