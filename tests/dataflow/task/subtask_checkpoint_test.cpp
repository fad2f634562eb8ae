#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "counting_tasks.h"
#include "dataflow/task/coordinator_task.h"

namespace flink::task {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

using SubtaskCheckpointTest = CountingTasks;

TEST_F(SubtaskCheckpointTest, SnapshotsOfAPipelineFitTogether) {
  emitNothing();
  Task& source = run(sourceSpec());
  Task& sums = run(sumsSpec());
  added_.waitFor(100);
  source.triggerCheckpoint(barrier(1));
  responder_.waitForAck(source, 1);
  EXPECT_EQ(sumsIn(1, responder_.waitForAck(sums, 1).snapshot), sumsUpTo(100));
}

TEST_F(SubtaskCheckpointTest, DeltasOfManyCheckpointsRestoreToWhatWasSnapshotted) {
  numKeys_ = 40;
  emitNothing();
  Task& sums = run(sumsSpec());
  std::map<Number, Number> expected;
  Number next = 0;
  for (checkpoint::CheckpointId id = 1; id <= 30; ++id) {
    for (int i = 0; i < 5; ++i, ++next) {
      feed(1, 2, {next});
      expected[next % numKeys_] += next;
    }
    feedBarrier(1, 2, id);
    const auto ack = responder_.waitForAck(sums, id);
    // Some complete, some are aborted after the answer, of some nothing is heard.
    if (id % 3 == 0) sums.notifyCheckpointComplete(id);
    if (id % 3 == 1) sums.notifyCheckpointAborted(id);
    if (id % 5 == 0) {
      EXPECT_EQ(sumsIn(id, ack.snapshot), expected) << id;
    }
    EXPECT_LE(ack.snapshot.confirmed, id - 1);
  }
}

TEST_F(SubtaskCheckpointTest, RestoredTasksGoOnWithoutGapOrRepetition) {
  emitNothing();
  limit_ = 50;
  Task& source = run(sourceSpec());
  Task& sums = run(sumsSpec());
  added_.waitFor(50);
  source.triggerCheckpoint(barrier(1));
  const auto sourceAck = responder_.waitForAck(source, 1);
  const auto sumsAck = responder_.waitForAck(sums, 1);
  limit_ = 80;  // lost with the attempt
  wake_();
  added_.waitFor(80);
  cancel(source);
  cancel(sums);
  network_.forgetChannels();

  TaskSpec sourceAgain = sourceSpec();
  sourceAgain.attempt.attempt = 1;
  sourceAgain.checkpointing.restore = restoreOf(1, sourceAck.snapshot);
  TaskSpec sumsAgain = sumsSpec();
  sumsAgain.attempt.attempt = 1;
  sumsAgain.checkpointing.restore = restoreOf(1, sumsAck.snapshot);
  Task& newSums = run(std::move(sumsAgain));
  Task& newSource = run(std::move(sourceAgain));
  added_.waitFor(80 + 30);
  newSource.triggerCheckpoint(barrier(2));
  EXPECT_EQ(sumsIn(2, responder_.waitForAck(newSums, 2).snapshot), sumsUpTo(80));
}

TEST_F(SubtaskCheckpointTest, LargeSnapshotIsWrittenWhileRecordsGoOnAndWhileTheTaskIdles) {
  numKeys_ = 50'000;
  limit_ = numKeys_;
  emitNothing();
  Task& source = run(sourceSpec());
  Task& sums = run(sumsSpec());
  added_.waitFor(static_cast<std::size_t>(numKeys_));
  source.triggerCheckpoint(barrier(1));
  limit_ = 2 * numKeys_;
  wake_();
  EXPECT_EQ(sumsIn(1, responder_.waitForAck(sums, 1).snapshot), sumsUpTo(numKeys_));
  added_.waitFor(static_cast<std::size_t>(2 * numKeys_));
  source.triggerCheckpoint(barrier(2));  // nothing else happens any more
  EXPECT_EQ(sumsIn(2, responder_.waitForAck(sums, 2).snapshot), sumsUpTo(2 * numKeys_));
}

TEST_F(SubtaskCheckpointTest, BackPressuredTaskStillAnswers) {
  limit_ = 1LL << 60;
  TaskSpec taskSpec = spec({node(1, {2}), node(2)});
  taskSpec.bufferTimeoutMs = 0;  // each record goes out alone, so that the task sees the room end
  addOutput(taskSpec, 2, 3);     // nobody reads
  Task& task = run(std::move(taskSpec));
  while (!network_.channel(partitionId(2, 3), 0)->full()) std::this_thread::yield();
  task.triggerCheckpoint(barrier(1));
  responder_.waitForAck(task, 1);
  EXPECT_EQ(sent(2, 3).back(), "<barrier 1>");
}

TEST_F(SubtaskCheckpointTest, CheckpointsThatOverlapAreAllAnswered) {
  emitNothing();
  Task& source = run(sourceSpec());
  Task& sums = run(sumsSpec());
  for (checkpoint::CheckpointId id = 1; id <= 5; ++id) source.triggerCheckpoint(barrier(id));
  for (checkpoint::CheckpointId id = 1; id <= 5; ++id) responder_.waitForAck(sums, id);
  complete(4);  // the backend goes on from an older one
  source.triggerCheckpoint(barrier(6));
  added_.waitFor(100);
  source.triggerCheckpoint(barrier(7));
  EXPECT_EQ(sumsIn(7, responder_.waitForAck(sums, 7).snapshot), sumsUpTo(100));
}

TEST_F(SubtaskCheckpointTest, GivenUpSnapshotLeavesNoFile) {
  emitNothing();
  TaskSpec taskSpec = sumsSpec();
  taskSpec.checkpointing.snapshots.inlineThresholdBytes = 0;
  Task& sums = run(std::move(taskSpec));
  feed(1, 2, {1, 2, 3});
  feedBarrier(1, 2, 1);
  responder_.waitForAck(sums, 1);
  const std::size_t before = numFiles();
  EXPECT_GT(before, 0U);
  for (checkpoint::CheckpointId id = 2; id < 20; ++id) {
    feed(1, 2, {id});
    feedBarrier(1, 2, id);
    added_.waitFor(static_cast<std::size_t>(2 + id));
    sums.notifyCheckpointAborted(id);
  }
  cancel(sums);
  std::set<std::string> acknowledged;
  for (checkpoint::CheckpointId id = 1; id < 20; ++id) {
    if (!responder_.acknowledged(sums, id)) continue;
    for (const auto& file : responder_.waitForAck(sums, id).snapshot.files)
      acknowledged.insert(file.path);
  }
  tasks_.clear();
  executor_.reset();  // waits for its pool
  EXPECT_EQ(numFiles(), acknowledged.size());
}

TEST_F(SubtaskCheckpointTest, TaskThatIsCancelledAtAnyMomentLeavesNoTemporaryFile) {
  numKeys_ = 5'000;
  for (int round = 0; round < 30; ++round) {
    network_.forgetChannels();
    TaskSpec taskSpec = sumsSpec();
    taskSpec.attempt.attempt = round;
    taskSpec.checkpointing.snapshots.inlineThresholdBytes = 0;
    Task& sums = run(std::move(taskSpec));
    feed(1, 2, {1, 2, 3});
    feedBarrier(1, 2, 1);
    for (int spin = 0; spin < round * 50; ++spin) std::this_thread::yield();
    cancel(sums);
  }
  tasks_.clear();
  executor_.reset();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_))
    EXPECT_THAT(entry.path().string(), Not(HasSubstr("inprogress"))) << entry.path();
}

TEST_F(SubtaskCheckpointTest, EndedTaskRefuses) {
  limit_ = 3;
  ends_ = true;
  Task& source = make(sourceSpec());
  source.start();
  listener_.waitForEnd(source);
  source.triggerCheckpoint(barrier(1));
  EXPECT_EQ(responder_.waitForRefusal(source, 1).reason,
            checkpoint::CheckpointFailureReason::kCheckpointDeclinedTaskClosing);
}

TEST_F(SubtaskCheckpointTest, DamagedStateFailsTheRestoreByName) {
  TaskSpec taskSpec = sumsSpec();
  taskSpec.checkpointing.snapshots.inlineThresholdBytes = 0;
  Task& sums = run(std::move(taskSpec));
  feed(1, 2, {1, 2, 3});
  feedBarrier(1, 2, 1);
  const auto ack = responder_.waitForAck(sums, 1);
  ASSERT_EQ(ack.snapshot.files.size(), 1U);
  const std::string path = ack.snapshot.files[0].path;
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  TaskSpec again = sumsSpec();
  again.attempt.attempt = 1;
  again.checkpointing.restore = restoreOf(1, ack.snapshot);
  Task& task = make(std::move(again));
  task.start();
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kFailed);
  const Status failure = *listener_.waitFor(task, TaskState::kFailed).failure;
  EXPECT_EQ(failure.code(), ErrorCode::kCheckpointCorrupt);
  EXPECT_THAT(failure.toString(), HasSubstr(path));
}

TEST_F(SubtaskCheckpointTest, NotificationsReachTheOperators) {
  Task& sums = run(sumsSpec());
  sums.notifyCheckpointComplete(1);
  sums.notifyCheckpointAborted(2);
  EXPECT_THAT(happened_.waitFor(2), ElementsAre("complete 1", "aborted 2"));
}

TEST_F(SubtaskCheckpointTest, SourceReadsOnUntilItsCoordinatorHasAnswered) {
  std::atomic<bool> answered{false};
  std::atomic<int> asked{0};
  program_.script(1).prepare = [&](state::SnapshotId) {
    ++asked;
    return answered.load();
  };
  program_.script(1).coordinatorSnapshot = "splits that are left";
  emitNothing();
  limit_ = 10;
  Task& source = run(sourceSpec());
  Task& sums = run(sumsSpec());
  source.triggerCheckpoint(barrier(1));
  while (asked == 0) std::this_thread::yield();
  limit_ = 30;
  wake_();
  added_.waitFor(30);
  EXPECT_FALSE(responder_.acknowledged(source, 1));
  answered = true;
  wake_();
  EXPECT_EQ(sumsIn(1, responder_.waitForAck(sums, 1).snapshot), sumsUpTo(30));

  // What the source stored for it is what a new coordinator begins with.
  class Coordinator final : public operators::OperatorCoordinator {
   public:
    explicit Coordinator(std::promise<std::string>& restored) : restored_(restored) {}
    void restore(std::string snapshot) override { restored_.set_value(std::move(snapshot)); }
    void open(operators::CoordinatorContext&) override {}
    void handleEvent(int, std::string_view) override {}

   private:
    std::promise<std::string>& restored_;
  };
  std::promise<std::string> restored;
  CoordinatorServices services;
  services.clock = &clock_;
  services.files = files_.get();
  services.executor = executor_.get();
  services.op = operatorId(1);
  services.restore = restoreOf(1, responder_.waitForAck(source, 1).snapshot);
  CoordinatorTask coordinator("source", std::make_unique<Coordinator>(restored), 1,
                              std::move(services));
  coordinator.start();
  EXPECT_EQ(restored.get_future().get(), "splits that are left");
}

}  // namespace
}  // namespace flink::task
