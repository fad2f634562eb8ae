#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "checkpoint_fixture.h"

namespace flink::task {
namespace {

using checkpoint::SnapshotKind;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Poll = operators::SourceOperatorBase::Poll;

/// A source (1) that counts on from its position, and a chained or separate operator (2) with a sum
/// for each number modulo kKeys.
class SubtaskCheckpointTest : public CheckpointFixture {
 protected:
  static constexpr Number kKeys = 7;

  SubtaskCheckpointTest() {
    Script& source = program_.script(1);
    source.open = [this](operators::OperatorContext& context) {
      position_ =
          *context.state.operatorState->getListState(ListStateDescriptor<Number>("position"));
      next_ = 0;
      for (const Number n : position_->get()) next_ = n;
      wake_ = context.wake;
    };
    source.poll = [this](std::size_t, const Script::Emit& emit) {
      if (next_ >= limit_) return ends_ ? Poll::kEnd : Poll::kNothingNow;
      emit(next_++);
      return Poll::kMore;
    };
    source.snapshot = [this](const state::SnapshotContext&, const Script::Emit&) {
      position_->clear();
      position_->add(next_);
    };
    Script& sums = program_.script(2);
    sums.keyed = true;
    sums.open = [this](operators::OperatorContext& context) {
      backend_ = context.state.keyedState;
      sum_ = *state::makeState(*backend_, ValueStateDescriptor<Number>("sum"));
    };
    sums.map = [this](Number n, const Script::Emit& emit) {
      const Number key = n % numKeys_;
      backend_->setCurrentKey(&key, types::keyHash(key));
      sum_->update(sum_->value().value_or(0) + n);
      emit(*sum_->value());
      added_.add(n);
      backend_->clearCurrentKey();
    };
    sums.endInput = [this](int) { happened_.add("end of input"); };
    sums.notify = [this](state::SnapshotId id, bool complete) {
      happened_.add((complete ? "complete " : "aborted ") + std::to_string(id));
    };
  }
  TaskSpec sourceSpec() {
    TaskSpec result = spec({node(1)});
    addOutput(result, 1, 2);
    return result;
  }
  TaskSpec sumsSpec() {
    TaskSpec result = spec({node(2)});
    addInput(result, 1, 2);
    addOutput(result, 2, 3);
    return result;
  }
  Task& run(TaskSpec taskSpec) {
    Task& task = make(std::move(taskSpec));
    task.start();
    listener_.waitFor(task, TaskState::kRunning);
    return task;
  }
  void cancel(Task& task) {
    task.cancel();
    listener_.waitForEnd(task);
  }
  /// The sums in a snapshot.
  std::map<Number, Number> sumsIn(checkpoint::CheckpointId id,
                                  const checkpoint::TaskSnapshot& snapshot) {
    TaskSpec again = spec({node(2)});
    addInput(again, 8, 2);
    again.checkpointing.restore = restoreOf(id, snapshot);
    std::map<Number, Number> found;
    Script& script = program_.script(2);
    const auto open = script.open;
    script.open = [&](operators::OperatorContext& context) {
      auto& keyed = *context.state.keyedState;
      auto sum = *state::makeState(keyed, ValueStateDescriptor<Number>("sum"));
      for (Number key = 0; key < numKeys_; ++key) {
        keyed.setCurrentKey(&key, types::keyHash(key));
        if (const auto value = sum.value()) found[key] = *value;
      }
      keyed.clearCurrentKey();
    };
    Task& task = run(std::move(again));
    cancel(task);
    script.open = open;
    return found;
  }
  std::map<Number, Number> sumsUpTo(Number end) const {
    std::map<Number, Number> sums;
    for (Number n = 0; n < end; ++n) sums[n % numKeys_] += n;
    return sums;
  }
  /// The output that nobody reads would fill up.
  void emitNothing() {
    program_.script(2).map = [map = program_.script(2).map](Number n, const Script::Emit&) {
      map(n, [](Number) {});
    };
  }
  void complete(checkpoint::CheckpointId id) {
    for (const auto& task : tasks_) task->notifyCheckpointComplete(id);
  }

  std::optional<ListState<Number>> position_;
  state::KeyedStateBackend* backend_ = nullptr;
  std::optional<ValueState<Number>> sum_;
  std::function<void()> wake_;
  std::atomic<Number> limit_{100};
  std::atomic<bool> ends_{false};
  Number next_ = 0;
  Number numKeys_ = kKeys;
  SharedList<Number> added_;
  SharedList<std::string> happened_;
};

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
  addOutput(taskSpec, 2, 3);  // nobody reads
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

// --- the end

TEST_F(SubtaskCheckpointTest, TasksWhoseInputHasEndedWaitForACheckpointOfTheirEnd) {
  limit_ = 10;
  ends_ = true;
  TaskSpec sourceSpecification = sourceSpec();
  TaskSpec sumsSpecification = sumsSpec();
  for (TaskSpec* s : {&sourceSpecification, &sumsSpecification})
    s->checkpointing.finalCheckpoint = true;
  Task& source = run(std::move(sourceSpecification));
  Task& sums = run(std::move(sumsSpecification));
  happened_.waitFor(1);  // the end of the input
  complete(1);           // one that was taken before does not count
  source.triggerCheckpoint(barrier(2));
  responder_.waitForAck(source, 2);
  EXPECT_EQ(sumsIn(2, responder_.waitForAck(sums, 2).snapshot), sumsUpTo(10));
  source.notifyCheckpointAborted(2);
  sums.notifyCheckpointAborted(2);
  source.triggerCheckpoint(barrier(3));
  responder_.waitForAck(sums, 3);
  responder_.waitForAck(source, 3);
  complete(3);
  EXPECT_EQ(listener_.waitForEnd(source), TaskState::kFinished);
  EXPECT_EQ(listener_.waitForEnd(sums), TaskState::kFinished);
  EXPECT_THAT(happened_.get(),
              ElementsAre("end of input", "complete 1", "aborted 2", "complete 3"));
  const auto events = sent(2, 3);
  EXPECT_THAT(std::vector(events.end() - 4, events.end()),
              ElementsAre("<drained>", "<barrier 2>", "<barrier 3>", "<end>"));
}

TEST_F(SubtaskCheckpointTest, BarrierBeginsBelowFinishedProducers) {
  TaskSpec taskSpec = sumsSpec();
  taskSpec.checkpointing.finalCheckpoint = true;
  Task& sums = run(std::move(taskSpec));
  sums.triggerCheckpoint(barrier(1));  // its producer has just ended; what it sent is on its way
  feed(1, 2, {5});
  endFeed(1, 2);
  EXPECT_EQ(sumsIn(1, responder_.waitForAck(sums, 1).snapshot), (std::map<Number, Number>{{5, 5}}));
  sums.notifyCheckpointComplete(1);
  EXPECT_EQ(listener_.waitForEnd(sums), TaskState::kFinished);
}

TEST_F(SubtaskCheckpointTest, TaskThatHadFinishedBeforeItsRestoreOnlyPassesOnBarriers) {
  checkpoint::TaskSnapshot finished;
  finished.finished = true;
  TaskSpec sourceSpecification = sourceSpec();
  TaskSpec sumsSpecification = sumsSpec();
  for (TaskSpec* s : {&sourceSpecification, &sumsSpecification}) {
    s->checkpointing.finalCheckpoint = true;
    s->checkpointing.restore = restoreOf(4, finished);
  }
  Task& source = run(std::move(sourceSpecification));
  Task& sums = run(std::move(sumsSpecification));
  source.triggerCheckpoint(barrier(5));
  EXPECT_TRUE(responder_.waitForAck(source, 5).snapshot.finished);
  EXPECT_TRUE(responder_.waitForAck(sums, 5).snapshot.finished);
  complete(5);
  EXPECT_EQ(listener_.waitForEnd(source), TaskState::kFinished);
  EXPECT_EQ(listener_.waitForEnd(sums), TaskState::kFinished);
  EXPECT_THAT(sent(2, 3), ElementsAre("element", "<drained>", "<barrier 5>", "<end>"));
  EXPECT_THAT(added_.get(), ElementsAre());
}

TEST_F(SubtaskCheckpointTest, SuspendingSavepointStopsWithoutAnEnd) {
  emitNothing();
  Task& source = run(sourceSpec());
  Task& sums = run(sumsSpec());
  added_.waitFor(100);
  source.triggerCheckpoint(barrier(1, SnapshotKind::kSuspendSavepoint));
  const auto ack = responder_.waitForAck(sums, 1);
  responder_.waitForAck(source, 1);
  limit_ = 200;
  wake_();
  complete(1);
  EXPECT_EQ(listener_.waitForEnd(source), TaskState::kFinished);
  EXPECT_EQ(listener_.waitForEnd(sums), TaskState::kFinished);
  EXPECT_EQ(sumsIn(1, ack.snapshot), sumsUpTo(100));
  EXPECT_THAT(happened_.get(), ElementsAre("complete 1"));
  EXPECT_THAT(sent(2, 3), Contains("<stopped>"));
}

TEST_F(SubtaskCheckpointTest, TerminatingSavepointDrains) {
  emitNothing();
  std::vector<types::Timestamp> watermarks;
  program_.script(2).watermark = [&](types::Timestamp t) { watermarks.push_back(t); };
  Task& source = run(sourceSpec());
  Task& sums = run(sumsSpec());
  added_.waitFor(100);
  source.triggerCheckpoint(barrier(1, SnapshotKind::kTerminateSavepoint));
  responder_.waitForAck(sums, 1);
  responder_.waitForAck(source, 1);
  complete(1);
  EXPECT_EQ(listener_.waitForEnd(source), TaskState::kFinished);
  EXPECT_EQ(listener_.waitForEnd(sums), TaskState::kFinished);
  EXPECT_THAT(happened_.get(), ElementsAre("end of input", "complete 1"));
  EXPECT_THAT(watermarks, ElementsAre(types::kMaxWatermark));
  EXPECT_THAT(sent(2, 3), Contains("<drained>"));
}

TEST_F(SubtaskCheckpointTest, FailedStoppingSavepointFailsTheTasksThatStopped) {
  Task& source = run(sourceSpec());
  source.triggerCheckpoint(barrier(1, SnapshotKind::kSuspendSavepoint));
  responder_.waitForAck(source, 1);
  source.notifyCheckpointAborted(1);
  EXPECT_EQ(listener_.waitForEnd(source), TaskState::kFailed);
  EXPECT_THAT(listener_.waitFor(source, TaskState::kFailed).failure->toString(),
              HasSubstr("savepoint=1"));
}

}  // namespace
}  // namespace flink::task
