#include "dataflow/checkpoint/recovery_plan.h"
#include "dataflow/checkpoint/report.h"
#include "tests/cluster/jobmanager/job_manager_fixture.h"

namespace flink::jobmanager {
namespace {

using protocol::JobStatus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Checkpoints that stay in the JobManager's memory, with tasks that acknowledge at once or when
/// the test says so.
class CheckpointTest : public JobManagerTest {
 protected:
  static JobGraphBuilder checkpointed(JobGraphBuilder builder) {
    auto& configuration = builder.graph().configuration;
    configuration["execution.checkpointing.interval"] = "10 s";
    configuration["execution.checkpointing.timeout"] = "30 s";
    configuration["execution.checkpointing.tolerable-failed-checkpoints"] = "1";
    configuration["restart-strategy.type"] = "fixed-delay";
    configuration["restart-strategy.fixed-delay.delay"] = "1 s";
    return builder;
  }
  FakeTaskManager& run(JobGraphBuilder& job, bool acknowledges) {
    start();
    auto& taskManager = addTaskManager("tm-1", 4);
    taskManager.acknowledges = acknowledges;
    EXPECT_EQ(submit(job).toString(), "OK");
    return taskManager;
  }
  void pass(Duration time) {
    loop_.advance(time);
    loop_.run();
  }
  checkpoint::CheckpointReport report(const JobId& job) {
    const auto answer = get(protocol::GetCheckpointsRequest{job, 0});
    EXPECT_EQ(answer.status().toString(), "OK");
    return checkpoint::decodeReport(asBytes(answer->report)).value();
  }
};

TEST_F(CheckpointTest, PeriodicCheckpointReachesSourcesAndEverybodyHearsOfItsEnd) {
  auto job = checkpointed(keyedJob(1, 2));
  auto& taskManager = run(job, true);
  pass(std::chrono::seconds(10));
  ASSERT_THAT(taskManager.triggered, SizeIs(1));
  EXPECT_EQ(taskManager.triggered[0].checkpoint, 1);
  ASSERT_THAT(taskManager.triggered[0].attempts, SizeIs(2)) << "the sources";
  EXPECT_EQ(taskManager.triggered[0].attempts[0].vertex, job.graph().vertices[0].id);
  ASSERT_THAT(taskManager.notified, SizeIs(1));
  EXPECT_TRUE(taskManager.notified[0].completed);
  EXPECT_THAT(taskManager.notified[0].attempts, SizeIs(4));
  const auto report = this->report(job.graph().id);
  EXPECT_EQ(report.counts.completed, 1);
  ASSERT_TRUE(report.latestCompleted.has_value());
  EXPECT_EQ(report.latestCompleted->stateBytes, 400U);
  pass(std::chrono::seconds(10));
  EXPECT_THAT(taskManager.triggered, SizeIs(2));
}

TEST_F(CheckpointTest, MetricsFollowTheHistory) {
  auto job = checkpointed(keyedJob(1, 2));
  auto& taskManager = run(job, true);
  for (const char* name : {"lastCompletedCheckpointId", "lastCheckpointDuration",
                           "lastCheckpointSize", "lastCheckpointCompletedTimestamp"})
    EXPECT_EQ(metric(name), -1) << name;
  const std::int64_t begun = clock_.wallMs();
  EXPECT_EQ(metric("lastCheckpointRestoreTimestamp"), begun) << "the job's first start counts";
  pass(std::chrono::seconds(10));
  pass(std::chrono::seconds(10));
  taskManager.acknowledges = false;
  pass(std::chrono::seconds(10));
  EXPECT_EQ(metric("totalNumberOfCheckpoints"), 3);
  EXPECT_EQ(metric("numberOfCompletedCheckpoints"), 2);
  EXPECT_EQ(metric("numberOfInProgressCheckpoints"), 1);
  EXPECT_EQ(metric("lastCompletedCheckpointId"), 2);
  EXPECT_EQ(metric("lastCheckpointFullSize"), 400);
  EXPECT_EQ(metric("lastCheckpointDuration"), 0) << "fakes acknowledge at once";
  EXPECT_EQ(metric("lastCheckpointCompletedTimestamp"),
            report(job.graph().id).latestCompleted->latestAckTimestampMs);
  pass(std::chrono::seconds(30));
  EXPECT_EQ(metric("numberOfFailedCheckpoints"), 1) << "it expired";
  taskManager.workerEnded(job.graph().id, "killed");
  loop_.run();
  pass(std::chrono::seconds(1));
  EXPECT_EQ(metric("lastCheckpointRestoreTimestamp"), clock_.wallMs());
  EXPECT_EQ(metric("numRestarts"), 1);
}

TEST_F(CheckpointTest, BatchJobsHaveNoCheckpointMetrics) {
  start();
  addTaskManager("tm-1", 4);
  auto job = batchJob(1, 1);
  ASSERT_EQ(submit(job).toString(), "OK");
  for (const auto& sample : metrics_.collect())
    EXPECT_EQ(sample.name.find("Checkpoint"), std::string::npos) << sample.name;
}

TEST_F(CheckpointTest, TheWayOfEachCheckpointIsPublished) {
  auto job = checkpointed(keyedJob(1, 1));
  run(job, true);
  pass(std::chrono::seconds(10));
  std::vector<std::string> way;
  for (const auto& event : events_) {
    if (event.kind.starts_with("checkpoint."))
      way.push_back(event.kind + " " + event.attributes.at("checkpoint"));
  }
  EXPECT_THAT(way, ::testing::ElementsAre("checkpoint.triggered 1", "checkpoint.answered 1",
                                          "checkpoint.acknowledged 1", "checkpoint.completed 1"));
}

TEST_F(CheckpointTest, RestartGivesTasksTheLatestCompletedCheckpoint) {
  auto job = checkpointed(keyedJob(1, 2));
  auto& taskManager = run(job, true);
  EXPECT_THAT(taskManager.submissions[0].tasks[0].restore, IsEmpty());
  pass(std::chrono::seconds(10));
  taskManager.workerEnded(job.graph().id, "killed");
  loop_.run();
  pass(std::chrono::seconds(1));
  ASSERT_THAT(taskManager.submissions, SizeIs(2));
  for (const auto& task : taskManager.submissions[1].tasks) {
    const auto restore = checkpoint::decodeTaskRestore(asBytes(task.restore));
    ASSERT_TRUE(restore.isOk());
    EXPECT_EQ(restore->checkpoint, 1);
  }
  EXPECT_EQ(report(job.graph().id).counts.restored, 1);
}

TEST_F(CheckpointTest, DeclinedCheckpointsBeyondTheTolerableFailTheJob) {
  auto job = checkpointed(keyedJob(1, 1));
  auto& taskManager = run(job, false);
  for (int i = 1; i <= 2; ++i) {
    pass(std::chrono::seconds(10));
    ASSERT_THAT(taskManager.triggered, SizeIs(i));
    taskManager.decline(*taskManager.running.begin(), i);
    loop_.run();
  }
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kRestarting);
  EXPECT_THAT(details(job.graph().id).exceptions.at(0).failure.stackTrace, HasSubstr("tolerable"));
}

TEST_F(CheckpointTest, CheckpointThatExpiresIsAbortedAtItsTasks) {
  auto job = checkpointed(keyedJob(1, 1));
  auto& taskManager = run(job, false);
  pass(std::chrono::seconds(10));
  pass(std::chrono::seconds(30));
  ASSERT_FALSE(taskManager.notified.empty());
  EXPECT_FALSE(taskManager.notified[0].completed);
  EXPECT_EQ(report(job.graph().id).counts.failed, 1);
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kRunning) << "one failure is tolerable";
}

TEST_F(CheckpointTest, RestartWaitsForNoLateAcknowledgement) {
  auto job = checkpointed(keyedJob(1, 1));
  auto& taskManager = run(job, false);
  pass(std::chrono::seconds(10));
  const auto stale = *taskManager.running.begin();
  taskManager.fail(stale, "FLINK-JOB-008", "poison");
  loop_.run();
  taskManager.acknowledge(stale, 1);
  pass(std::chrono::seconds(1));
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kRunning);
  EXPECT_THAT(taskManager.submissions[1].tasks[0].restore, IsEmpty());
  EXPECT_EQ(report(job.graph().id).counts.completed, 0);
}

TEST_F(CheckpointTest, CheckpointOnDemandAnswersWhoAsked) {
  auto job = keyedJob(1, 1);
  auto& taskManager = run(job, false);
  const auto started = get(protocol::TriggerSnapshotRequest{job.graph().id, 0, "", {}});
  ASSERT_EQ(started.status().toString(), "OK");
  const auto waiting = ask(protocol::WaitSnapshotRequest{job.graph().id, started->trigger, 60'000});
  EXPECT_FALSE(waiting->has_value());
  for (const auto& attempt : taskManager.running) taskManager.acknowledge(attempt, 1);
  loop_.run();
  ASSERT_TRUE(waiting->has_value());
  EXPECT_TRUE((**waiting)->completed);
  EXPECT_FALSE((**waiting)->failure.has_value());
  EXPECT_EQ((**waiting)->checkpoint, 1);
  EXPECT_TRUE(get(protocol::WaitSnapshotRequest{job.graph().id, started->trigger, 0})->completed)
      << "it is remembered";
}

TEST_F(CheckpointTest, RepeatedTriggerIdBeginsNothingNew) {
  auto job = keyedJob(1, 1);
  auto& taskManager = run(job, false);
  const protocol::TriggerSnapshotRequest request{
      job.graph().id, 0, "", *SnapshotTriggerId::parse("0123456789abcdef0123456789abcdef")};
  EXPECT_EQ(get(request)->trigger, request.trigger);
  EXPECT_EQ(get(request)->trigger, request.trigger);
  for (const auto& attempt : taskManager.running) taskManager.acknowledge(attempt, 1);
  loop_.run();
  EXPECT_EQ(report(job.graph().id).counts.total, 1);
  ASSERT_TRUE(get(protocol::CancelJobRequest{job.graph().id}).isOk());
  EXPECT_EQ(get(request)->trigger, request.trigger) << "the job need not run any more";
  EXPECT_EQ(get(protocol::WaitSnapshotRequest{job.graph().id, request.trigger, 0})->checkpoint, 1);
}

TEST_F(CheckpointTest, RequestOfAJobThatEndsIsAnswered) {
  auto job = keyedJob(1, 1);
  run(job, false);
  const auto started = get(protocol::TriggerSnapshotRequest{job.graph().id, 0, "", {}});
  const auto waiting = ask(protocol::WaitSnapshotRequest{job.graph().id, started->trigger, 60'000});
  ASSERT_TRUE(get(protocol::CancelJobRequest{job.graph().id}).isOk());
  ASSERT_TRUE(waiting->has_value());
  EXPECT_TRUE((**waiting)->failure.has_value());
}

TEST_F(CheckpointTest, SavepointWithoutADirectoryIsRefused) {
  auto job = keyedJob(1, 1);
  run(job, true);
  const auto started = get(protocol::TriggerSnapshotRequest{job.graph().id, 1, "", {}});
  ASSERT_EQ(started.status().toString(), "OK");
  const auto answer = get(protocol::WaitSnapshotRequest{job.graph().id, started->trigger, 1'000});
  ASSERT_TRUE(answer->failure.has_value());
  EXPECT_THAT(answer->failure->stackTrace, HasSubstr("savepoint-dir"));
}

TEST_F(CheckpointTest, BatchJobsHaveNoCheckpoints) {
  auto job = batchJob(1, 1);
  run(job, false);
  EXPECT_EQ(get(protocol::TriggerSnapshotRequest{job.graph().id, 0, "", {}}).status().code(),
            ErrorCode::kUnsupported);
}

TEST_F(CheckpointTest, JobWhoseRestorePointIsMissingFails) {
  auto job = keyedJob(1, 1);
  job.graph().configuration["execution.state-recovery.path"] = "/nowhere/savepoint-1";
  auto& taskManager = run(job, false);
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kFailed);
  EXPECT_THAT(taskManager.submissions, IsEmpty());
  EXPECT_THAT(details(job.graph().id).exceptions.at(0).failure.stackTrace,
              HasSubstr("/nowhere/savepoint-1"));
}

}  // namespace
}  // namespace flink::jobmanager
