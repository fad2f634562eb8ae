#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/datastream/single_output_stream_operator.h"
#include "core/base/clock.h"
#include "core/base/rng.h"
#include "core/types/text.h"
#include "dataflow/operators/operator_base.h"
#include "dataflow/operators/output.h"

namespace flink {

namespace datastream {

/// Writes `line` to the worker's log.
void logDebugLine(const std::string& line);
std::string debugLine(std::string_view name, std::uint64_t numElements, std::string_view element);
std::string sampleLine(std::string_view name, std::string_view element);
void checkSampleRate(double rate);

/// Passes batches on untouched and logs a line now and then.
template <class T>
class DebugOperator final : public operators::OneInputOperator<T> {
 public:
  static constexpr Duration kInterval = std::chrono::seconds(10);
  DebugOperator(const operators::OperatorOutputs& outputs, std::string name)
      : output_(outputs, ""), name_(std::move(name)) {}

  void open(operators::OperatorContext& context) override {
    operators::OperatorBase::open(context);
    lastLine_ = context.clock->now();
  }
  void process(operators::Batch<T> batch) override {
    this->countIn(batch.records.size());
    numElements_ += batch.records.size();
    const MonotonicTime now = this->context().clock->now();
    if (now - lastLine_ >= kInterval && !batch.records.empty()) {
      lastLine_ = now;
      std::string text;
      types::appendText(text, batch.records.back());
      logDebugLine(debugLine(name_, numElements_, text));
    }
    output_.forward(batch.records);
    this->countOut(output_.numRecords());
  }

 private:
  operators::Output<T> output_;
  std::string name_;
  std::uint64_t numElements_ = 0;
  MonotonicTime lastLine_;
};

/// Passes a random part of the records on and logs each of them.
template <class T>
class SampleOperator final : public operators::OneInputOperator<T> {
 public:
  SampleOperator(const operators::OperatorOutputs& outputs, double rate, std::string name)
      : output_(outputs, ""),
        threshold_(static_cast<std::uint64_t>(rate * kScale)),
        name_(std::move(name)) {}

  void open(operators::OperatorContext& context) override {
    operators::OperatorBase::open(context);
    rng_ = makeSeededRng(static_cast<std::uint64_t>(context.subtaskIndex));
  }
  void process(operators::Batch<T> batch) override {
    this->countIn(batch.records.size());
    for (T& record : batch.records) {
      if (rng_->below(kScale) >= threshold_) continue;
      std::string text;
      types::appendText(text, record);
      logDebugLine(sampleLine(name_, text));
      output_.collect(std::move(record));
    }
    output_.flush();
    this->countOut(output_.numRecords());
  }

 private:
  static constexpr std::uint64_t kScale = 1ULL << 32;
  operators::Output<T> output_;
  std::uint64_t threshold_;
  std::string name_;
  std::unique_ptr<Rng> rng_;
};

/// A factory of operators that are made from a few copied values.
template <class Operator, class... Arguments>
class SimpleFactory final : public operators::OperatorFactory {
 public:
  explicit SimpleFactory(Arguments... arguments) : arguments_(std::move(arguments)...) {}
  std::unique_ptr<operators::StreamOperator> create(
      const operators::OperatorOutputs& outputs) const override {
    return std::apply(
        [&outputs](const Arguments&... arguments) {
          return std::make_unique<Operator>(outputs, arguments...);
        },
        arguments_);
  }

 private:
  std::tuple<Arguments...> arguments_;
};

}  // namespace datastream

/// Looks into running streams.
struct DebuggingUtils {
  /// The same stream; its operator logs every 10 s how many elements passed and what the last one
  /// was.
  template <class T>
  static SingleOutputStreamOperator<T> debug(const DataStream<T>& stream, std::string name) {
    using Factory = datastream::SimpleFactory<datastream::DebugOperator<T>, std::string>;
    const std::string shown = "Debug: " + name;
    return add(stream, "debug", std::make_unique<Factory>(std::move(name))).name(shown);
  }
  /// A random part of the stream, each record also logged. 0 <= rate <= 1.
  template <class T>
  static SingleOutputStreamOperator<T> sample(const DataStream<T>& stream, double rate,
                                              std::string name) {
    datastream::checkSampleRate(rate);
    using Factory = datastream::SimpleFactory<datastream::SampleOperator<T>, double, std::string>;
    const std::string shown = "Sample: " + name;
    return add(stream, "sample", std::make_unique<Factory>(rate, std::move(name))).name(shown);
  }

 private:
  template <class T>
  static SingleOutputStreamOperator<T> add(const DataStream<T>& stream, const char* kind,
                                           operators::FactoryPtr factory) {
    return SingleOutputStreamOperator<T>(stream.handle().transform(
        datastream::operatorSpec(kind, kind, std::move(factory), {&typeid(T)}),
        datastream::plainCodec<T>));
  }
};

}  // namespace flink
