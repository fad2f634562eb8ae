#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/fs/local_file_system.h"
#include "dataflow/checkpoint/recovery_plan.h"
#include "dataflow/state/make_state.h"
#include "dataflow/state/operator_state_backend.h"
#include "dataflow/task/barrier_codec.h"
#include "task_fixture.h"

namespace flink::task {

/// Remembers what tasks answer to barriers and lets a test wait for it.
class RecordingResponder final : public CheckpointResponder {
 public:
  struct Ack {
    checkpoint::TaskSnapshot snapshot;
    checkpoint::SubtaskMetrics metrics;
  };
  struct Refusal {
    checkpoint::CheckpointFailureReason reason{};
    Status why;
  };
  void acknowledgeCheckpoint(const ExecutionAttemptId& task, checkpoint::CheckpointId id,
                             std::string snapshot,
                             const checkpoint::SubtaskMetrics& metrics) override {
    auto decoded = checkpoint::decodeTaskSnapshot(asBytes(snapshot));
    const std::lock_guard lock(mutex_);
    EXPECT_TRUE(decoded.isOk()) << decoded.status().toString();
    EXPECT_TRUE(acks_.emplace(std::pair(task, id), Ack{std::move(*decoded), metrics}).second);
    changed_.notify_all();
  }
  void declineCheckpoint(const ExecutionAttemptId& task, checkpoint::CheckpointId id,
                         checkpoint::CheckpointFailureReason reason, const Status& why) override {
    const std::lock_guard lock(mutex_);
    refusals_.emplace(std::pair(task, id), Refusal{reason, why});
    changed_.notify_all();
  }

  Ack waitForAck(const Task& task, checkpoint::CheckpointId id) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return acks_.count({task.attempt(), id}) > 0; });
    return acks_.at({task.attempt(), id});
  }
  Refusal waitForRefusal(const Task& task, checkpoint::CheckpointId id) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return refusals_.count({task.attempt(), id}) > 0; });
    return refusals_.at({task.attempt(), id});
  }
  bool acknowledged(const Task& task, checkpoint::CheckpointId id) {
    const std::lock_guard lock(mutex_);
    return acks_.count({task.attempt(), id}) > 0;
  }

 private:
  using Key = std::pair<ExecutionAttemptId, checkpoint::CheckpointId>;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Key, Ack> acks_;
  std::map<Key, Refusal> refusals_;
};

/// What a task starts with that goes on from `snapshot`.
inline std::string restoreOf(checkpoint::CheckpointId id,
                             const checkpoint::TaskSnapshot& snapshot) {
  checkpoint::TaskRestore restore;
  restore.checkpoint = id;
  restore.files = snapshot.files;
  restore.unchangedParallelism = true;
  restore.finished = snapshot.finished;
  for (const checkpoint::OperatorSnapshot& op : snapshot.operators) {
    checkpoint::RestoredOperator& restored = restore.operators.emplace_back();
    restored.id = op.id;
    for (const checkpoint::BlockRef& block : op.blocks)
      restored.blocks.push_back({block, 0, block.numEntries});
    restored.coordinatorBlocks = op.coordinatorBlocks;
  }
  return checkpoint::encodeTaskRestore(restore);
}

/// A list that several threads look at.
template <class T>
class SharedList {
 public:
  void add(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    changed_.notify_all();
  }
  std::vector<T> waitFor(std::size_t n) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return values_.size() >= n; });
    return values_;
  }
  std::vector<T> get() {
    const std::lock_guard lock(mutex_);
    return values_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<T> values_;
};

/// Tasks that take part in checkpoints whose files lie in a directory of the test.
class CheckpointFixture : public TaskFixture {
 protected:
  CheckpointFixture() {
    std::string pattern = ::testing::TempDir() + "flink_task_XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~CheckpointFixture() override {
    tasks_.clear();
    executor_.reset();
    std::filesystem::remove_all(directory_);
  }

  CheckpointBarrier barrier(
      checkpoint::CheckpointId id,
      checkpoint::SnapshotKind kind = checkpoint::SnapshotKind::kCheckpoint) const {
    CheckpointBarrier result;
    result.id = id;
    result.kind = kind;
    result.location.directory = directory_ + "/chk-" + std::to_string(id);
    if (!checkpoint::isSavepoint(kind)) result.location.sharedDirectory = directory_ + "/shared";
    return result;
  }
  Task& make(TaskSpec spec) {
    TaskServices services = servicesOfTasks();
    services.files = files_.get();
    services.rng = rng_.get();
    services.checkpoints = &responder_;
    tasks_.push_back(makeTask(std::move(spec), services));
    return *tasks_.back();
  }
  void feedEvent(int from, int to, const network::ChannelEvent& event, int producer = 0) {
    network_.channel(partitionId(from, to, producer), 0)->putEvent(event);
  }
  void feedBarrier(int from, int to, checkpoint::CheckpointId id, int producer = 0) {
    feedEvent(from, to, encodeBarrier(barrier(id)), producer);
  }
  void feedEndOfData(int from, int to, int producer = 0) {
    network::ChannelEvent event;
    event.type = network::ChannelEvent::Type::kEndOfData;
    event.options = network::ChannelEvent::kDrained;
    feedEvent(from, to, event, producer);
  }
  void waitUntilTaken(int from, int to, int producer = 0) {
    const auto channel = network_.channel(partitionId(from, to, producer), 0);
    const auto empty = [&] {
      const std::lock_guard lock(channel->mutex);
      return channel->queue.empty();
    };
    while (!empty()) std::this_thread::yield();
  }
  /// Numbers and events in what a task wrote to a channel so far, in order: "7", "<barrier 1>".
  std::vector<std::string> sent(int from, int to) {
    const auto channel = network_.channel(partitionId(from, to), 0);
    const std::lock_guard lock(channel->mutex);
    std::vector<std::string> found;
    for (const FakeChannel::Item& item : channel->queue) {
      if (item.event) {
        found.push_back(describe(*item.event));
        continue;
      }
      const std::byte* pos = item.segment.data();
      const std::byte* const end = pos + item.segment.size();
      while (pos < end) {
        std::uint32_t word = 0;
        std::memcpy(&word, pos, sizeof word);
        const std::size_t length = word & operators::wire::kLengthMask;
        pos += operators::wire::kLengthBytes;
        if (length == sizeof(Number)) {
          Number number = 0;
          std::memcpy(&number, pos, sizeof number);
          found.push_back(std::to_string(number));
        } else {
          found.emplace_back("element");
        }
        pos += length;
      }
    }
    return found;
  }
  static std::string describe(const network::ChannelEvent& event) {
    using Type = network::ChannelEvent::Type;
    switch (event.type) {
      case Type::kCheckpointBarrier:
        return "<barrier " + std::to_string(event.checkpointId) + ">";
      case Type::kCancelCheckpoint:
        return "<cancel " + std::to_string(event.checkpointId) + ">";
      case Type::kEndOfData:
        return event.options == network::ChannelEvent::kDrained ? "<drained>" : "<stopped>";
      case Type::kEndOfPartition:
        return "<end>";
    }
    return "?";
  }
  [[nodiscard]] std::size_t numFiles() const {
    std::size_t n = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_))
      n += entry.is_regular_file() ? 1 : 0;
    return n;
  }

  std::string directory_;
  std::unique_ptr<FileSystem> files_ = fs::makeLocalFileSystem();
  std::unique_ptr<Rng> rng_ = makeSystemRng();
  RecordingResponder responder_;
};

}  // namespace flink::task
