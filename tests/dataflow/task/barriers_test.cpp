#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint_fixture.h"

namespace flink::task {
namespace {

using checkpoint::CheckpointFailureReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

/// A task with two producers, fed by hand, whose operator keeps what it has seen in a list and
/// passes it on.
class BarriersTest : public CheckpointFixture {
 protected:
  BarriersTest() {
    Script& script = program_.script(2);
    script.open = [this](operators::OperatorContext& context) {
      auto state = context.state.operatorState->getListState(ListStateDescriptor<Number>("seen"));
      ASSERT_TRUE(state.isOk()) << state.status().toString();
      list_ = *state;
      for (const Number n : list_->get()) restored_.push_back(n);
    };
    script.map = [this](Number n, const Script::Emit& emit) {
      list_->add(n);
      seen_.add(n);
      emit(n);
    };
    script.snapshot = [this](const state::SnapshotContext& context, const Script::Emit&) {
      happened_.add("snapshot " + std::to_string(context.checkpointId));
    };
    script.watermark = [this](types::Timestamp t) {
      happened_.add("watermark " + std::to_string(t));
    };
    script.notify = [this](state::SnapshotId id, bool complete) {
      happened_.add((complete ? "complete " : "aborted ") + std::to_string(id));
    };
    script.endInput = [this](int) { happened_.add("end of input"); };
  }
  TaskSpec twoProducers() {
    TaskSpec result = spec({node(2)});
    addInput(result, 1, 2, 0, 2);
    addOutput(result, 2, 3);
    return result;
  }
  Task& startTask(TaskSpec taskSpec) {
    Task& task = make(std::move(taskSpec));
    task.start();
    listener_.waitFor(task, TaskState::kRunning);
    return task;
  }
  /// What the list has in a snapshot.
  std::vector<Number> listIn(checkpoint::CheckpointId id,
                             const checkpoint::TaskSnapshot& snapshot) {
    restored_.clear();
    TaskSpec again = spec({node(2)});
    addInput(again, 8, 2);
    again.checkpointing.restore = restoreOf(id, snapshot);
    Task& task = startTask(std::move(again));
    task.cancel();
    EXPECT_EQ(listener_.waitForEnd(task), TaskState::kCanceled);
    return restored_;
  }

  std::optional<ListState<Number>> list_;
  std::vector<Number> restored_;
  SharedList<Number> seen_;
  SharedList<std::string> happened_;
};

TEST_F(BarriersTest, ChannelThatDeliveredItsBarrierWaitsForTheOthers) {
  Task& task = startTask(twoProducers());
  feed(1, 2, {1}, 0);
  feedBarrier(1, 2, 1, 0);
  feed(1, 2, {2}, 0);
  seen_.waitFor(1);
  feed(1, 2, {3, 4}, 1);
  EXPECT_THAT(seen_.waitFor(3), ElementsAre(1, 3, 4));
  EXPECT_FALSE(responder_.acknowledged(task, 1));
  feedBarrier(1, 2, 1, 1);
  const auto ack = responder_.waitForAck(task, 1);
  EXPECT_THAT(seen_.waitFor(4), ElementsAre(1, 3, 4, 2));
  EXPECT_THAT(listIn(1, ack.snapshot), ElementsAre(1, 3, 4));
  const auto output = sent(2, 3);
  EXPECT_THAT(std::vector(output.begin(), output.begin() + 4),
              ElementsAre("1", "3", "4", "<barrier 1>"));
}

TEST_F(BarriersTest, BarriersThatWaitBehindTheEndOfAllInputNeedNoFurtherWakeUp) {
  TaskSpec taskSpec = twoProducers();
  taskSpec.checkpointing.finalCheckpoint = true;
  for (int producer = 0; producer < 2; ++producer) {
    feedEndOfData(1, 2, producer);
    feedBarrier(1, 2, 1, producer);
  }
  Task& task = startTask(std::move(taskSpec));
  responder_.waitForAck(task, 1);
}

TEST_F(BarriersTest, AtLeastOnceGoesOnBehindBarriers) {
  TaskSpec taskSpec = twoProducers();
  taskSpec.checkpointing.exactlyOnce = false;
  Task& task = startTask(std::move(taskSpec));
  feedBarrier(1, 2, 1, 0);
  feed(1, 2, {2}, 0);
  seen_.waitFor(1);
  feedBarrier(1, 2, 1, 1);
  EXPECT_THAT(listIn(1, responder_.waitForAck(task, 1).snapshot), ElementsAre(2));
}

TEST_F(BarriersTest, NewerBarrierEndsTheAlignmentOfAnOlderOne) {
  Task& task = startTask(twoProducers());
  feedBarrier(1, 2, 1, 0);
  waitUntilTaken(1, 2, 0);
  feed(1, 2, {7}, 0);
  feedBarrier(1, 2, 2, 1);
  const auto refusal = responder_.waitForRefusal(task, 1);
  EXPECT_EQ(refusal.reason, CheckpointFailureReason::kCheckpointDeclinedOnCancellationBarrier);
  EXPECT_THAT(refusal.why.toString(), HasSubstr("checkpoint=1"));
  seen_.waitFor(1);
  feedBarrier(1, 2, 2, 0);
  EXPECT_THAT(listIn(2, responder_.waitForAck(task, 2).snapshot), ElementsAre(7));
  EXPECT_THAT(sent(2, 3), ElementsAre("<cancel 1>", "7", "<barrier 2>"));
  EXPECT_FALSE(responder_.acknowledged(task, 1));
}

TEST_F(BarriersTest, AbortLetsBlockedChannelsGoOn) {
  Task& task = startTask(twoProducers());
  feedBarrier(1, 2, 1, 0);
  feed(1, 2, {1}, 0);
  feed(1, 2, {2}, 1);
  seen_.waitFor(1);
  task.notifyCheckpointAborted(1);
  EXPECT_THAT(seen_.waitFor(2), ElementsAre(2, 1));
  feedBarrier(1, 2, 1, 1);  // comes late: nobody waits for it
  feedBarrier(1, 2, 2, 0);
  feedBarrier(1, 2, 2, 1);
  responder_.waitForAck(task, 2);
  EXPECT_FALSE(responder_.acknowledged(task, 1));
  EXPECT_THAT(happened_.get(), ElementsAre("aborted 1", "snapshot 2"));
}

TEST_F(BarriersTest, CancelledBarrierIsPassedOn) {
  Task& task = startTask(twoProducers());
  network::ChannelEvent cancel;
  cancel.type = network::ChannelEvent::Type::kCancelCheckpoint;
  cancel.checkpointId = 1;
  feedBarrier(1, 2, 1, 0);
  feed(1, 2, {5}, 0);
  feedEvent(1, 2, cancel, 1);
  responder_.waitForRefusal(task, 1);
  EXPECT_THAT(seen_.waitFor(1), ElementsAre(5));
  EXPECT_EQ(sent(2, 3).front(), "<cancel 1>");
}

TEST_F(BarriersTest, EndedAndIdleChannelsDoNotHoldTheOthersUp) {
  Task& task = startTask(twoProducers());
  feedElement(1, 2, {types::StreamElement::Kind::kIdle, 0}, 0);
  feedBarrier(1, 2, 1, 0);
  endFeed(1, 2, 1);
  responder_.waitForAck(task, 1);
  feed(1, 2, {1}, 0);
  feedBarrier(1, 2, 2, 0);
  EXPECT_THAT(listIn(2, responder_.waitForAck(task, 2).snapshot), ElementsAre(1));
}

TEST_F(BarriersTest, BarrierThatIsInOnEveryChannelThatStillCouldBringItCountsAtTheEnd) {
  TaskSpec taskSpec = twoProducers();
  taskSpec.checkpointing.exactlyOnce = false;
  Task& task = startTask(std::move(taskSpec));
  feed(1, 2, {1}, 0);
  feedBarrier(1, 2, 1, 0);
  endFeed(1, 2, 0);
  endFeed(1, 2, 1);
  EXPECT_THAT(listIn(1, responder_.waitForAck(task, 1).snapshot), ElementsAre(1));
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kFinished);
}

TEST_F(BarriersTest, WatermarksKeepTheirSideOfTheBarrier) {
  Task& task = startTask(twoProducers());
  using Kind = types::StreamElement::Kind;
  feedElement(1, 2, {Kind::kWatermark, 10}, 0);
  feedBarrier(1, 2, 1, 0);
  feedElement(1, 2, {Kind::kWatermark, 30}, 0);
  feedElement(1, 2, {Kind::kWatermark, 20}, 1);
  feedBarrier(1, 2, 1, 1);
  feedElement(1, 2, {Kind::kWatermark, 40}, 1);
  responder_.waitForAck(task, 1);
  std::size_t seen = 3;
  happened_.waitFor(seen);
  while (happened_.get()[seen - 1] != "watermark 30") happened_.waitFor(++seen);
  const auto happened = happened_.get();
  EXPECT_THAT(std::vector(happened.begin(), happened.begin() + 2),
              ElementsAre("watermark 10", "snapshot 1"));
}

TEST_F(BarriersTest, AlignmentSpansTheInputsOfAnOperator) {
  program_.script(2).numInputs = 2;
  TaskSpec taskSpec = spec({node(2)});
  addInput(taskSpec, 1, 2, 0);
  addInput(taskSpec, 4, 2, 1);
  Task& task = startTask(std::move(taskSpec));
  feedBarrier(1, 2, 1);
  feed(1, 2, {1});
  feed(4, 2, {2});
  seen_.waitFor(1);
  feedBarrier(4, 2, 1);
  EXPECT_THAT(listIn(1, responder_.waitForAck(task, 1).snapshot), ElementsAre(2));
}

TEST_F(BarriersTest, WhatOperatorsEmitAtASnapshotLiesBeforeItsBarrier) {
  program_.script(2).snapshot = [](const state::SnapshotContext&, const Script::Emit& emit) {
    emit(77);
  };
  Task& task = startTask(twoProducers());
  feedBarrier(1, 2, 1, 0);
  feedBarrier(1, 2, 1, 1);
  responder_.waitForAck(task, 1);
  EXPECT_THAT(sent(2, 3), ElementsAre("77", "<barrier 1>"));
}

TEST_F(BarriersTest, FailingSnapshotOfAnOperatorFailsTheTask) {
  program_.script(2).snapshot = [](const state::SnapshotContext&, const Script::Emit&) {
    throw std::runtime_error("no snapshot of me");
  };
  Task& task = startTask(twoProducers());
  feedBarrier(1, 2, 1, 0);
  feedBarrier(1, 2, 1, 1);
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kFailed);
  EXPECT_THAT(listener_.waitFor(task, TaskState::kFailed).failure->message(),
              HasSubstr("no snapshot of me"));
}

TEST_F(BarriersTest, DiskThatFailsRefusesTheCheckpointAndNothingElse) {
  TaskSpec taskSpec = twoProducers();
  taskSpec.checkpointing.snapshots.inlineThresholdBytes = 0;
  Task& task = startTask(std::move(taskSpec));
  CheckpointBarrier nowhere = barrier(1);
  nowhere.location.directory = "/proc/no/such/place";
  feed(1, 2, {1}, 0);
  for (const int producer : {0, 1}) feedEvent(1, 2, encodeBarrier(nowhere), producer);
  EXPECT_THAT(responder_.waitForRefusal(task, 1).why.toString(), HasSubstr("/proc/no/such/place"));
  feed(1, 2, {2}, 0);
  for (const int producer : {0, 1}) feedBarrier(1, 2, 2, producer);
  EXPECT_THAT(listIn(2, responder_.waitForAck(task, 2).snapshot), ElementsAre(1, 2));
}

TEST_F(BarriersTest, StateWithoutFilesHasALimit) {
  Task& task = startTask(twoProducers());
  feed(1, 2, std::vector<Number>(50, 1), 0);
  CheckpointBarrier inMemory = barrier(1);
  inMemory.location = {};
  inMemory.location.filesAllowed = false;
  for (const int producer : {0, 1}) feedEvent(1, 2, encodeBarrier(inMemory), producer);
  const auto ack = responder_.waitForAck(task, 1);
  ASSERT_THAT(ack.snapshot.files, Not(IsEmpty()));
  EXPECT_TRUE(ack.snapshot.files[0].path.empty());
  EXPECT_EQ(numFiles(), 0U);
  program_.script(2).map = [this](Number, const Script::Emit&) {
    for (Number n = 0; n < 800'000; ++n) list_->add(n);
    seen_.add(0);
  };
  feed(1, 2, {1}, 0);
  inMemory.id = 2;
  for (const int producer : {0, 1}) feedEvent(1, 2, encodeBarrier(inMemory), producer);
  EXPECT_THAT(responder_.waitForRefusal(task, 2).why.toString(), HasSubstr("storage: filesystem"));
}

TEST_F(BarriersTest, BarrierOfAnUnknownKindFailsTheTask) {
  Task& task = startTask(twoProducers());
  network::ChannelEvent event = encodeBarrier(barrier(1));
  event.options = 99;
  feedEvent(1, 2, event, 0);
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kFailed);
  EXPECT_EQ(listener_.waitFor(task, TaskState::kFailed).failure->code(), ErrorCode::kCorruptData);
}

TEST_F(BarriersTest, FiguresOfTheAlignmentComeWithTheAnswer) {
  Task& task = startTask(twoProducers());
  feedBarrier(1, 2, 1, 0);
  waitUntilTaken(1, 2, 0);
  feed(1, 2, {1, 2, 3}, 1);
  feedBarrier(1, 2, 1, 1);
  const auto metrics = responder_.waitForAck(task, 1).metrics;
  EXPECT_EQ(metrics.processedBytes, 3 * kNumberBytes);
  EXPECT_GT(metrics.checkpointedBytes, 0U);
  EXPECT_GT(metrics.stateBytes, 0U);
  EXPECT_GE(metrics.alignmentDurationMs, 0);
}

}  // namespace
}  // namespace flink::task
