#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "counting_tasks.h"

namespace flink::task {
namespace {

using checkpoint::SnapshotKind;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using SubtaskDrainTest = CountingTasks;

TEST_F(SubtaskDrainTest, TasksWhoseInputHasEndedWaitForACheckpointOfTheirEnd) {
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

TEST_F(SubtaskDrainTest, BarrierBeginsBelowFinishedProducers) {
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

TEST_F(SubtaskDrainTest, TaskThatHadFinishedBeforeItsRestoreOnlyPassesOnBarriers) {
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

TEST_F(SubtaskDrainTest, SuspendingSavepointStopsWithoutAnEnd) {
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

TEST_F(SubtaskDrainTest, TerminatingSavepointDrains) {
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

TEST_F(SubtaskDrainTest, FailedStoppingSavepointFailsTheTasksThatStopped) {
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
