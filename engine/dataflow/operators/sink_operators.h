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
  void close() override {
    this->closeFunction(function_);
    OperatorBase::close();
  }

 private:
  F function_;
  KeyedInput<Keys> keys_;
};

/// Feeds a sink's writer.
template <class T>
class SinkWriterOperator final : public OneInputOperator<T> {
 public:
  SinkWriterOperator(const OperatorOutputs& /*outputs*/, std::shared_ptr<const Sink<T>> sink)
      : sink_(std::move(sink)) {}
  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    initContext_ = std::make_unique<WriterInitContext>(this->runtimeContext(), context);
    writer_ = sink_->createWriter(*initContext_);
  }
  void process(Batch<T> batch) override {
    this->countIn(batch.records.size());
    for (const T& record : batch.records) writer_->write(record);
    written_ = true;
  }
  void flush() override {
    if (std::exchange(written_, false)) writer_->flush(false);
  }
  bool finish(std::size_t /*maxRecords*/) override {
    writer_->flush(true);
    return true;
  }
  void close() override {
    if (writer_ != nullptr) writer_->close();
    writer_.reset();
    OperatorBase::close();
  }

 private:
  std::shared_ptr<const Sink<T>> sink_;
  std::unique_ptr<WriterInitContext> initContext_;
  std::unique_ptr<SinkWriter<T>> writer_;
  bool written_ = false;
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
  }

 private:
  std::string label_;
  bool toStandardError_;
  std::string prefix_;
  std::string lines_;
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
