#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/base/error_codes.h"
#include "core/base/rng.h"
#include "dataflow/checkpoint/coordinator.h"
#include "tests/dataflow/checkpoint/job_of_two_vertices.h"

namespace flink::checkpoint {
namespace {

using Job = JobOfTwoVertices;
using Files = std::set<std::uint32_t>;

/// A job whose messages are lost, late and repeated, whose tasks die and whose disk fails, around
/// a real coordinator. After every event it checks what must always hold.
class RandomJob {
 public:
  explicit RandomJob(std::uint64_t seed) : rng_(makeSeededRng(seed)) {
    settings_.intervalMs = 100;
    settings_.timeoutMs = 400;
    settings_.maxConcurrent = 1 + static_cast<std::int32_t>(rng_->below(3));
    settings_.minPauseMs =
        settings_.maxConcurrent == 1 ? static_cast<std::int64_t>(rng_->below(3)) * 30 : 0;
    settings_.tolerableFailures = 1'000'000;
    settings_.numRetained = 1 + static_cast<std::int32_t>(rng_->below(3));
    settings_.savepointDirectory = "/savepoints";
    coordinator_.emplace(CheckpointedJob{idOf<JobId>(1), "job", Epoch{1}}, settings_,
                         Job::topology(), 1);
    startTasks();
  }

  void run(int numEvents) {
    for (int i = 0; i < numEvents && !::testing::Test::HasFailure(); ++i) {
      step();
      checkAlways();
    }
    finish();
  }
  [[nodiscard]] int numCompleted() const { return numCompleted_; }
  [[nodiscard]] int numDeleted() const { return numDeleted_; }

 private:
  struct Task {
    CheckpointId confirmed = 0;
    std::map<CheckpointId, Files> chains;  // the files of its snapshots that it may build on
  };
  struct Message {
    enum class Kind { kBarrier, kAck, kComplete } kind;
    ExecutionAttemptId task;
    CheckpointId id = 0;
    SnapshotKind snapshot = SnapshotKind::kCheckpoint;
    Files files;
    CheckpointId confirmed = 0;
  };

  [[nodiscard]] Instant now() const { return {clockMs_, clockMs_}; }
  bool oneIn(std::uint64_t n) { return rng_->below(n) == 0; }

  void startTasks() {
    tasks_.clear();
    for (const ExecutionAttemptId& id : Job::allTasks(2, attempt_)) {
      execute(coordinator_->taskChanged(id, TaskPhase::kRunning, now()));
      Task task;
      if (!coordinator_->retained().empty()) {
        const CheckpointMetadata& metadata = *coordinator_->retained().back().metadata;
        task.confirmed = metadata.id;
        // Files of savepoints are not built on: the next snapshot is a base.
        if (!isSavepoint(metadata.kind)) task.chains[metadata.id] = filesOf(metadata, id);
      }
      tasks_[id] = std::move(task);
    }
    execute(coordinator_->start(now(), static_cast<std::int64_t>(rng_->below(100))));
  }

  static std::uint32_t numberOf(const StateFile& file) {
    return static_cast<std::uint32_t>(std::stoul(file.path.substr(file.path.rfind('/') + 1)));
  }
  static Files filesOf(const CheckpointMetadata& metadata, const ExecutionAttemptId& task) {
    const std::size_t op = task.vertex == idOf<JobVertexId>(1) ? 0 : 1;
    Files files;
    const auto& subtasks = metadata.operators[op].subtasks;
    const auto it = subtasks.find(static_cast<std::uint32_t>(task.subtask));
    if (it == subtasks.end()) return files;
    for (const BlockRef& block : it->second.blocks)
      files.insert(numberOf(metadata.files[block.file]));
    return files;
  }

  void step() {
    switch (rng_->below(12)) {
      case 0:
        return trigger();
      case 1:
        if (oneIn(8)) restart();
        return;
      case 2:
        return declineSomething();
      case 3:
      case 4:
        clockMs_ += static_cast<std::int64_t>(rng_->below(60));
        execute(coordinator_->tick(now()));
        return;
      case 5:
      case 6:
        return answerCommand();
      default:
        return deliver();
    }
  }

  void trigger() {
    const RequestId request{++numRequests_};
    open_.insert(numRequests_);
    if (oneIn(2)) return execute(coordinator_->triggerCheckpoint(request, now()));
    const SnapshotKind kind = oneIn(4) ? SnapshotKind::kSuspendSavepoint : SnapshotKind::kSavepoint;
    execute(coordinator_->triggerSavepoint(request, kind, "", now()));
  }

  void restart() {
    execute(coordinator_->stop(CheckpointFailureReason::kCheckpointCoordinatorSuspend, now()));
    if (coordinator_->storeInFlight()) finishStore();
    ++attempt_;
    startTasks();
  }

  void declineSomething() {
    if (tasks_.empty() || lastId_ == 0) return;
    const auto task =
        std::next(tasks_.begin(), static_cast<std::ptrdiff_t>(rng_->below(tasks_.size())));
    const auto reason = oneIn(2) ? CheckpointFailureReason::kCheckpointAsyncException
                                 : CheckpointFailureReason::kCheckpointDeclinedTaskNotReady;
    execute(coordinator_->decline(task->first, lastId_, reason, Status(ErrorCode::kFileIo, "x"),
                                  now()));
  }

  /// Barriers reach every task in order of their ids; everything else in any order, or never.
  void deliver() {
    if (messages_.empty()) return;
    const std::size_t at = rng_->below(messages_.size());
    const Message message = messages_[at];
    if (message.kind == Message::Kind::kBarrier) {
      for (const Message& other : messages_) {
        if (other.kind == Message::Kind::kBarrier && other.task == message.task &&
            other.id < message.id)
          return;
      }
    }
    const bool repeated = message.kind == Message::Kind::kAck && oneIn(10);
    if (!repeated) messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(at));
    if (message.kind != Message::Kind::kBarrier && oneIn(12)) return;  // lost
    if (message.kind == Message::Kind::kAck) return deliverAck(message);
    const auto task = tasks_.find(message.task);
    if (task == tasks_.end()) return;  // it died
    if (message.kind == Message::Kind::kBarrier) return snapshot(*task, message);
    Task& state = task->second;
    if (!state.chains.contains(message.id)) return;
    state.confirmed = std::max(state.confirmed, message.id);
    state.chains.erase(state.chains.begin(), state.chains.find(state.confirmed));
  }

  void deliverAck(const Message& message) {
    TaskSnapshot snapshot = Job::snapshot(
        message.task, {message.files.begin(), message.files.end()}, message.confirmed);
    if (isSavepoint(message.snapshot)) {
      for (StateFile& file : snapshot.files) file.scope = FileScope::kExclusive;
    }
    execute(coordinator_->acknowledge(message.task, message.id, std::move(snapshot), {}, now()));
  }

  void snapshot(std::pair<const ExecutionAttemptId, Task>& task, const Message& barrier) {
    Message ack = barrier;
    ack.kind = Message::Kind::kAck;
    ack.confirmed = task.second.confirmed;
    const auto base = task.second.chains.find(task.second.confirmed);
    if (!isSavepoint(barrier.snapshot) && base != task.second.chains.end() && !oneIn(4)) {
      ack.files = base->second;
      for (const std::uint32_t file : ack.files)
        EXPECT_TRUE(disk_.contains(file)) << "a delta is based on a deleted file: " << file;
    }
    const std::uint32_t file = ++numFiles_;
    ack.files.insert(file);
    if (!isSavepoint(barrier.snapshot)) {
      disk_.insert(file);
      task.second.chains[barrier.id] = ack.files;
    }
    messages_.push_back(std::move(ack));
  }

  void answerCommand() {
    if (!preparing_.empty()) {
      const CheckpointId id = preparing_.front();
      preparing_.erase(preparing_.begin());
      if (oneIn(10))
        return execute(coordinator_->locationPrepared(id, Status(ErrorCode::kFileIo, "x"), now()));
      const std::string directory = "/chk-" + std::to_string(id);
      directories_.insert(directory);
      return execute(
          coordinator_->locationPrepared(id, CheckpointLocation{directory, "/shared"}, now()));
    }
    if (coordinator_->storeInFlight()) finishStore();
  }

  void finishStore() {
    const CheckpointId id = *storing_;
    storing_.reset();
    const std::uint64_t dice = rng_->below(10);
    const StoreOutcome outcome = dice == 0   ? StoreOutcome::kFailed
                                 : dice == 1 ? StoreOutcome::kUnknown
                                             : StoreOutcome::kStored;
    if (outcome == StoreOutcome::kStored) {
      ++numCompleted_;
      EXPECT_TRUE(ended_.insert(id).second);
      stored_.insert(id);
    }
    if (outcome == StoreOutcome::kUnknown) {
      for (const StateFile& file : storingMetadata_->files) ambiguous_.insert(numberOf(file));
    }
    execute(coordinator_->stored(id, outcome, Status(ErrorCode::kFileIo, "x"), now()));
  }

  void execute(const Commands& commands) {
    for (const Command& command : commands)
      std::visit([this](const auto& value) { execute(value); }, command);
  }
  void execute(const command::PrepareLocation& prepare) {
    EXPECT_GT(prepare.id, lastId_) << "numbers only grow";
    lastId_ = prepare.id;
    preparing_.push_back(prepare.id);
  }
  void execute(const command::TriggerTasks& trigger) {
    for (const auto& [task, state] : tasks_)
      messages_.push_back({Message::Kind::kBarrier, task, trigger.id, trigger.kind, {}, 0});
  }
  void execute(const command::NotifyAborted& aborted) {
    EXPECT_TRUE(ended_.insert(aborted.id).second) << "ended twice: " << aborted.id;
  }
  void execute(const command::NotifyComplete& complete) {
    EXPECT_TRUE(stored_.contains(complete.id)) << "told before it was durable";
    for (const ExecutionAttemptId& task : complete.tasks)
      messages_.push_back({Message::Kind::kComplete, task, complete.id, {}, {}, 0});
  }
  void execute(const command::StoreCheckpoint& store) {
    EXPECT_FALSE(storing_.has_value()) << "one at a time";
    storing_ = store.metadata->id;
    storingMetadata_ = store.metadata;
  }
  void execute(const command::Discard& discard) {
    for (const std::string& directory : discard.directories) directories_.erase(directory);
    for (const std::string& path : discard.files) {
      StateFile file;
      file.path = path;
      EXPECT_FALSE(ambiguous_.contains(numberOf(file)))
          << "a file that may be published is deleted";
      numDeleted_ += disk_.erase(numberOf(file)) > 0 ? 1 : 0;
    }
  }
  void execute(const command::AnswerRequest& answer) {
    EXPECT_EQ(open_.erase(static_cast<std::uint64_t>(answer.request)), 1U) << "answered once";
  }
  void execute(const command::FailJob&) {}

  void checkAlways() {
    for (const CompletedCheckpoint& checkpoint : coordinator_->retained()) {
      EXPECT_TRUE(directories_.contains(checkpoint.directory)) << checkpoint.directory;
      for (const StateFile& file : checkpoint.metadata->files) {
        if (file.scope != FileScope::kShared) continue;
        EXPECT_TRUE(disk_.contains(numberOf(file)))
            << "checkpoint " << checkpoint.metadata->id << " lost " << file.path;
      }
    }
    const CheckpointCounts& counts = coordinator_->history().counts();
    EXPECT_EQ(counts.total, counts.completed + counts.failed + counts.inProgress);
    EXPECT_EQ(counts.completed, numCompleted_);
    EXPECT_EQ(static_cast<std::size_t>(counts.inProgress), coordinator_->numPending());
    EXPECT_EQ(coordinator_->storeInFlight(), storing_.has_value());
    // Savepoints that do not stop the job are nothing to recover from.
    const bool completedAny = coordinator_->history().latestCompleted() != nullptr;
    EXPECT_TRUE(!completedAny || !coordinator_->retained().empty());
  }

  void finish() {
    execute(coordinator_->stop(CheckpointFailureReason::kCheckpointCoordinatorSuspend, now()));
    if (coordinator_->storeInFlight()) finishStore();
    checkAlways();
    EXPECT_TRUE(open_.empty()) << "a request was never answered";
    EXPECT_EQ(coordinator_->numPending(), 0U);
    execute(coordinator_->jobEnded(JobEnd::kFinished, now()));
    for (const CompletedCheckpoint& left : coordinator_->retained())
      EXPECT_TRUE(isSavepoint(left.metadata->kind));
  }

  const std::unique_ptr<Rng> rng_;
  CheckpointSettings settings_;
  std::optional<CheckpointCoordinator> coordinator_;
  std::map<ExecutionAttemptId, Task> tasks_;
  std::vector<Message> messages_;
  std::vector<CheckpointId> preparing_;
  std::optional<CheckpointId> storing_;
  std::shared_ptr<const CheckpointMetadata> storingMetadata_;
  std::set<CheckpointId> ended_, stored_;
  std::set<std::string> directories_;
  Files disk_, ambiguous_;
  std::set<std::uint64_t> open_;
  std::int64_t clockMs_ = 0;
  std::int32_t attempt_ = 0;
  CheckpointId lastId_ = 0;
  std::uint64_t numRequests_ = 0;
  std::uint32_t numFiles_ = 0;
  int numCompleted_ = 0;
  int numDeleted_ = 0;
};

TEST(CoordinatorPropertyTest, NothingThatIsNeededIsDeletedWhateverHappens) {
  int numCompleted = 0;
  int numDeleted = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    RandomJob job(seed);
    job.run(600);
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
    numCompleted += job.numCompleted();
    numDeleted += job.numDeleted();
  }
  // A run in which nothing happens proves nothing.
  EXPECT_GT(numCompleted, 400);
  EXPECT_GT(numDeleted, 400);
}

}  // namespace
}  // namespace flink::checkpoint
