#include "dataflow/checkpoint/coordinator.h"

#include <gmock/gmock.h>

#include "core/base/error_codes.h"
#include "tests/dataflow/checkpoint/job_of_two_vertices.h"

namespace flink::checkpoint {
namespace {

using command::AnswerRequest;
using command::Discard;
using command::FailJob;
using command::NotifyAborted;
using command::NotifyComplete;
using command::PrepareLocation;
using command::StoreCheckpoint;
using command::TriggerTasks;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Reason = CheckpointFailureReason;
using Job = JobOfTwoVertices;

class CoordinatorTest : public ::testing::Test {
 protected:
  CoordinatorTest() {
    settings_.intervalMs = 1'000;
    settings_.timeoutMs = 5'000;
    settings_.savepointDirectory = "/savepoints";
  }

  void start() {
    coordinator_.emplace(CheckpointedJob{idOf<JobId>(1), "job", Epoch{1}}, settings_,
                         Job::topology(), 1);
    for (const ExecutionAttemptId& task : Job::allTasks())
      EXPECT_THAT(coordinator_->taskChanged(task, TaskPhase::kRunning, now()), IsEmpty());
    EXPECT_THAT(coordinator_->start(now(), 100), IsEmpty());
  }
  [[nodiscard]] Instant now() const { return {clockMs_, 1'000'000 + clockMs_}; }
  Commands tickAfter(std::int64_t ms) {
    clockMs_ += ms;
    return coordinator_->tick(now());
  }
  Commands prepared(CheckpointId id) {
    return coordinator_->locationPrepared(
        id, CheckpointLocation{"/chk-" + std::to_string(id), "/shared"}, now());
  }
  Commands acknowledge(const ExecutionAttemptId& task, CheckpointId id,
                       const std::vector<std::uint32_t>& files = {}, CheckpointId confirmed = 0) {
    return coordinator_->acknowledge(task, id, Job::snapshot(task, files, confirmed), {}, now());
  }
  /// Everybody but `except`; the commands of the last acknowledgement.
  Commands acknowledgeAll(CheckpointId id, std::optional<ExecutionAttemptId> except = {},
                          CheckpointId confirmed = 0) {
    Commands last;
    for (const ExecutionAttemptId& task : Job::allTasks()) {
      if (task != except) last = acknowledge(task, id, {}, confirmed);
    }
    return last;
  }
  Commands stored(CheckpointId id, StoreOutcome outcome = StoreOutcome::kStored) {
    return coordinator_->stored(id, outcome,
                                outcome == StoreOutcome::kStored
                                    ? Status::ok()
                                    : Status(ErrorCode::kFileIo, "no space left"),
                                now());
  }
  /// Runs the checkpoint that a tick after `ms` starts, up to its barriers.
  CheckpointId begin(std::int64_t ms = 1'000) {
    const auto prepare = only<PrepareLocation>(tickAfter(ms));
    EXPECT_THAT(prepare, SizeIs(1));
    EXPECT_THAT(only<TriggerTasks>(prepared(prepare.at(0).id)), SizeIs(1));
    return prepare.at(0).id;
  }
  Commands complete(CheckpointId id) {
    EXPECT_THAT(only<StoreCheckpoint>(acknowledgeAll(id)), SizeIs(1));
    return stored(id);
  }

  CheckpointSettings settings_;
  std::optional<CheckpointCoordinator> coordinator_;
  std::int64_t clockMs_ = 50;
};

TEST_F(CoordinatorTest, PeriodicCheckpointGoesFromBarrierToNotification) {
  start();
  EXPECT_EQ(coordinator_->nextTickMs(), 150);
  EXPECT_THAT(tickAfter(99), IsEmpty());
  const Commands first = tickAfter(1);
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(only<PrepareLocation>(first).at(0).id, 1);
  const auto trigger = only<TriggerTasks>(prepared(1));
  ASSERT_THAT(trigger, SizeIs(1));
  EXPECT_EQ(trigger[0].kind, SnapshotKind::kCheckpoint);
  EXPECT_EQ(trigger[0].location.directory, "/chk-1");
  EXPECT_THAT(trigger[0].tasks, ElementsAre(Job::task(0, 0), Job::task(0, 1)));
  for (const auto& task : {Job::task(0, 1), Job::task(1, 0), Job::task(0, 0)})
    EXPECT_THAT(acknowledge(task, 1), IsEmpty());
  const auto store = only<StoreCheckpoint>(acknowledge(Job::task(1, 1), 1));
  ASSERT_THAT(store, SizeIs(1));
  EXPECT_EQ(store[0].metadata->id, 1);
  EXPECT_EQ(store[0].metadata->epoch, Epoch{1});
  EXPECT_THAT(store[0].metadata->operators, SizeIs(2));
  EXPECT_THAT(coordinator_->retained(), IsEmpty()) << "not before it is durable";
  const Commands done = stored(1);
  ASSERT_THAT(only<NotifyComplete>(done), SizeIs(1));
  EXPECT_THAT(only<NotifyComplete>(done)[0].tasks, SizeIs(4));
  ASSERT_THAT(coordinator_->retained(), SizeIs(1));
  EXPECT_EQ(coordinator_->retained()[0].directory, "/chk-1");
  EXPECT_EQ(coordinator_->history().counts().completed, 1);
}

TEST_F(CoordinatorTest, NothingIsTriggeredWhileATaskDoesNotRun) {
  start();
  (void)coordinator_->taskChanged(Job::task(1, 1), TaskPhase::kNotRunning, now());
  EXPECT_THAT(tickAfter(100), IsEmpty());
  EXPECT_EQ(coordinator_->history().counts().failed, 1);
  const auto answer = only<AnswerRequest>(coordinator_->triggerCheckpoint(RequestId{9}, now()));
  ASSERT_THAT(answer, SizeIs(1));
  EXPECT_THAT(answer[0].status.toString(), HasSubstr("map (2/2)"));
}

TEST_F(CoordinatorTest, ExpiredCheckpointIsAbortedAndFailsTheJob) {
  start();
  const CheckpointId id = begin();
  const Commands commands = tickAfter(5'000);
  EXPECT_THAT(only<NotifyAborted>(commands).at(0).tasks, SizeIs(4));
  EXPECT_THAT(only<Discard>(commands).at(0).directories, ElementsAre("/chk-1"));
  ASSERT_THAT(only<FailJob>(commands), SizeIs(1));
  EXPECT_EQ(only<FailJob>(commands)[0].reason.code(), ErrorCode::kCheckpointFailuresExceeded);
  EXPECT_THAT(only<FailJob>(commands)[0].reason.toString(), HasSubstr("expired"));
  EXPECT_EQ(coordinator_->history().find(id)->status, CheckpointStatus::kFailed);
}

TEST_F(CoordinatorTest, TolerableFailuresAreCountedInARow) {
  settings_.tolerableFailures = 1;
  start();
  const Status why(ErrorCode::kFileIo, "disk full");
  const auto declined = [&](Reason reason) {
    const CheckpointId id = begin();
    return only<FailJob>(coordinator_->decline(Job::task(1, 0), id, reason, why, now()));
  };
  EXPECT_THAT(declined(Reason::kCheckpointAsyncException), IsEmpty());
  EXPECT_THAT(declined(Reason::kCheckpointDeclinedTaskNotReady), IsEmpty()) << "does not count";
  complete(begin());
  EXPECT_THAT(declined(Reason::kCheckpointAsyncException), IsEmpty()) << "began anew";
  const auto fail = declined(Reason::kCheckpointDeclined);
  ASSERT_THAT(fail, SizeIs(1));
  EXPECT_EQ(fail[0].task, Job::task(1, 0));
  EXPECT_THAT(fail[0].reason.toString(), HasSubstr("disk full"));
}

TEST_F(CoordinatorTest, PeriodicCheckpointsDoNotOverlapAndThePauseIsKept) {
  settings_.minPauseMs = 500;
  start();
  const CheckpointId id = begin(100);
  EXPECT_THAT(tickAfter(1'000), IsEmpty()) << "one at a time";
  const Commands done = complete(id);
  EXPECT_THAT(only<PrepareLocation>(done), IsEmpty()) << "the queued one comes after the pause";
  EXPECT_EQ(coordinator_->nextTickMs(), clockMs_ + 500);
  EXPECT_THAT(tickAfter(499), IsEmpty());
  EXPECT_THAT(only<PrepareLocation>(tickAfter(1)), SizeIs(1));
}

TEST_F(CoordinatorTest, QueuedCheckpointFollowsAtOnce) {
  start();
  const CheckpointId id = begin();
  EXPECT_THAT(tickAfter(3'500), IsEmpty());
  EXPECT_THAT(only<PrepareLocation>(complete(id)), SizeIs(1));
}

TEST_F(CoordinatorTest, NewerCompletedCheckpointSubsumesOlderOnesButNoSavepoints) {
  settings_.maxConcurrent = 3;
  start();
  const CheckpointId older = begin();
  (void)coordinator_->triggerSavepoint(RequestId{1}, SnapshotKind::kSavepoint, "", now());
  const CheckpointId savepoint = older + 1;
  (void)prepared(savepoint);
  const CheckpointId newer = begin();
  const Commands done = complete(newer);
  EXPECT_EQ(only<NotifyAborted>(done).at(0).id, older);
  EXPECT_EQ(coordinator_->numPending(), 1U);
  EXPECT_THAT(only<FailJob>(done), IsEmpty());
  const auto answer = only<AnswerRequest>(complete(savepoint));
  ASSERT_THAT(answer, SizeIs(1));
  EXPECT_TRUE(answer[0].status.isOk());
  EXPECT_EQ(answer[0].path, "/chk-2");
  ASSERT_THAT(coordinator_->retained(), SizeIs(1)) << "savepoints are nothing to recover from";
  EXPECT_EQ(coordinator_->retained()[0].metadata->id, newer);
}

TEST_F(CoordinatorTest, OnlyTheNewestCheckpointStays) {
  start();
  complete(begin());
  const Commands second = complete(begin());
  EXPECT_THAT(only<Discard>(second).at(0).directories, ElementsAre("/chk-1"));
  ASSERT_THAT(coordinator_->retained(), SizeIs(1));
  EXPECT_EQ(coordinator_->retained()[0].metadata->id, 2);
}

TEST_F(CoordinatorTest, LateAndRepeatedAcknowledgements) {
  settings_.tolerableFailures = 10;
  start();
  const CheckpointId aborted = begin();
  const Commands next = tickAfter(5'000);
  const auto late = only<Discard>(acknowledge(Job::task(1, 0), aborted, {77}));
  ASSERT_THAT(late, SizeIs(1));
  EXPECT_THAT(late[0].files, ElementsAre("/shared/77"));
  const CheckpointId id = only<PrepareLocation>(next).at(0).id;
  (void)prepared(id);
  EXPECT_THAT(acknowledge(Job::task(1, 0), id), IsEmpty());
  EXPECT_THAT(acknowledge(Job::task(1, 0), id), IsEmpty());
  EXPECT_THAT(acknowledge(Job::task(1, 0, 7), id), IsEmpty()) << "another attempt";
  EXPECT_EQ(coordinator_->history().find(id)->numAcknowledged, 1);
  acknowledgeAll(id, Job::task(1, 0));
  stored(id);
  EXPECT_THAT(acknowledge(Job::task(1, 0), id, {78}), IsEmpty())
      << "files of a completed checkpoint stay";
}

TEST_F(CoordinatorTest, AcknowledgementOfAForeignOperatorFailsTheCheckpointOnly) {
  settings_.tolerableFailures = 10;
  start();
  const CheckpointId id = begin();
  const Commands commands =
      coordinator_->acknowledge(Job::task(1, 0), id, Job::snapshot(Job::task(0, 0), {}), {}, now());
  EXPECT_THAT(only<NotifyAborted>(commands), SizeIs(1));
}

TEST_F(CoordinatorTest, FailedStoreDiscardsAndUnknownStoreKeepsEverything) {
  settings_.tolerableFailures = 10;
  start();
  CheckpointId id = begin();
  acknowledgeAll(id);
  const Commands failed = stored(id, StoreOutcome::kFailed);
  EXPECT_THAT(only<NotifyAborted>(failed), SizeIs(1));
  EXPECT_THAT(only<Discard>(failed).at(0).directories, ElementsAre("/chk-1"));
  id = begin();
  acknowledgeAll(id);
  const Commands unknown = stored(id, StoreOutcome::kUnknown);
  EXPECT_THAT(only<NotifyAborted>(unknown), SizeIs(1));
  EXPECT_THAT(only<Discard>(unknown), IsEmpty());
  EXPECT_THAT(only<NotifyComplete>(unknown), IsEmpty());
}

TEST_F(CoordinatorTest, FailedTaskAbortsWhatItHasNotAcknowledged) {
  settings_.maxConcurrent = 2;
  start();
  const CheckpointId acknowledged = begin();
  acknowledge(Job::task(1, 1), acknowledged);
  const CheckpointId waiting = begin();
  const Commands commands =
      coordinator_->taskChanged(Job::task(1, 1), TaskPhase::kNotRunning, now());
  ASSERT_THAT(only<NotifyAborted>(commands), SizeIs(1));
  EXPECT_EQ(only<NotifyAborted>(commands)[0].id, waiting);
  EXPECT_THAT(only<NotifyAborted>(commands)[0].tasks, SizeIs(3)) << "the living ones";
  EXPECT_THAT(only<FailJob>(commands), IsEmpty());
}

TEST_F(CoordinatorTest, StopEndsWhatIsPendingButWaitsForTheStore) {
  settings_.maxConcurrent = 2;
  start();
  const CheckpointId storing = begin();
  acknowledgeAll(storing);
  begin();
  const Commands stop = coordinator_->stop(Reason::kCheckpointCoordinatorSuspend, now());
  EXPECT_THAT(only<NotifyAborted>(stop), SizeIs(1));
  EXPECT_TRUE(coordinator_->storeInFlight());
  EXPECT_EQ(coordinator_->nextTickMs(), std::nullopt);
  stored(storing);
  EXPECT_FALSE(coordinator_->storeInFlight());
  ASSERT_THAT(coordinator_->retained(), SizeIs(1));
  for (const ExecutionAttemptId& task : Job::allTasks(2, 1))
    (void)coordinator_->taskChanged(task, TaskPhase::kRunning, now());
  (void)coordinator_->start(now(), 10);
  const CheckpointId next = begin(10);
  EXPECT_EQ(next, 3);
  EXPECT_THAT(acknowledge(Job::task(1, 1), next), IsEmpty()) << "the old attempt is nobody";
  EXPECT_EQ(coordinator_->history().find(next)->numAcknowledged, 0);
}

TEST_F(CoordinatorTest, CheckpointsGoOnAfterTasksHaveFinished) {
  start();
  for (const auto& task : {Job::task(0, 0), Job::task(0, 1), Job::task(1, 0)})
    (void)coordinator_->taskChanged(task, TaskPhase::kFinished, now());
  const Commands started = tickAfter(100);
  const auto trigger = only<TriggerTasks>(prepared(only<PrepareLocation>(started).at(0).id));
  EXPECT_THAT(trigger.at(0).tasks, ElementsAre(Job::task(1, 1)));
  const auto store = only<StoreCheckpoint>(acknowledge(Job::task(1, 1), 1));
  ASSERT_THAT(store, SizeIs(1));
  EXPECT_TRUE(store[0].metadata->operators[0].fullyFinished());
  EXPECT_FALSE(store[0].metadata->operators[1].fullyFinished());
  EXPECT_TRUE(store[0].metadata->operators[1].subtasks.at(0).finished);
}

TEST_F(CoordinatorTest, PartlyFinishedUnionStateIsNoCheckpoint) {
  start();
  (void)coordinator_->taskChanged(Job::task(1, 0), TaskPhase::kFinished, now());
  const CheckpointId id = begin(100);
  for (const auto& task : {Job::task(0, 0), Job::task(0, 1)}) acknowledge(task, id);
  TaskSnapshot snapshot = Job::snapshot(Job::task(1, 1), {5});
  snapshot.operators[0].blocks[0].kind = state::BlockKind::kOperatorUnion;
  const Commands commands = coordinator_->acknowledge(Job::task(1, 1), id, snapshot, {}, now());
  EXPECT_THAT(only<StoreCheckpoint>(commands), IsEmpty());
  EXPECT_THAT(only<NotifyAborted>(commands), SizeIs(1));
  EXPECT_THAT(only<FailJob>(commands), IsEmpty());
}

TEST_F(CoordinatorTest, StopWithSavepointEndsOtherCheckpointsAndIsTheLastOne) {
  start();
  begin();
  const Commands commands = coordinator_->triggerSavepoint(
      RequestId{4}, SnapshotKind::kTerminateSavepoint, "/there", now());
  EXPECT_EQ(only<NotifyAborted>(commands).at(0).id, 1);
  EXPECT_EQ(only<PrepareLocation>(commands).at(0).target, "/there");
  EXPECT_EQ(only<TriggerTasks>(prepared(2)).at(0).kind, SnapshotKind::kTerminateSavepoint);
  EXPECT_THAT(tickAfter(2'000), IsEmpty()) << "no periodic ones any more";
  const auto second =
      coordinator_->triggerSavepoint(RequestId{5}, SnapshotKind::kSavepoint, "", now());
  EXPECT_FALSE(only<AnswerRequest>(second).at(0).status.isOk());
  const Commands done = complete(2);
  EXPECT_THAT(only<NotifyComplete>(done), SizeIs(1)) << "two-phase commits come before the end";
  EXPECT_TRUE(only<AnswerRequest>(done).at(0).status.isOk());
  EXPECT_TRUE(coordinator_->stoppedWithSavepoint());
  EXPECT_EQ(coordinator_->retained().back().metadata->id, 2) << "a failure now begins here";
}

TEST_F(CoordinatorTest, FailedStopWithSavepointLetsTheJobGoOn) {
  start();
  (void)coordinator_->triggerSavepoint(RequestId{4}, SnapshotKind::kSuspendSavepoint, "", now());
  (void)prepared(1);
  const Commands expired = tickAfter(5'000);
  EXPECT_FALSE(only<AnswerRequest>(expired).at(0).status.isOk());
  EXPECT_THAT(only<FailJob>(expired), IsEmpty());
  EXPECT_EQ(begin(1'000), 2) << "periodic ones are back";
}

TEST_F(CoordinatorTest, TaskThatDeclinesAStopWithSavepointFailsTheJob) {
  settings_.tolerableFailures = 100;
  start();
  (void)coordinator_->triggerSavepoint(RequestId{4}, SnapshotKind::kSuspendSavepoint, "", now());
  (void)prepared(1);
  const Commands commands = coordinator_->decline(Job::task(1, 0), 1, Reason::kCheckpointDeclined,
                                                  Status(ErrorCode::kFileIo, "x"), now());
  EXPECT_THAT(only<FailJob>(commands), SizeIs(1));
}

TEST_F(CoordinatorTest, LocationThatCannotBePreparedCounts) {
  start();
  (void)tickAfter(100);
  const Commands commands =
      coordinator_->locationPrepared(1, Status(ErrorCode::kFileIo, "read-only"), now());
  EXPECT_THAT(only<FailJob>(commands), SizeIs(1));
  EXPECT_THAT(only<NotifyAborted>(commands), IsEmpty()) << "no task knows of it";
}

TEST_F(CoordinatorTest, FolderThatIsReadyTooLateIsRemoved) {
  settings_.tolerableFailures = 9;
  start();
  (void)tickAfter(100);
  (void)tickAfter(5'000);
  EXPECT_THAT(only<Discard>(prepared(1)).at(0).directories, ElementsAre("/chk-1"));
}

TEST_F(CoordinatorTest, SavepointWithoutDirectoryIsRefused) {
  settings_.savepointDirectory = "";
  start();
  const auto answer = only<AnswerRequest>(
      coordinator_->triggerSavepoint(RequestId{1}, SnapshotKind::kSavepoint, "", now()));
  EXPECT_THAT(answer.at(0).status.message(), HasSubstr("execution.checkpointing.savepoint-dir"));
}

TEST_F(CoordinatorTest, EndOfTheJobDiscardsByRetention) {
  for (const bool retain : {false, true}) {
    settings_.retention =
        retain ? Retention::kRetainOnCancellation : Retention::kDeleteOnCancellation;
    start();
    const CheckpointId id = begin();
    for (const ExecutionAttemptId& task : Job::allTasks())
      acknowledge(task, id, {static_cast<std::uint32_t>(100 + task.subtask)});
    stored(id);
    const auto discard = only<Discard>(coordinator_->jobEnded(JobEnd::kCanceled, now()));
    ASSERT_THAT(discard, SizeIs(retain ? 0 : 1));
    if (retain) continue;
    EXPECT_THAT(discard[0].directories, ElementsAre("/chk-1"));
    EXPECT_THAT(discard[0].files, ElementsAre("/shared/100", "/shared/101"));
  }
}

TEST_F(CoordinatorTest, SharedFilesStayWhileATaskMayBuildOnThem) {
  start();
  const auto run = [&](std::uint32_t file, CheckpointId confirmed) {
    const CheckpointId id = begin();
    for (const ExecutionAttemptId& task : Job::allTasks())
      acknowledge(task, id,
                  task == Job::task(1, 0) ? std::vector{file} : std::vector<std::uint32_t>(),
                  confirmed);
    std::vector<std::string> files;
    for (const Discard& discard : only<Discard>(stored(id)))
      files.insert(files.end(), discard.files.begin(), discard.files.end());
    return files;
  };
  EXPECT_THAT(run(1, 0), IsEmpty());
  EXPECT_THAT(run(2, 1), IsEmpty()) << "the next one may still be based on 1";
  EXPECT_THAT(run(3, 1), IsEmpty()) << "2 was not known to the task";
  EXPECT_THAT(run(4, 3), ElementsAre("/shared/1", "/shared/2"));
}

}  // namespace
}  // namespace flink::checkpoint
