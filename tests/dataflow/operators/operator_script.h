#pragma once

#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "dataflow/operators/factories.h"
#include "dataflow/state/keyed_state_backend.h"
#include "dataflow/state/operator_state_backend.h"
#include "tests/dataflow/operators/operator_harness.h"

namespace flink::operators {

/// A clock that a script moves; timers fire in the order of their times.
class ManualProcessingTime final : public ProcessingTimeService {
 public:
  [[nodiscard]] types::Timestamp now() const override { return now_; }
  TimerId registerTimer(types::Timestamp time, Callback callback) override {
    const auto id = static_cast<TimerId>(++lastId_);
    timers_.emplace(std::pair(time, id), std::move(callback));
    return id;
  }
  void cancel(TimerId timer) override {
    std::erase_if(timers_, [&](const auto& entry) { return entry.first.second == timer; });
  }
  /// Without firing timers.
  void setNow(types::Timestamp time) { now_ = time; }
  void advanceTo(types::Timestamp time) {
    setNow(time);
    while (!timers_.empty() && timers_.begin()->first.first <= time) {
      auto first = timers_.extract(timers_.begin());
      first.mapped()(first.key().first);
    }
  }
  [[nodiscard]] std::size_t numTimers() const { return timers_.size(); }

 private:
  types::Timestamp now_ = 0;
  std::uint64_t lastId_ = 0;
  std::map<std::pair<types::Timestamp, TimerId>, Callback> timers_;
};

using KeyedValue = std::pair<std::string, int>;

struct KeyOfPair {
  const std::string& operator()(const KeyedValue& value) const { return value.first; }
};
inline KeyedBy<std::string, KeyOfPair> byFirst() {
  return {};
}

/// Plays a script on one operator of (key, value) records and writes down what comes out, in order.
/// Steps, divided by `;` (with two inputs the second word is L or R):
///   `E <timestamp|-> <key> <value>`   an element       `W <time|max>`   a watermark
///   `I idle|active`                   input status     `P <time>`       the clock moves
///   `S`   snapshot, restart, restore                   `Z`              the inputs end
///   `F`   flush, as the task does when it is woken without input
/// Output: `<text>@<timestamp>`, `<tag> <text>@<timestamp>`, `W<time>`, `idle`, `active`.
class OperatorScript {
 public:
  explicit OperatorScript(FactoryPtr factory) : factory_(std::move(factory)) {}
  ~OperatorScript() { stop(); }
  OperatorScript(const OperatorScript&) = delete;
  OperatorScript& operator=(const OperatorScript&) = delete;

  /// A side output with records of T.
  template <class T>
  OperatorScript& side(const std::string& tag) {
    outputs_.emplace_back(tag, addWriter<T>(tag + " "));
    return *this;
  }
  template <class T>
  OperatorScript& main() {
    outputs_.emplace_back("", addWriter<T>(""));
    return *this;
  }

  /// Called with the context of every start.
  OperatorScript& prepare(std::function<void(OperatorContext&)> prepare) {
    prepare_ = std::move(prepare);
    return *this;
  }

  std::vector<std::string> play(const std::string& script) {
    if (harness_ == nullptr) start({});
    lines_.clear();
    std::istringstream steps(script);
    for (std::string step; std::getline(steps, step, ';');) playStep(step);
    return std::exchange(lines_, {});
  }

  [[nodiscard]] OperatorHarness& harness() { return *harness_; }
  [[nodiscard]] ManualProcessingTime& clock() { return clock_; }
  [[nodiscard]] state::KeyedStateBackend& keyedState() { return *keyedState_; }

 private:
  using Blocks = std::vector<std::pair<state::BlockInfo, std::string>>;

  class BlockList final : public state::SnapshotSink {
   public:
    Status writeBlock(const state::BlockInfo& info, ByteView content) override {
      blocks.emplace_back(info, std::string(asText(content)));
      return Status::ok();
    }
    Blocks blocks;
  };

  template <class T>
  class Writer final : public BatchReceiver<T> {
   public:
    Writer(std::vector<std::string>& lines, std::string prefix)
        : lines_(lines), prefix_(std::move(prefix)) {}
    void process(Batch<T> batch) override {
      for (std::size_t i = 0; i < batch.records.size(); ++i) {
        const types::Timestamp time =
            batch.timestamps == nullptr ? types::kNoTimestamp : batch.timestamps[i];
        lines_.push_back(prefix_ + text(batch.records[i]) + "@" +
                         (time == types::kNoTimestamp ? "-" : std::to_string(time)));
      }
    }

   private:
    static std::string text(const std::string& record) { return record; }
    static std::string text(int record) { return std::to_string(record); }
    static std::string text(const KeyedValue& record) {
      return record.first + " " + std::to_string(record.second);
    }
    std::vector<std::string>& lines_;
    std::string prefix_;
  };

  template <class T>
  Receiver* addWriter(const std::string& prefix) {
    auto writer = std::make_unique<Writer<T>>(lines_, prefix);
    Receiver* const receiver = writer.get();
    writers_.push_back(std::move(writer));
    return receiver;
  }

  static std::string timeText(types::Timestamp time) {
    return time == types::kMaxWatermark ? "max" : std::to_string(time);
  }
  static types::Timestamp timeOf(const std::string& text) {
    if (text == "-") return types::kNoTimestamp;
    return text == "max" ? types::kMaxWatermark : std::stoll(text);
  }

  void start(const Blocks& blocks) {
    harness_ = std::make_unique<OperatorHarness>();
    OperatorContext& context = harness_->context;
    context.processingTime = &clock_;
    context.emitWatermark = [this](types::Timestamp time) {
      lines_.push_back("W" + timeText(time));
    };
    context.emitWatermarkStatus = [this](bool idle) {
      lines_.emplace_back(idle ? "idle" : "active");
    };
    if (prepare_ != nullptr) prepare_(context);
    const auto op = factory_->create(outputs_);
    if (op->stateKey() != nullptr) {
      state::KeyedBackendOptions options;
      options.key = op->stateKey();
      options.clock = context.clock;
      keyedState_ = state::makeHashMapStateBackend(std::move(options));
    }
    operatorState_ = std::make_unique<state::OperatorStateBackend>();
    for (const auto& [info, content] : blocks) {
      using Kind = state::BlockKind;
      const bool keyed = info.kind == Kind::kKeyedBase || info.kind == Kind::kTimers;
      throwIfError(keyed ? keyedState_->restoreBlock(info, asBytes(content))
                         : operatorState_->restoreBlock(info, asBytes(content)));
    }
    context.state.keyedState = keyedState_.get();
    context.state.operatorState = operatorState_.get();
    if (snapshotId_ > 0) context.state.restoredCheckpointId = snapshotId_;
    harness_->open(*factory_, outputs_);
  }

  void stop() {
    if (harness_ == nullptr) return;
    if (harness_->op != nullptr) harness_->close();
    harness_.reset();
  }

  void restart() {
    BlockList snapshot;
    harness_->op->flush();
    harness_->op->snapshotState({++snapshotId_, 0, keyedState_.get(), operatorState_.get()});
    if (keyedState_ != nullptr) {
      (void)keyedState_->beginSnapshot(snapshotId_, state::SnapshotMode::kComplete);
      while (!valueOrThrow(keyedState_->continueSnapshot(snapshot, 2))) {
      }
    }
    throwIfError(operatorState_->snapshot(snapshot));
    stop();
    start(snapshot.blocks);
  }

  void playStep(const std::string& step) {
    std::istringstream in(step);
    std::string kind;
    in >> kind;
    int input = 0;
    if (harness_->op->numInputs() == 2 && (kind == "E" || kind == "W" || kind == "I")) {
      std::string side;
      in >> side;
      input = side == "R" ? 1 : 0;
    }
    std::string word;
    if (kind == "E") {
      KeyedValue value;
      in >> word >> value.first >> value.second;
      harness_->processStamped(std::vector<KeyedValue>{value}, {timeOf(word)}, input);
    } else if (kind == "W") {
      in >> word;
      harness_->advanceTo(timeOf(word), input, 2);
    } else if (kind == "I") {
      in >> word;
      harness_->op->processWatermarkStatus(input, word == "idle");
      while (!harness_->op->advance(2)) {
      }
    } else if (kind == "P") {
      in >> word;
      clock_.advanceTo(timeOf(word));
    } else if (kind == "F") {
      harness_->op->flush();
    } else if (kind == "S") {
      restart();
    } else if (kind == "Z") {
      for (int i = 0; i < harness_->op->numInputs(); ++i)
        harness_->advanceTo(types::kMaxWatermark, i, 2);
      harness_->finish();
    } else if (!kind.empty()) {
      ADD_FAILURE() << "unknown step: " << step;
    }
  }

  FactoryPtr factory_;
  std::function<void(OperatorContext&)> prepare_;
  ManualProcessingTime clock_;
  std::vector<std::string> lines_;
  std::vector<std::unique_ptr<Receiver>> writers_;
  OperatorOutputs outputs_;
  state::SnapshotId snapshotId_ = 0;
  std::unique_ptr<state::KeyedStateBackend> keyedState_;
  std::unique_ptr<state::OperatorStateBackend> operatorState_;
  std::unique_ptr<OperatorHarness> harness_;
};

/// The error id that `action` throws, with its message.
template <class Action>
std::string errorOf(Action&& action) {
  try {
    action();
  } catch (const StatusException& failure) {
    return failure.status().toString();
  }
  return "";
}

}  // namespace flink::operators
