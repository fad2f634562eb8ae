#pragma once

#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "dataflow/operators/windowing/window_factories.h"
#include "tests/dataflow/operators/operator_harness.h"

namespace flink::operators {

using KeyedValue = std::pair<std::string, int>;

/// A clock that a script moves; timers fire in the order of their times.
class ScriptedClock final : public ProcessingTimeService {
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
  void advanceTo(types::Timestamp time) {
    now_ = time;
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

/// Keeps a snapshot's blocks.
class BlockList final : public state::SnapshotSink {
 public:
  Status writeBlock(const state::BlockInfo& info, ByteView content) override {
    blocks.emplace_back(info,
                        std::string(reinterpret_cast<const char*>(content.data()), content.size()));
    return Status::ok();
  }
  std::vector<std::pair<state::BlockInfo, std::string>> blocks;
};

/// Plays a script on one operator of keyed values and writes down what comes out, in order:
///   `E <timestamp|-> <key> <value>`  an element       `W <time>`  a watermark
///   `P <time>`  the clock moves                       `S`  snapshot, restart, restore
/// Steps are divided by semicolons. Output: `<text>@<timestamp>`, `late <key> <value>@<timestamp>`
/// and `W<time>`.
template <class Out = std::string>
class WindowScript {
 public:
  explicit WindowScript(FactoryPtr factory, int numInputs = 1)
      : factory_(std::move(factory)), numInputs_(numInputs) {
    start({}, {});
  }
  ~WindowScript() { harness_.reset(); }

  std::vector<std::string> play(const std::string& script) {
    lines_.clear();
    std::istringstream steps(script);
    for (std::string step; std::getline(steps, step, ';');) playStep(step);
    return std::exchange(lines_, {});
  }

  void restart() {
    BlockList snapshot;
    BlockList operatorSnapshot;
    harness_->op->snapshotState({snapshotId_ + 1, 0, backend_.get(), operatorBackend_.get()});
    ASSERT_TRUE(operatorBackend_->snapshot(operatorSnapshot).isOk());
    (void)backend_->beginSnapshot(++snapshotId_, state::SnapshotMode::kBase);
    for (;;) {
      const Result<bool> done = backend_->continueSnapshot(snapshot, 3);
      ASSERT_TRUE(done.isOk()) << done.status().toString();
      if (done.value()) break;
    }
    harness_->close();
    harness_.reset();
    start(snapshot.blocks, operatorSnapshot.blocks);
  }

  /// The next restart makes operators of another factory.
  void restartAs(FactoryPtr factory) {
    factory_ = std::move(factory);
    restart();
  }

  [[nodiscard]] OperatorHarness& harness() { return *harness_; }
  [[nodiscard]] state::KeyedStateBackend& backend() { return *backend_; }
  [[nodiscard]] ScriptedClock& clock() { return clock_; }
  /// Everything that the backend holds, by name.
  [[nodiscard]] std::map<std::string, std::int64_t> numEntries() const {
    std::map<std::string, std::int64_t> figures;
    for (const auto& figure : backend_->figures()) {
      if (figure.numEntries > 0) figures[figure.name] = figure.numEntries;
    }
    return figures;
  }

 private:
  template <class T>
  class Writer final : public BatchReceiver<T> {
   public:
    Writer(std::vector<std::string>& lines, std::string prefix)
        : lines_(lines), prefix_(std::move(prefix)) {}
    void process(Batch<T> batch) override {
      for (std::size_t i = 0; i < batch.records.size(); ++i) {
        std::ostringstream line;
        line << prefix_ << text(batch.records[i]) << '@'
             << (batch.timestamps == nullptr ? types::kNoTimestamp : batch.timestamps[i]);
        lines_.push_back(line.str());
      }
    }

   private:
    static std::string text(const std::string& record) { return record; }
    static std::string text(const KeyedValue& record) {
      return record.first + " " + std::to_string(record.second);
    }
    std::vector<std::string>& lines_;
    std::string prefix_;
  };

  using Blocks = std::vector<std::pair<state::BlockInfo, std::string>>;

  void start(const Blocks& blocks, const Blocks& operatorBlocks) {
    harness_ = std::make_unique<OperatorHarness>();
    harness_->context.processingTime = &clock_;
    harness_->context.emitWatermark = [this](types::Timestamp watermark) {
      lines_.push_back("W" +
                       (watermark == types::kMaxWatermark ? "max" : std::to_string(watermark)));
    };
    state::KeyedBackendOptions options;
    options.key = &state::keyOps<std::string>();
    options.clock = harness_->context.clock;
    backend_ = state::makeHashMapStateBackend(options);
    for (const auto& [info, content] : blocks) {
      const Status restored = backend_->restoreBlock(info, asBytes(content));
      EXPECT_TRUE(restored.isOk()) << restored.toString();
    }
    operatorBackend_ = std::make_unique<state::OperatorStateBackend>();
    for (const auto& [info, content] : operatorBlocks) {
      const Status restored = operatorBackend_->restoreBlock(info, asBytes(content));
      EXPECT_TRUE(restored.isOk()) << restored.toString();
    }
    harness_->context.state.keyedState = backend_.get();
    harness_->context.state.operatorState = operatorBackend_.get();
    if (!blocks.empty()) harness_->context.state.restoredCheckpointId = snapshotId_;
    harness_->open(*factory_, {{"", &main_}, {"late", &late_}, {"side", &side_}});
  }

  void playStep(const std::string& step) {
    std::istringstream in(step);
    std::string kind;
    in >> kind;
    if (kind == "E") {
      std::string time;
      KeyedValue value;
      in >> time >> value.first >> value.second;
      harness_->processStamped(std::vector<KeyedValue>{value},
                               {time == "-" ? types::kNoTimestamp : std::stoll(time)});
    } else if (kind == "W") {
      std::string time;
      in >> time;
      harness_->advanceTo(time == "max" ? types::kMaxWatermark : std::stoll(time), 0, 2);
    } else if (kind == "P") {
      types::Timestamp time = 0;
      in >> time;
      clock_.advanceTo(time);
    } else if (kind == "S") {
      restart();
    } else if (!kind.empty()) {
      ADD_FAILURE() << "unknown step: " << step;
    }
  }

  FactoryPtr factory_;
  int numInputs_;
  ScriptedClock clock_;
  std::vector<std::string> lines_;
  Writer<Out> main_{lines_, ""};
  Writer<KeyedValue> late_{lines_, "late "};
  Writer<std::string> side_{lines_, "side "};
  state::SnapshotId snapshotId_ = 0;
  std::unique_ptr<state::KeyedStateBackend> backend_;
  std::unique_ptr<state::OperatorStateBackend> operatorBackend_;
  std::unique_ptr<OperatorHarness> harness_;
};

struct FirstOfPair {
  const std::string& operator()(const KeyedValue& value) const { return value.first; }
};

/// Emits `key start end: values`.
struct ShowTimeWindow {
  void operator()(const std::string& key, ProcessWindowContext<TimeWindow>& context,
                  const Iterable<KeyedValue>& elements, Collector<std::string>& out) const {
    std::ostringstream text;
    text << key << ' ' << context.window().getStart() << ' ' << context.window().getEnd() << ':';
    for (const KeyedValue& element : elements) text << ' ' << element.second;
    out.collect(text.str());
  }
};
/// Emits `key: values`.
struct ShowGlobalWindow {
  void operator()(const std::string& key, const GlobalWindow& /*window*/,
                  const Iterable<KeyedValue>& elements, Collector<std::string>& out) const {
    std::ostringstream text;
    text << key << ':';
    for (const KeyedValue& element : elements) text << ' ' << element.second;
    out.collect(text.str());
  }
};

struct AddValues {
  KeyedValue operator()(const KeyedValue& a, const KeyedValue& b) const {
    return {a.first, a.second + b.second};
  }
};

/// A definition whose function gets all elements.
template <class Assigner, class Trigger, class Function, class Evictor = NoEvictor>
auto processWindows(Assigner assigner, Trigger trigger, Function function,
                    std::int64_t allowedLateness = 0, Evictor evictor = {}) {
  using Contents = std::conditional_t<std::is_same_v<Evictor, NoEvictor>, ListContents<KeyedValue>,
                                      EvictableContents<KeyedValue>>;
  using Calls = CallWindowFunction<Function>;
  return WindowDefinition<KeyedValue, FirstOfPair, Assigner, Trigger, Contents, Calls, std::string,
                          Evictor>{{},
                                   assigner,
                                   trigger,
                                   Contents{},
                                   Calls{function},
                                   evictor,
                                   allowedLateness,
                                   OutputTag<KeyedValue>("late")};
}

/// A definition that sums values up.
template <class Assigner, class Trigger>
auto sumWindows(Assigner assigner, Trigger trigger, std::int64_t allowedLateness = 0) {
  using Contents = CombinedContents<KeyedValue, ReduceCombiner<AddValues>>;
  return WindowDefinition<KeyedValue, FirstOfPair, Assigner, Trigger, Contents, EmitElements,
                          KeyedValue>{{},
                                      assigner,
                                      trigger,
                                      Contents{},
                                      EmitElements{},
                                      {},
                                      allowedLateness,
                                      OutputTag<KeyedValue>("late")};
}

/// The generic operator, also where makeWindowFactory() would choose another.
template <class Definition>
FactoryPtr makeGenericWindowFactory(Definition definition) {
  return detail::makeFactory<WindowOperator<Definition>>(std::move(definition));
}

}  // namespace flink::operators
