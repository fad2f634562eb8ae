#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/fs/local_file_system.h"
#include "core/metrics/registry.h"
#include "dataflow/operators/operator_factory.h"
#include "dataflow/state/keyed_state_backend.h"

namespace flink::operators {

/// Receives batches of T and keeps copies of the records.
template <class T>
class CollectingReceiver final : public BatchReceiver<T> {
 public:
  void process(Batch<T> batch) override {
    for (const T& record : batch.records) records.push_back(record);
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      timestamps.push_back(batch.timestamps == nullptr ? types::kNoTimestamp : batch.timestamps[i]);
    }
    if (batch.keyHashes != nullptr) {
      hashes.insert(hashes.end(), batch.keyHashes, batch.keyHashes + batch.records.size());
    }
    ++numBatches;
    largestBatch = std::max(largestBatch, batch.records.size());
  }
  std::vector<T> records;
  std::vector<types::KeyHash> hashes;
  std::vector<types::Timestamp> timestamps;
  std::size_t numBatches = 0;
  std::size_t largestBatch = 0;
};

/// Takes batches and forgets them.
template <class T>
class DiscardingReceiver final : public BatchReceiver<T> {
 public:
  void process(Batch<T> batch) override { numRecords += batch.records.size(); }
  std::size_t numRecords = 0;
};

/// A directory of its own below the system's temporary one.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "flink-operators-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// What a task gives to one operator: context and services without a task.
class OperatorHarness : private OperatorEventGateway {
 public:
  OperatorHarness() : files_(fs::makeLocalFileSystem()), registry_(clock_) {
    context.jobName = "job";
    context.taskName = "task";
    context.operatorName = "operator";
    context.metrics = registry_.root("taskmanager", {});
    context.clock = &clock_;
    context.files = files_.get();
    context.temporaryDirectory = directory_.path();
    context.wake = [this] {
      ++numWakes;
      numWakes.notify_all();
    };
    context.cancelled = [] { return false; };
    context.coordinator = this;
    context.emitWatermark = [this](types::Timestamp watermark) { watermarks.push_back(watermark); };
    context.emitWatermarkStatus = [this](bool idle) { statuses.push_back(idle); };
    context.setAccumulator = [this](const std::string& name, std::string value) {
      accumulators[name] = std::move(value);
    };
    context.collect = [this](const std::string&, std::vector<std::string>& records) {
      collected.push_back(records);
      return true;
    };
  }
  ~OperatorHarness() {
    if (op != nullptr) close();
    context.metrics.reset();  // before its registry
  }

  /// What the operator counts or shows under a name.
  std::int64_t metric(const std::string& name) {
    for (const metrics::MetricSample& sample : registry_.collect()) {
      if (sample.name == name) return std::get<std::int64_t>(sample.value);
    }
    throw std::out_of_range("no metric " + name);
  }

  /// Makes and opens the operator under test.
  StreamOperator& open(const OperatorFactory& factory, const OperatorOutputs& outputs) {
    op = factory.create(outputs);
    if (op->stateKey() != nullptr && context.state.keyedState == nullptr) {
      state::KeyedBackendOptions options;
      options.key = op->stateKey();
      options.clock = &clock_;
      keyedState_ = state::makeHashMapStateBackend(std::move(options));
      context.state.keyedState = keyedState_.get();
    }
    op->open(context);
    return *op;
  }

  /// Feeds records to one input as one batch; the operator may spoil them.
  template <class T>
  void process(std::vector<T> records, int input = 0) {
    auto& receiver = dynamic_cast<BatchReceiver<T>&>(op->input(input));
    receiver.process({std::span<T>(records)});
  }
  template <class T>
  void processStamped(std::vector<T> records, const std::vector<types::Timestamp>& timestamps,
                      int input = 0) {
    auto& receiver = dynamic_cast<BatchReceiver<T>&>(op->input(input));
    receiver.process({std::span<T>(records), nullptr, timestamps.data()});
  }
  /// Raises event time of an input and lets the operator do what that makes due, in steps of
  /// `maxSteps`; returns the number of steps.
  int advanceTo(types::Timestamp watermark, int input = 0, std::size_t maxSteps = 100) {
    op->processWatermark(input, watermark);
    int steps = 1;
    while (!op->advance(maxSteps)) ++steps;
    return steps;
  }
  /// Ends all inputs and lets the operator emit the rest in steps of `maxRecords`; returns the
  /// number of steps.
  int finish(std::size_t maxRecords = 100) {
    for (int i = 0; i < op->numInputs(); ++i) op->endInput(i);
    int steps = 1;
    while (!op->finish(maxRecords)) ++steps;
    return steps;
  }
  void close() {
    op->close();
    op.reset();
  }
  [[nodiscard]] const std::string& directory() const { return directory_.path(); }

  OperatorContext context;
  std::unique_ptr<StreamOperator> op;
  std::atomic<int> numWakes{0};
  std::map<std::string, std::string> accumulators;
  std::vector<std::vector<std::string>> collected;
  std::vector<std::string> sentToCoordinator;
  std::vector<types::Timestamp> watermarks;  ///< that the operator put out
  std::vector<bool> statuses;                ///< idle or not, likewise

 private:
  void sendToCoordinator(std::string payload) override {
    sentToCoordinator.push_back(std::move(payload));
  }

  TemporaryDirectory directory_;
  SystemClock clock_;
  std::unique_ptr<FileSystem> files_;
  metrics::MetricRegistry registry_;
  std::unique_ptr<state::KeyedStateBackend> keyedState_;  ///< where the test brings none
};

}  // namespace flink::operators
