#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dataflow/operators/factories.h"
#include "dataflow/operators/operator_factory.h"
#include "dataflow/operators/wire_record.h"
#include "dataflow/state/value_ops.h"

namespace flink::task {

/// Records of these tests: numbers.
using Number = std::int64_t;
/// On a channel: a length word and the number.
constexpr std::size_t kNumberBytes = operators::wire::kLengthBytes + sizeof(Number);
inline void putNumber(std::byte* to, Number number) {
  operators::wire::putWord(to, sizeof number, 0);
  std::memcpy(to + operators::wire::kLengthBytes, &number, sizeof number);
}

/// Writes every record to the channel that its value selects.
class NumberWriter final : public operators::BatchReceiver<Number> {
 public:
  explicit NumberWriter(types::SegmentWriter& writer) : writer_(writer) {}
  void process(operators::Batch<Number> batch) override {
    for (const Number number : batch.records) {
      const int channel = static_cast<int>(number % writer_.numChannels());
      if (writer_.window(channel).free() < kNumberBytes) writer_.nextSegment(channel);
      std::byte*& pos = writer_.window(channel).pos;
      putNumber(pos, number);
      pos += kNumberBytes;
    }
    writer_.countRecords(batch.records.size());
  }

 private:
  types::SegmentWriter& writer_;
};

class NumberCodec final : public operators::EdgeCodec {
 public:
  std::unique_ptr<operators::Receiver> makeWriter(
      types::SegmentWriter& writer, const operators::EdgeWriterSpec& /*spec*/) const override {
    return std::make_unique<NumberWriter>(writer);
  }
  std::unique_ptr<operators::EdgeReader> makeReader(operators::Receiver& target,
                                                    int numChannels) const override {
    return operators::makeEdgeCodec<Number>()->makeReader(target, numChannels);
  }
};

/// What an operator of a test does; every hook is optional. Shared by all instances of one stream
/// node.
struct Script {
  using Emit = std::function<void(Number)>;
  std::function<void(operators::OperatorContext&)> open;
  std::function<void(Number, const Emit&)> map = [](Number n, const Emit& emit) { emit(n); };
  std::function<void(types::Timestamp)> watermark;
  std::function<bool(std::size_t max, const Emit&)> advance;
  std::function<void(int input)> endInput;
  std::function<bool(std::size_t max, const Emit&)> finish;
  std::function<void()> flush;
  std::function<void()> close;
  std::function<void(const state::SnapshotContext&, const Emit&)> snapshot;
  std::function<void(state::SnapshotId, bool complete)> notify;
  /// The operator keeps keyed state: for keys of type Number.
  bool keyed = false;
  /// Makes it a source.
  std::function<operators::SourceOperatorBase::Poll(std::size_t max, const Emit&)> poll;
  std::function<void(std::string_view)> handleEvent;
  std::function<bool(state::SnapshotId)> prepare;
  std::optional<std::string> coordinatorSnapshot;
  std::function<std::unique_ptr<operators::OperatorCoordinator>()> coordinator;
  int numInputs = 1;
  bool usesManagedMemory = false;
};

/// Both kinds of scripted operators emit through this.
class ScriptOutputs {
 public:
  explicit ScriptOutputs(operators::OperatorOutputs outputs) : outputs_(std::move(outputs)) {}
  void operator()(Number number) {
    for (auto& [tag, receiver] : outputs_) {
      Number copy = number;
      static_cast<operators::BatchReceiver<Number>*>(receiver)->process(
          {std::span<Number>(&copy, 1)});
    }
  }

 private:
  operators::OperatorOutputs outputs_;
};

class ScriptedOperator final : public operators::StreamOperator {
 public:
  ScriptedOperator(const Script& script, const operators::OperatorOutputs& outputs)
      : script_(script), emit_(outputs) {
    for (int i = 0; i < script.numInputs; ++i) inputs_.push_back(std::make_unique<Input>(*this));
  }
  void open(operators::OperatorContext& context) override {
    context_ = &context;
    if (script_.open) script_.open(context);
  }
  [[nodiscard]] int numInputs() const override { return script_.numInputs; }
  operators::Receiver& input(int index) override {
    return *inputs_[static_cast<std::size_t>(index)];
  }
  void processWatermark(int /*index*/, types::Timestamp watermark) override {
    if (script_.watermark) script_.watermark(watermark);
    watermark_ = watermark;
  }
  void processWatermarkStatus(int /*index*/, bool idle) override {
    if (context_ != nullptr) context_->emitWatermarkStatus(idle);
  }
  bool advance(std::size_t max) override {
    if (script_.advance && !script_.advance(max, [this](Number n) { emit_(n); })) return false;
    if (watermark_ && context_ != nullptr) context_->emitWatermark(*watermark_);
    watermark_.reset();
    return true;
  }
  void endInput(int index) override {
    if (script_.endInput) script_.endInput(index);
  }
  bool finish(std::size_t max) override {
    return !script_.finish || script_.finish(max, [this](Number n) { emit_(n); });
  }
  void flush() override {
    if (script_.flush) script_.flush();
  }
  void close() override {
    if (script_.close) script_.close();
  }
  [[nodiscard]] const state::KeyOps* stateKey() const override {
    return script_.keyed ? &state::keyOps<Number>() : nullptr;
  }
  void snapshotState(const state::SnapshotContext& context) override {
    if (script_.snapshot) script_.snapshot(context, [this](Number n) { emit_(n); });
  }
  void notifyCheckpointComplete(state::SnapshotId id) override {
    if (script_.notify) script_.notify(id, true);
  }
  void notifyCheckpointAborted(state::SnapshotId id) override {
    if (script_.notify) script_.notify(id, false);
  }

 private:
  struct Input final : operators::BatchReceiver<Number> {
    explicit Input(ScriptedOperator& owner) : owner(owner) {}
    void process(operators::Batch<Number> batch) override {
      for (const Number n : batch.records)
        owner.script_.map(n, [this](Number out) { owner.emit_(out); });
    }
    ScriptedOperator& owner;
  };
  const Script& script_;
  ScriptOutputs emit_;
  std::vector<std::unique_ptr<Input>> inputs_;
  operators::OperatorContext* context_ = nullptr;
  std::optional<types::Timestamp> watermark_;
};

class ScriptedSource final : public operators::SourceOperatorBase {
 public:
  ScriptedSource(const Script& script, const operators::OperatorOutputs& outputs)
      : script_(script), emit_(outputs) {}
  void open(operators::OperatorContext& context) override {
    if (script_.open) script_.open(context);
  }
  Poll poll(std::size_t max) override {
    return script_.poll(max, [this](Number n) { emit_(n); });
  }
  void handleEvent(std::string_view payload) override {
    if (script_.handleEvent) script_.handleEvent(payload);
  }
  void close() override {
    if (script_.close) script_.close();
  }
  bool prepareSnapshot(state::SnapshotId id) override {
    return !script_.prepare || script_.prepare(id);
  }
  std::optional<std::string> takeCoordinatorSnapshot() override {
    return script_.coordinatorSnapshot;
  }
  void snapshotState(const state::SnapshotContext& context) override {
    if (script_.snapshot) script_.snapshot(context, [this](Number n) { emit_(n); });
  }
  void notifyCheckpointComplete(state::SnapshotId id) override {
    if (script_.notify) script_.notify(id, true);
  }
  void notifyCheckpointAborted(state::SnapshotId id) override {
    if (script_.notify) script_.notify(id, false);
  }

 private:
  const Script& script_;
  ScriptOutputs emit_;
};

/// The code of a job whose operators follow scripts; all edges carry numbers.
class FakeProgram final : public operators::OperatorCatalog {
 public:
  Script& script(std::int32_t streamNode) {
    auto& factory = factories_[streamNode];
    if (factory == nullptr) factory = std::make_unique<Factory>();
    return factory->script;
  }
  [[nodiscard]] const operators::OperatorFactory* operatorFactory(
      std::int32_t streamNode) const override {
    const auto found = factories_.find(streamNode);
    return found == factories_.end() ? nullptr : found->second.get();
  }
  [[nodiscard]] const operators::EdgeCodec* edgeCodec(std::int32_t, std::int32_t, std::int32_t,
                                                      std::string_view) const override {
    return &codec_;
  }

 private:
  struct Factory final : operators::OperatorFactory {
    std::unique_ptr<operators::StreamOperator> create(
        const operators::OperatorOutputs& outputs) const override {
      if (script.poll) return std::make_unique<ScriptedSource>(script, outputs);
      return std::make_unique<ScriptedOperator>(script, outputs);
    }
    [[nodiscard]] bool usesManagedMemory(bool /*batchMode*/) const override {
      return script.usesManagedMemory;
    }
    std::unique_ptr<operators::OperatorCoordinator> createCoordinator() const override {
      return script.coordinator ? script.coordinator() : nullptr;
    }
    Script script;
  };
  std::map<std::int32_t, std::unique_ptr<Factory>> factories_;
  NumberCodec codec_;
};

}  // namespace flink::task
