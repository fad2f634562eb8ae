#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/types/serializer.h"
#include "core/types/text.h"
#include "dataflow/operators/keyed_input.h"
#include "dataflow/operators/operator_base.h"
#include "dataflow/operators/sink.h"
#include "dataflow/operators/sink_commits.h"

namespace flink::operators {

/// Calls a sink function per record.
template <class T, class F, class Keys = NoKeys>
class SinkFunctionOperator final : public OneInputOperator<T> {
 public:
  SinkFunctionOperator(const OperatorOutputs& /*outputs*/, F function, Keys keys = {})
      : function_(std::move(function)), keys_(std::move(keys)) {}
  [[nodiscard]] const state::KeyOps* stateKey() const override { return keys_.keyOps(); }
  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    keys_.open(context);
    this->openFunction(function_);
  }
  void process(Batch<T> batch) override {
    this->countIn(batch.records.size());
    forEachKeyedRecord(batch, keys_, [this](const T& record) { callSink(function_, record); });
  }
  bool finish(std::size_t /*maxRecords*/) override {
    if constexpr (std::is_base_of_v<SinkFunction<T>, F>) function_.finish();
    return true;
  }
  void close() override {
    this->closeFunction(function_);
    OperatorBase::close();
  }

 private:
  F function_;
  KeyedInput<Keys> keys_;
};

/// What a sink says of what it sent: Flink's SinkWriterMetricGroup. Bytes are counted by whoever
/// writes them, under the name that numBytesSend() gives.
class SinkMetrics {
 public:
  /// Before the others.
  void open(metrics::MetricGroup& group);
  void countSent(std::size_t records) { sent_->inc(static_cast<std::int64_t>(records)); }
  void countFailed() {
    failed_->inc();
    sendFailed_->inc();
  }
  [[nodiscard]] const std::shared_ptr<metrics::Counter>& numBytesSend() const { return bytes_; }

 private:
  std::shared_ptr<metrics::Counter> sent_, bytes_, failed_, sendFailed_;
};

/// Feeds a sink's writer; commits what it prepares.
template <class T>
class SinkWriterOperator final : public OneInputOperator<T> {
 public:
  SinkWriterOperator(const OperatorOutputs& /*outputs*/, std::shared_ptr<const Sink<T>> sink)
      : sink_(std::move(sink)) {}
  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    initContext_ = std::make_unique<WriterInitContext>(this->runtimeContext(), context);
    metrics_.open(*context.metrics);
    const auto* restorer = dynamic_cast<const ErasedWriterRestorer<T>*>(sink_.get());
    const auto* committers = dynamic_cast<const ErasedCommitterFactory*>(sink_.get());
    std::vector<std::string> states;
    if (restorer != nullptr || committers != nullptr)
      states = commits_.restoreWriterStates(context);
    writer_ = restorer != nullptr && !states.empty()
                  ? restorer->restoreErased(*initContext_, states)
                  : sink_->createWriter(*initContext_);
    commits_.begin(
        dynamic_cast<ErasedCommittingWriter*>(writer_.get()),
        restorer == nullptr ? nullptr : dynamic_cast<ErasedStatefulWriter*>(writer_.get()),
        committers, *initContext_);
  }
  void process(Batch<T> batch) override {
    this->countIn(batch.records.size());
    typename SinkWriter<T>::Context around;
    around.currentWatermark = this->currentWatermark();
    const std::atomic<bool>& requested = *currentInterruption.requested;
    try {
      for (std::size_t i = 0; i < batch.records.size(); ++i) {
        checkInterruption(requested);
        if (batch.timestamps != nullptr) around.timestamp = batch.timestamps[i];
        writer_->write(batch.records[i], around);
      }
    } catch (...) {
      metrics_.countFailed();
      throw;
    }
    metrics_.countSent(batch.records.size());
    written_ = true;
  }
  void flush() override {
    if (std::exchange(written_, false) && !ended_) writer_->flush(false);
  }
  bool finish(std::size_t /*maxRecords*/) override {
    ended_ = true;
    writer_->flush(true);
    commits_.finish();
    return true;
  }
  void snapshotState(const state::SnapshotContext& context) override {
    OperatorBase::snapshotState(context);
    if (!ended_) writer_->flush(false);
    commits_.snapshotState(context.checkpointId);
  }
  void notifyCheckpointComplete(state::SnapshotId id) override {
    OperatorBase::notifyCheckpointComplete(id);
    commits_.notifyComplete(id);
  }
  void close() override {
    if (writer_ != nullptr) writer_->close();
    writer_.reset();
    commits_.close();
    OperatorBase::close();
  }

 private:
  std::shared_ptr<const Sink<T>> sink_;
  std::unique_ptr<WriterInitContext> initContext_;
  SinkCommits commits_;
  SinkMetrics metrics_;
  std::unique_ptr<SinkWriter<T>> writer_;
  bool written_ = false;
  bool ended_ = false;
};

/// `label:3> `, `3> `, `label> ` or nothing: the rules of Flink's print().
[[nodiscard]] std::string printPrefix(const std::string& label, int subtaskIndex, int parallelism);
/// Writes whole lines to standard output or error at once, so that those of several tasks do not
/// mix.
void printLines(const std::string& lines, bool toStandardError);

/// Prints every record on a line of its own.
template <class T>
class PrintSinkOperator final : public OneInputOperator<T> {
 public:
  PrintSinkOperator(const OperatorOutputs& /*outputs*/, std::string label, bool toStandardError)
      : label_(std::move(label)), toStandardError_(toStandardError) {}
  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    prefix_ = printPrefix(label_, context.subtaskIndex, context.parallelism);
    metrics_.open(*context.metrics);
  }
  void process(Batch<T> batch) override {
    this->countIn(batch.records.size());
    lines_.clear();
    for (const T& record : batch.records) {
      lines_ += prefix_;
      types::appendText(lines_, record);
      lines_ += '\n';
    }
    printLines(lines_, toStandardError_);
    metrics_.countSent(batch.records.size());
    metrics_.numBytesSend()->inc(static_cast<std::int64_t>(lines_.size()));
  }

 private:
  std::string label_;
  bool toStandardError_;
  std::string prefix_;
  std::string lines_;
  SinkMetrics metrics_;
};

/// Sends serialized records to the JobManager in bundles; one bundle is on its way at a time.
class CollectBundles {
 public:
  CollectBundles(OperatorContext& context, std::string collectId);
  void add(std::string record);
  void send();

 private:
  static constexpr std::size_t kMaxRecords = 1000;
  static constexpr std::size_t kMaxBytes = 1 << 20;
  OperatorContext& context_;
  std::string collectId_;
  std::vector<std::string> records_;
  std::size_t bytes_ = 0;
};

template <class T>
class CollectSinkOperator final : public OneInputOperator<T> {
 public:
  CollectSinkOperator(const OperatorOutputs& /*outputs*/, std::string collectId)
      : collectId_(std::move(collectId)) {}
  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    bundles_ = std::make_unique<CollectBundles>(context, collectId_);
  }
  void process(Batch<T> batch) override {
    this->countIn(batch.records.size());
    for (const T& record : batch.records) bundles_->add(types::serialize(record));
  }
  void flush() override { bundles_->send(); }
  bool finish(std::size_t /*maxRecords*/) override {
    bundles_->send();
    return true;
  }

 private:
  std::string collectId_;
  std::unique_ptr<CollectBundles> bundles_;
};

}  // namespace flink::operators
