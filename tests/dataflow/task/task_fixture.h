#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/error_codes.h"
#include "dataflow/task/task.h"
#include "fake_network.h"
#include "fake_program.h"

namespace flink::task {

/// Remembers what tasks report and lets a test wait for their ends.
class RecordingListener final : public TaskListener {
 public:
  struct Reported {
    std::vector<TaskState> states;
    std::optional<Status> failure;
    std::map<std::string, std::string> accumulators;
  };
  void onStateChanged(const ExecutionAttemptId& attempt, TaskState state,
                      const std::optional<Status>& failure,
                      const std::map<std::string, std::string>& accumulators) override {
    const std::lock_guard lock(mutex_);
    Reported& reported = reported_[attempt];
    reported.states.push_back(state);
    if (failure) reported.failure = failure;
    if (!accumulators.empty()) reported.accumulators = accumulators;
    changed_.notify_all();
  }
  void onOperatorEvent(const ExecutionAttemptId& /*attempt*/, const OperatorId& /*op*/,
                       std::string payload) override {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(payload));
    changed_.notify_all();
  }
  void onCollect(const ExecutionAttemptId& /*attempt*/, const std::string& /*id*/,
                 std::vector<std::string> records, std::function<void()> room) override {
    const std::lock_guard lock(mutex_);
    for (std::string& record : records) collected_.push_back(std::move(record));
    rooms_.push_back(std::move(room));
    changed_.notify_all();
  }

  Reported waitFor(const Task& task, TaskState state) {
    std::unique_lock lock(mutex_);
    const ExecutionAttemptId attempt = task.attempt();
    changed_.wait(lock, [&] {
      const auto& states = reported_[attempt].states;
      return std::find(states.begin(), states.end(), state) != states.end();
    });
    return reported_[attempt];
  }
  TaskState waitForEnd(const Task& task) {
    std::unique_lock lock(mutex_);
    const ExecutionAttemptId attempt = task.attempt();
    changed_.wait(lock, [&] {
      return !reported_[attempt].states.empty() &&
             reported_[attempt].states.back() >= TaskState::kFinished;
    });
    return reported_[attempt].states.back();
  }
  std::vector<std::string> waitForEvents(std::size_t n) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return events_.size() >= n; });
    return events_;
  }
  std::vector<std::string> waitForCollected(std::size_t n) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return collected_.size() >= n; });
    return collected_;
  }
  void giveRoom() {
    std::vector<std::function<void()>> rooms;
    {
      const std::lock_guard lock(mutex_);
      rooms.swap(rooms_);
    }
    for (const auto& room : rooms) room();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<ExecutionAttemptId, Reported> reported_;
  std::vector<std::string> events_, collected_;
  std::vector<std::function<void()>> rooms_;
};

/// Makes tasks whose edges follow a simple rule: the edge from node a to node b is data set a * 100
/// + b.
class TaskFixture : public ::testing::Test {
 protected:
  explicit TaskFixture(int threads = 2)
      : executor_(makeThreadExecutor({.numThreads = threads}, clock_)) {}
  ~TaskFixture() override { tasks_.clear(); }

  static ResultPartitionId partitionId(int from, int to, int producer = 0) {
    ResultPartitionId id;
    std::array<std::uint8_t, 16> bytes{};
    bytes[0] = static_cast<std::uint8_t>(from);
    bytes[1] = static_cast<std::uint8_t>(to);
    id.dataSet = IntermediateDataSetId(bytes);
    id.producer.subtask = producer;
    return id;
  }
  static OperatorId operatorId(int node) {
    std::array<std::uint8_t, 16> bytes{};
    bytes[15] = static_cast<std::uint8_t>(node);
    return OperatorId(bytes);
  }
  static ChainNode node(int streamNode, std::vector<int> chainedTo = {}) {
    ChainNode result;
    result.streamNode = streamNode;
    result.id = operatorId(streamNode);
    result.name = "op" + std::to_string(streamNode);
    for (const int target : chainedTo) result.outputs.push_back({target, ""});
    return result;
  }
  TaskSpec spec(std::vector<ChainNode> chain) {
    TaskSpec result;
    std::array<std::uint8_t, 16> bytes{};
    bytes[0] = static_cast<std::uint8_t>(++numSpecs_);
    result.attempt.vertex = JobVertexId(bytes);
    result.taskName = "task" + std::to_string(numSpecs_);
    result.jobName = "job";
    result.chain = std::move(chain);
    return result;
  }
  static void addInput(TaskSpec& spec, int from, int to, int input = 0, int producers = 1) {
    TaskInput result;
    for (int p = 0; p < producers; ++p)
      result.gate.channels.push_back({partitionId(from, to, p), 0, true, "", 0});
    result.sourceNode = from;
    result.targetNode = to;
    result.targetInput = input;
    spec.inputs.push_back(std::move(result));
  }
  static void addOutput(TaskSpec& spec, int from, int to, std::size_t consumers = 1) {
    TaskOutput result;
    result.partition.id = partitionId(from, to);
    result.partition.localConsumers.assign(consumers, true);
    result.sourceNode = from;
    result.targetNode = to;
    spec.outputs.push_back(std::move(result));
  }
  TaskServices servicesOfTasks() {
    TaskServices services;
    services.catalog = &program_;
    services.network = &network_;
    services.executor = executor_.get();
    services.clock = &clock_;
    services.timers = timers_.get();
    services.jobGroup = jobGroup_;
    services.listener = &listener_;
    return services;
  }
  Task& make(TaskSpec spec) {
    tasks_.push_back(makeTask(std::move(spec), servicesOfTasks()));
    return *tasks_.back();
  }
  /// A source that emits 0 .. n-1.
  void countTo(int streamNode, Number n) {
    program_.script(streamNode).poll = [next = Number{0}, n](std::size_t max,
                                                             const Script::Emit& emit) mutable {
      for (std::size_t i = 0; i < max && next < n; ++i) emit(next++);
      return next < n ? operators::SourceOperatorBase::Poll::kMore
                      : operators::SourceOperatorBase::Poll::kEnd;
    };
  }
  void feed(int from, int to, const std::vector<Number>& numbers, int producer = 0) {
    std::vector<std::byte> bytes(numbers.size() * kNumberBytes);
    for (std::size_t i = 0; i < numbers.size(); ++i)
      putNumber(bytes.data() + i * kNumberBytes, numbers[i]);
    network_.channel(partitionId(from, to, producer), 0)->put(std::move(bytes));
  }
  void feedElement(int from, int to, const types::StreamElement& element, int producer = 0) {
    std::vector<std::byte> bytes(64);
    bytes.resize(operators::wire::putElement(bytes.data(), element));
    network_.channel(partitionId(from, to, producer), 0)->put(std::move(bytes));
  }
  void endFeed(int from, int to, int producer = 0) {
    network_.channel(partitionId(from, to, producer), 0)->end();
  }

  SystemClock clock_;
  metrics::MetricRegistry registry_{clock_};
  std::shared_ptr<metrics::MetricGroup> rootGroup_ =
      registry_.root("taskmanager", {{"tm_id", "tm"}});
  std::shared_ptr<metrics::MetricGroup> jobGroup_ =
      rootGroup_->scopedChild("job", {{"job_name", "job"}});
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<EventLoop> timers_ = makeThreadEventLoop("timers", clock_);
  FakeNetwork network_{*executor_};
  FakeProgram program_;
  RecordingListener listener_;
  std::vector<std::unique_ptr<Task>> tasks_;
  int numSpecs_ = 0;
};

}  // namespace flink::task
