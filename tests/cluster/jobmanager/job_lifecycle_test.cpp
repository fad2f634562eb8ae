#include "tests/cluster/jobmanager/job_manager_fixture.h"

namespace flink::jobmanager {
namespace {

using protocol::ExecutionState;
using protocol::JobStatus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class JobLifecycleTest : public JobManagerTest {};

std::int64_t stamp(const protocol::JobDetails& details, JobStatus status) {
  return details.timestampsMs[static_cast<std::size_t>(status)];
}

TEST_F(JobLifecycleTest, JobRunsSpreadOverTaskManagersAndFinishes) {
  start();
  auto& first = addTaskManager("tm-1", 4);
  auto& second = addTaskManager("tm-2", 4);
  auto job = keyedJob(1, 4);
  ASSERT_TRUE(submit(job).isOk());
  const JobId id = job.graph().id;

  EXPECT_EQ(first.numSubmitted(), 4U);
  EXPECT_EQ(second.numSubmitted(), 4U);
  ASSERT_THAT(first.submissions, SizeIs(1));
  EXPECT_TRUE(first.submissions[0].jobGraph.has_value());
  EXPECT_EQ(first.submissions[0].blobServer, "jobmanager:6124");
  EXPECT_EQ(first.submissions[0].token, second.submissions[0].token);
  EXPECT_EQ(statusOf(id), JobStatus::kRunning);
  EXPECT_EQ(details(id).overview.tasks[static_cast<std::size_t>(ExecutionState::kRunning)], 8);
  EXPECT_EQ(overview().slotsAvailable, 4);
  EXPECT_EQ(overview().jobsRunning, 1);

  const auto waiting = ask(protocol::WaitJobRequest{id, 10'000});
  EXPECT_FALSE(waiting->has_value());
  clock_.moveTo(clock_.now() + std::chrono::seconds(3));
  first.finishAll();
  second.finishAll();
  loop_.run();
  ASSERT_TRUE(waiting->has_value());
  ASSERT_TRUE((*waiting)->isOk());
  const auto& result = (**waiting)->result;
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->status, JobStatus::kFinished);
  EXPECT_EQ(result->netRuntimeMs, 3'000);
  EXPECT_FALSE(result->failure.has_value());
  EXPECT_THAT(statusesOf(id), ElementsAre("INITIALIZING", "CREATED", "RUNNING", "FINISHED"));
  EXPECT_THAT(first.released, ElementsAre(Pair(id, "job is FINISHED")));
  EXPECT_THAT(second.released, SizeIs(1));
  EXPECT_EQ(overview().slotsAvailable, 8);
  EXPECT_EQ(overview().jobsFinished, 1);
}

TEST_F(JobLifecycleTest, DetailsCarryWhatRestShows) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  auto job = keyedJob(1, 2);
  job.graph().planJson = "{\"nodes\":[]}";
  job.graph().configuration["pipeline.max-parallelism"] = "64";
  job.graph().globalJobParameters["input"] = "x";
  job.graph().program.defaultParallelism = 2;
  ASSERT_TRUE(submit(job).isOk());
  taskManager.finishAll();
  loop_.run();
  const auto details = this->details(job.graph().id);
  EXPECT_EQ(details.planJson, "{\"nodes\":[]}");
  EXPECT_EQ(details.maxParallelism, 64);
  EXPECT_EQ(details.parallelismDefault, 2);
  EXPECT_THAT(details.globalJobParameters, ElementsAre(Pair("input", "x")));
  EXPECT_GT(stamp(details, JobStatus::kInitializing), 0);
  EXPECT_GT(stamp(details, JobStatus::kFinished), 0);
  EXPECT_EQ(stamp(details, JobStatus::kFailed), 0);
  EXPECT_EQ(details.overview.endMs, stamp(details, JobStatus::kFinished));
  EXPECT_THAT(details.exceptions, IsEmpty());
  ASSERT_THAT(details.vertices, SizeIs(2));
  const auto& subtask = details.vertices[1].subtasks[1];
  EXPECT_EQ(subtask.state, ExecutionState::kFinished);
  EXPECT_EQ(subtask.endpoint, "tm-1.host:40000");
  EXPECT_EQ(subtask.io.recordsOut, 10);
  EXPECT_TRUE(subtask.ioComplete);
  EXPECT_FALSE(details.vertices[1].slotSharingGroup.isZero());
}

TEST_F(JobLifecycleTest, AccumulatorsOfAllSubtasksAreMerged) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  auto job = keyedJob(1, 2);
  ASSERT_TRUE(submit(job).isOk());
  for (const auto& attempt : std::set(taskManager.running)) {
    taskManager.report(attempt, ExecutionState::kFinished, std::nullopt, {{"words", "10"}});
  }
  loop_.run();
  EXPECT_THAT(waitFor(job.graph().id)->result->accumulators, ElementsAre(Pair("words", "40")));
}

TEST_F(JobLifecycleTest, FailedTaskCancelsTheOthersAndFailsTheJob) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  auto job = keyedJob(1, 2);
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  const ExecutionAttemptId failing = *taskManager.running.rbegin();
  taskManager.fail(failing, "FLINK-JOB-008", "record 999 cannot be processed");
  loop_.run();

  EXPECT_THAT(statusesOf(id),
              ElementsAre("INITIALIZING", "CREATED", "RUNNING", "FAILING", "FAILED"));
  EXPECT_THAT(taskManager.cancelled, SizeIs(3));
  const auto details = this->details(id);
  EXPECT_EQ(details.overview.tasks[static_cast<std::size_t>(ExecutionState::kFailed)], 1);
  EXPECT_EQ(details.overview.tasks[static_cast<std::size_t>(ExecutionState::kCanceled)], 3);
  ASSERT_THAT(details.exceptions, SizeIs(1));
  const auto& root = details.exceptions[0];
  EXPECT_EQ(root.failure.exceptionName, "org.apache.flink.runtime.JobException");
  EXPECT_THAT(root.failure.stackTrace,
              HasSubstr("Recovery is suppressed by NoRestartBackoffTimeStrategy\n"
                        "Caused by: test.Failure: record 999 cannot be processed"));
  EXPECT_EQ(root.failure.message, "record 999 cannot be processed");
  ASSERT_THAT(root.concurrent, SizeIs(1));
  EXPECT_EQ(root.concurrent[0].taskName, "Sink (2/2) - execution #0");
  EXPECT_EQ(root.concurrent[0].endpoint, "tm-1.host:40000");
  EXPECT_EQ(root.concurrent[0].taskManagerId, "tm-1");
  EXPECT_GT(root.failure.timestampMs, 0);
  const auto result = waitFor(id)->result;
  ASSERT_TRUE(result && result->failure);
  EXPECT_EQ(result->failure->errorId, "FLINK-JOB-008");
}

TEST_F(JobLifecycleTest, RootCauseReplacesTheNeighboursBrokenConnection) {
  start();
  auto& first = addTaskManager("tm-1", 1);
  auto& second = addTaskManager("tm-2", 1);
  auto job = keyedJob(1, 2);
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  second.followsCancel = false;  // its worker is dead already
  first.fail(*first.running.begin(), "FLINK-NET-002", "connection lost");
  loop_.run();
  EXPECT_EQ(statusOf(id), JobStatus::kFailing);
  second.workerEnded(id, "worker ended by signal 9: host=tm-2.host pid=17");
  loop_.run();
  EXPECT_EQ(statusOf(id), JobStatus::kFailed);
  const auto details = this->details(id);
  ASSERT_THAT(details.exceptions, SizeIs(1));
  EXPECT_THAT(details.exceptions[0].failure.message, HasSubstr("signal 9"));
  EXPECT_THAT(details.exceptions[0].concurrent, SizeIs(2));
}

TEST_F(JobLifecycleTest, FailuresNamedByTheirIdGetFlinksClassName) {
  start();
  auto& taskManager = addTaskManager("tm-1", 1);
  auto job = keyedJob(1, 1);
  ASSERT_TRUE(submit(job).isOk());
  protocol::FailureInfo failure{"FLINK-MEM-001", "FLINK-MEM-001", "out of memory",
                                "FLINK-MEM-001: out of memory", 0};
  taskManager.report(*taskManager.running.begin(), ExecutionState::kFailed, failure);
  loop_.run();
  const auto entry = details(job.graph().id).exceptions.at(0).concurrent.at(0);
  EXPECT_EQ(entry.failure.exceptionName,
            "org.apache.flink.runtime.memory.MemoryAllocationException");
  EXPECT_EQ(entry.failure.errorId, "FLINK-MEM-001");
  EXPECT_EQ(
      entry.failure.stackTrace,
      "org.apache.flink.runtime.memory.MemoryAllocationException: FLINK-MEM-001: out of memory");
}

TEST_F(JobLifecycleTest, DeadWorkerFailsOnlyItsOwnJob) {
  start();
  auto& taskManager = addTaskManager("tm-1", 4);
  auto victim = keyedJob(1, 2);
  auto other = keyedJob(2, 2);
  ASSERT_TRUE(submit(victim).isOk());
  ASSERT_TRUE(submit(other).isOk());
  taskManager.workerEnded(victim.graph().id, "worker ended by signal 11");
  loop_.run();
  EXPECT_EQ(statusOf(victim.graph().id), JobStatus::kFailed);
  EXPECT_EQ(statusOf(other.graph().id), JobStatus::kRunning);
}

TEST_F(JobLifecycleTest, CancelEndsCanceledWithoutFailures) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  auto job = keyedJob(1, 2);
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  ASSERT_TRUE(get(protocol::CancelJobRequest{id}).isOk());
  EXPECT_THAT(statusesOf(id),
              ElementsAre("INITIALIZING", "CREATED", "RUNNING", "CANCELLING", "CANCELED"));
  EXPECT_THAT(taskManager.released, SizeIs(1));
  EXPECT_THAT(details(id).exceptions, IsEmpty());
  EXPECT_TRUE(get(protocol::CancelJobRequest{id}).isOk());  // once more: it is as the user wants it
  EXPECT_EQ(overview().jobsCancelled, 1);
}

TEST_F(JobLifecycleTest, CancelWhileWaitingForSlots) {
  start();
  auto job = keyedJob(1, 2);
  ASSERT_TRUE(submit(job).isOk());
  ASSERT_TRUE(get(protocol::CancelJobRequest{job.graph().id}).isOk());
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kCanceled);
  auto& late = addTaskManager("tm-1", 2);
  EXPECT_EQ(late.numSubmitted(), 0U);
}

TEST_F(JobLifecycleTest, CancelWhileDeployingReachesTheTasks) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  taskManager.tasks = FakeTaskManager::Tasks::kStayDeploying;
  auto job = keyedJob(1, 2);
  ASSERT_TRUE(submit(job).isOk());
  ASSERT_TRUE(get(protocol::CancelJobRequest{job.graph().id}).isOk());
  EXPECT_THAT(taskManager.cancelled, SizeIs(4));
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kCanceled);
}

TEST_F(JobLifecycleTest, CancelOfAnEndedJobNamesItsState) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  taskManager.tasks = FakeTaskManager::Tasks::kFinish;
  auto job = keyedJob(1, 2);
  ASSERT_TRUE(submit(job).isOk());
  const auto answer = get(protocol::CancelJobRequest{job.graph().id});
  EXPECT_EQ(answer.status().code(), ErrorCode::kJobAlreadyTerminated);
  EXPECT_THAT(answer.status().message(), HasSubstr("FINISHED"));
}

TEST_F(JobLifecycleTest, TasksThatIgnoreCancelAreEndedByForce) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  taskManager.followsCancel = false;
  auto job = keyedJob(1, 2);
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  ASSERT_TRUE(get(protocol::CancelJobRequest{id}).isOk());
  loop_.advance(std::chrono::seconds(179));
  EXPECT_EQ(statusOf(id), JobStatus::kCancelling);
  EXPECT_THAT(taskManager.released, IsEmpty());
  loop_.advance(std::chrono::seconds(2));
  EXPECT_EQ(statusOf(id), JobStatus::kCanceled);
  ASSERT_THAT(taskManager.released, SizeIs(1));
  EXPECT_THAT(taskManager.released[0].second, HasSubstr("task.cancellation.timeout"));
  EXPECT_EQ(overview().slotsAvailable, 2);
}

TEST_F(JobLifecycleTest, RefusedSubmissionFailsTheJobWithItsReason) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  taskManager.refuseSubmission =
      Status(ErrorCode::kSlotOccupied, "slot is held by another job: slot=0");
  auto job = keyedJob(1, 2);
  ASSERT_TRUE(submit(job).isOk());
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kFailed);
  const auto failure = waitFor(job.graph().id)->result->failure;
  ASSERT_TRUE(failure.has_value());
  EXPECT_THAT(failure->stackTrace, HasSubstr("TaskSubmissionException"));
  EXPECT_THAT(failure->stackTrace, HasSubstr("slot is held by another job"));
}

TEST_F(JobLifecycleTest, JobIdIsTakenOnce) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  auto job = keyedJob(1, 2);
  ASSERT_TRUE(submit(job).isOk());
  EXPECT_EQ(submit(job).code(), ErrorCode::kAlreadyExists);
  taskManager.finishAll();
  loop_.run();
  EXPECT_EQ(submit(job).code(), ErrorCode::kAlreadyExists);
}

TEST_F(JobLifecycleTest, HostileGraphIsRefusedAndLeavesNothing) {
  start();
  auto job = keyedJob(1, 2);
  job.graph().vertices[0].parallelism = 0;
  EXPECT_EQ(submit(job).code(), ErrorCode::kJobGraphInvalid);
  EXPECT_THAT(get(protocol::ListJobsRequest{})->jobs, IsEmpty());
}

TEST_F(JobLifecycleTest, UnknownJobIsNotFound) {
  start();
  const JobId id = testing::idOf<JobId>(9);
  EXPECT_EQ(get(protocol::GetJobRequest{id}).status().code(), ErrorCode::kJobNotFound);
  EXPECT_EQ(get(protocol::CancelJobRequest{id}).status().code(), ErrorCode::kJobNotFound);
  EXPECT_EQ(waitFor(id).status().code(), ErrorCode::kJobNotFound);
}

TEST_F(JobLifecycleTest, WaitEndsWithNothingWhenItsTimeIsOver) {
  start();
  addTaskManager("tm-1", 2);
  auto job = keyedJob(1, 2);
  ASSERT_TRUE(submit(job).isOk());
  const auto waiting = ask(protocol::WaitJobRequest{job.graph().id, 1'000});
  loop_.advance(std::chrono::milliseconds(999));
  EXPECT_FALSE(waiting->has_value());
  loop_.advance(std::chrono::milliseconds(1));
  ASSERT_TRUE(waiting->has_value());
  EXPECT_EQ((**waiting)->status, JobStatus::kRunning);
  EXPECT_FALSE((**waiting)->result.has_value());
}

TEST_F(JobLifecycleTest, RepeatedAndLateReportsChangeNothing) {
  start();
  auto& taskManager = addTaskManager("tm-1", 1);
  auto job = keyedJob(1, 1);
  ASSERT_TRUE(submit(job).isOk());
  const ExecutionAttemptId attempt = *taskManager.running.begin();
  taskManager.report(attempt, ExecutionState::kInitializing);  // a step back
  taskManager.report(attempt, ExecutionState::kFinished);
  taskManager.report(attempt, ExecutionState::kFinished);
  taskManager.report(attempt, ExecutionState::kFailed, FakeTaskManager::failureOf("x", "late"));
  loop_.run();
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kRunning);
  taskManager.finishAll();
  loop_.run();
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kFinished);
}

TEST_F(JobLifecycleTest, TaskThatSkipsStatesIsFollowed) {
  start();
  auto& taskManager = addTaskManager("tm-1", 1);
  taskManager.tasks = FakeTaskManager::Tasks::kStayDeploying;
  auto job = keyedJob(1, 1);
  ASSERT_TRUE(submit(job).isOk());
  taskManager.finishAll();
  loop_.run();
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kFinished);
}

TEST_F(JobLifecycleTest, ReportsOfAnotherTaskManagerAreRefused) {
  start();
  auto& owner = addTaskManager("tm-1", 1);
  auto& stranger = addTaskManager("tm-2", 1);
  auto job = keyedJob(1, 1);
  ASSERT_TRUE(submit(job).isOk());
  auto& ran = owner.running.empty() ? stranger : owner;
  auto& idle = owner.running.empty() ? owner : stranger;
  protocol::TaskStateChangedRequest report;
  report.attempt = *ran.running.begin();
  report.state = ExecutionState::kFailed;
  const auto answer = idle.send(report);
  loop_.run();
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ((*answer)->status().code(), ErrorCode::kTaskNotFound);
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kRunning);
}

TEST_F(JobLifecycleTest, StopSuspendsJobsAndEndsTheirWorkers) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  auto job = keyedJob(1, 2);
  ASSERT_TRUE(submit(job).isOk());
  jobManager_->stop();
  loop_.run();
  EXPECT_EQ(statusesOf(job.graph().id).back(), "SUSPENDED");
  EXPECT_THAT(taskManager.released, SizeIs(1));
  auto another = keyedJob(2, 2);
  EXPECT_EQ(submit(another).code(), ErrorCode::kUnavailable);
}

TEST_F(JobLifecycleTest, ThreeHundredJobsLeaveNoMoreThanTheStoreHolds) {
  start();
  auto& first = addTaskManager("tm-1", 4);
  auto& second = addTaskManager("tm-2", 4);
  first.tasks = second.tasks = FakeTaskManager::Tasks::kFinish;
  std::size_t timersAfterFirst = 0;
  for (std::uint32_t n = 1; n <= 300; ++n) {
    auto job = keyedJob(n, 4);
    const bool cancels = n % 3 == 0;
    first.tasks = second.tasks =
        cancels ? FakeTaskManager::Tasks::kRun : FakeTaskManager::Tasks::kFinish;
    ASSERT_TRUE(submit(job).isOk());
    const bool done = !cancels || get(protocol::CancelJobRequest{job.graph().id}).isOk();
    ASSERT_TRUE(done);
    ASSERT_EQ(statusOf(job.graph().id), cancels ? JobStatus::kCanceled : JobStatus::kFinished);
    first.submissions.clear();
    second.submissions.clear();
    events_.clear();
    if (n == 1) timersAfterFirst = loop_.numTimers();
  }
  EXPECT_THAT(get(protocol::ListJobsRequest{})->jobs, SizeIs(100));
  EXPECT_EQ(overview().jobsFinished, 200);
  EXPECT_EQ(overview().jobsCancelled, 100);
  EXPECT_EQ(overview().slotsAvailable, 8);
  EXPECT_EQ(loop_.numTimers(), timersAfterFirst);
  EXPECT_EQ(metric("numRunningJobs"), 0);
  EXPECT_EQ(metric("runningTime"), -1);  // no metrics of ended jobs
  EXPECT_EQ(get(protocol::GetJobRequest{testing::idOf<JobId>(200)}).status().code(),
            ErrorCode::kJobNotFound);
  loop_.advance(std::chrono::hours(1));
  EXPECT_THAT(get(protocol::ListJobsRequest{})->jobs, IsEmpty());
}

}  // namespace
}  // namespace flink::jobmanager
