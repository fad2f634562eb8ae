#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <flink/datastream.h>

#include "api/datastream/environment_state.h"
#include "dataflow/operators/one_input_operators.h"
#include "rows.h"
#include "script.h"

namespace flink::conformance {

/// Carries script lines to the sources and what comes out back: the ends of a case's program.
/// Thread: the driver's.
struct Transcript {
  std::map<std::string, std::deque<ScriptLine>> feeds;  ///< by side
  std::vector<std::string> lines;

  void record(const std::string& tag, types::Timestamp timestamp, const std::string& fields) {
    const std::string stamp = timestamp == types::kNoTimestamp ? "-" : std::to_string(timestamp);
    lines.push_back((tag.empty() ? "E," : "O," + tag + ",") + stamp + "," + fields);
  }
};

/// Emits what its side's feed says, when it is polled.
template <class T>
class ScriptedSource final : public operators::SourceOperatorBase {
 public:
  ScriptedSource(const operators::OperatorOutputs& outputs, std::deque<ScriptLine>& feed)
      : feed_(feed), output_(outputs, "") {}
  void open(operators::OperatorContext& context) override { context_ = &context; }
  Poll poll(std::size_t /*maxRecords*/) override {
    if (feed_.empty()) return Poll::kNothingNow;
    const ScriptLine line = std::move(feed_.front());
    feed_.pop_front();
    if (line.kind == 'E') {
      output_.setTimestamp(line.time);
      output_.collect(parseRow<T>(line.fields));
      output_.flush();
    } else if (line.kind == 'W') {
      context_->emitWatermark(line.time);
    } else {
      context_->emitWatermarkStatus(line.idle);
    }
    return Poll::kMore;
  }
  void handleEvent(std::string_view /*payload*/) override {}

 private:
  std::deque<ScriptLine>& feed_;
  operators::Output<T> output_;
  operators::OperatorContext* context_ = nullptr;
};

/// Writes down what reaches it; of a side output records alone.
template <class T>
class Recorder final : public operators::OneInputOperator<T> {
 public:
  Recorder(Transcript& transcript, std::string tag)
      : transcript_(transcript), tag_(std::move(tag)) {}
  void process(operators::Batch<T> batch) override {
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      transcript_.record(tag_,
                         batch.timestamps == nullptr ? types::kNoTimestamp : batch.timestamps[i],
                         formatRow(batch.records[i]));
    }
  }
  void processWatermark(int index, types::Timestamp watermark) override {
    if (tag_.empty()) transcript_.lines.push_back("W," + std::to_string(watermark));
    operators::OneInputOperator<T>::processWatermark(index, watermark);
  }
  void processWatermarkStatus(int index, bool idle) override {
    if (tag_.empty()) transcript_.lines.emplace_back(idle ? "I,idle" : "I,active");
    operators::OneInputOperator<T>::processWatermarkStatus(index, idle);
  }

 private:
  Transcript& transcript_;
  const std::string tag_;
};

/// Makes operators with a function.
template <class Make>
class MakingFactory final : public operators::OperatorFactory {
 public:
  explicit MakingFactory(Make make) : make_(std::move(make)) {}
  std::unique_ptr<operators::StreamOperator> create(
      const operators::OperatorOutputs& outputs) const override {
    return make_(outputs);
  }

 private:
  Make make_;
};

/// What a program is built from: scripted sources at its beginning, recorders at its ends, the
/// public API between them.
class Play {
 public:
  Play(const std::shared_ptr<datastream::EnvironmentState>& environment, Transcript& transcript)
      : environment_(environment), transcript_(transcript) {}

  template <class T = Event>
  DataStream<T> source() {
    return input<T>("");
  }
  template <class T = Event>
  DataStream<T> left() {
    return input<T>("L");
  }
  template <class T = Event>
  DataStream<T> right() {
    return input<T>("R");
  }

  /// Makes the stream the program's main output.
  template <class T>
  void out(const DataStream<T>& stream) {
    side("", stream);
  }
  /// Makes the stream a side output, named `tag` in the transcript.
  template <class T>
  void side(const std::string& tag, const DataStream<T>& stream) {
    add<T>(stream, tag);
  }
  /// The main output and, as the output `late`, a side output of the same operator.
  template <class T, class Late>
  void outWithSide(const SingleOutputStreamOperator<T>& stream, const OutputTag<Late>& tag) {
    out(stream);
    side(tag.getId(), stream.getSideOutput(tag));
  }

  [[nodiscard]] ExecutionConfig& config() const { return environment_->graph->config(); }

 private:
  template <class T, class Make>
  static datastream::OperatorSpec spec(const char* name, Make make, datastream::OperatorRole role) {
    return datastream::operatorSpec(
        name, name, std::make_unique<MakingFactory<Make>>(std::move(make)), {&typeid(T)}, role);
  }

  template <class T>
  DataStream<T> input(const std::string& side) {
    std::deque<ScriptLine>& feed = transcript_.feeds[side];
    const auto make = [&feed](const operators::OperatorOutputs& outputs) {
      return std::make_unique<ScriptedSource<T>>(outputs, feed);
    };
    auto source = spec<T>("script", make, datastream::OperatorRole::kSource);
    source.parallel = false;
    source.bounded = false;
    return DataStream<T>(datastream::StreamHandle::ofSource(environment_, std::move(source),
                                                            datastream::plainCodec<T>));
  }

  template <class T>
  void add(const DataStream<T>& stream, const std::string& tag) {
    const auto make = [&transcript = transcript_,
                       tag](const operators::OperatorOutputs& /*outputs*/) {
      return std::make_unique<Recorder<T>>(transcript, tag);
    };
    stream.handle().sink(spec<T>("transcript", make, datastream::OperatorRole::kSink));
  }

  std::shared_ptr<datastream::EnvironmentState> environment_;
  Transcript& transcript_;
};

}  // namespace flink::conformance
