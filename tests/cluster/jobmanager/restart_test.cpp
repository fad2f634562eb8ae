#include "tests/cluster/jobmanager/job_manager_fixture.h"

namespace flink::jobmanager {
namespace {

using protocol::ExecutionState;
using protocol::JobStatus;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RestartTest : public JobManagerTest {
 protected:
  static JobGraphBuilder restarting(JobGraphBuilder builder, int attempts = 3) {
    auto& configuration = builder.graph().configuration;
    configuration["restart-strategy.type"] = "fixed-delay";
    configuration["restart-strategy.fixed-delay.attempts"] = std::to_string(attempts);
    configuration["restart-strategy.fixed-delay.delay"] = "2 s";
    return builder;
  }
  void pass(Duration time) {
    loop_.advance(time);
    loop_.run();
  }
  static std::vector<int> attemptsOf(const FakeTaskManager& taskManager) {
    std::vector<int> attempts;
    for (const auto& id : taskManager.running) attempts.push_back(id.attempt);
    return attempts;
  }
};

TEST_F(RestartTest, FailedTaskRestartsItsRegionAfterTheDelay) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  auto job = restarting(keyedJob(1, 2));
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  taskManager.fail(*taskManager.running.begin(), "FLINK-JOB-008", "poison");
  loop_.run();
  EXPECT_EQ(statusOf(id), JobStatus::kRestarting);
  EXPECT_THAT(taskManager.cancelled, SizeIs(3));
  EXPECT_THAT(taskManager.running, IsEmpty());
  pass(std::chrono::seconds(1));
  EXPECT_EQ(statusOf(id), JobStatus::kRestarting);
  pass(std::chrono::seconds(1));
  EXPECT_EQ(statusOf(id), JobStatus::kRunning);
  EXPECT_THAT(attemptsOf(taskManager), ElementsAre(1, 1, 1, 1));
  EXPECT_EQ(metric("numRestarts"), 1);
  const auto details = this->details(id);
  ASSERT_THAT(details.exceptions, SizeIs(1));
  EXPECT_THAT(details.exceptions[0].failure.message, HasSubstr("poison"));
  EXPECT_EQ(details.exceptions[0].taskName, "Source (1/2) - execution #0");
  taskManager.finishAll();
  loop_.run();
  EXPECT_EQ(statusOf(id), JobStatus::kFinished);
}

TEST_F(RestartTest, JobFailsWhenTheStrategyHasNoAttemptsLeft) {
  start();
  auto& taskManager = addTaskManager("tm-1", 1);
  auto job = restarting(keyedJob(1, 1), 1);
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  for (int i = 0; i < 2; ++i) {
    taskManager.fail(*taskManager.running.begin(), "FLINK-JOB-008", "poison " + std::to_string(i));
    loop_.run();
    pass(std::chrono::seconds(2));
  }
  EXPECT_EQ(statusOf(id), JobStatus::kFailed);
  const auto details = this->details(id);
  ASSERT_THAT(details.exceptions, SizeIs(2));
  EXPECT_THAT(details.exceptions[0].failure.stackTrace,
              HasSubstr("Recovery is suppressed by FixedDelayRestartBackoffTimeStrategy("
                        "maxNumberRestartAttempts=1, backoffTimeMS=2000)"));
  EXPECT_THAT(details.exceptions[0].failure.message, HasSubstr("poison 1"));
  EXPECT_THAT(details.exceptions[1].failure.message, HasSubstr("poison 0"));
}

TEST_F(RestartTest, DeadWorkerIsReplacedAndGetsTheGraphAgain) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  auto job = restarting(keyedJob(1, 2));
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  taskManager.workerEnded(id, "worker ended by signal 9");
  loop_.run();
  pass(std::chrono::seconds(2));
  EXPECT_EQ(statusOf(id), JobStatus::kRunning);
  ASSERT_THAT(taskManager.submissions, SizeIs(2));
  EXPECT_TRUE(taskManager.submissions[1].jobGraph.has_value());
  EXPECT_THAT(attemptsOf(taskManager), Each(1));
}

TEST_F(RestartTest, JobMovesToAnotherTaskManagerWhenItsOwnIsLost) {
  start();
  auto& first = addTaskManager("tm-1", 1);
  auto job = restarting(keyedJob(1, 1));
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  first.send(protocol::UnregisterTaskManagerRequest{first.self.id, "stopped"});
  loop_.run();
  auto& second = addTaskManager("tm-2", 1);
  pass(std::chrono::seconds(2));
  EXPECT_EQ(statusOf(id), JobStatus::kRunning);
  EXPECT_THAT(attemptsOf(second), ElementsAre(1, 1));
}

TEST_F(RestartTest, ReportsOfEarlierAttemptsAreRefused) {
  start();
  auto& taskManager = addTaskManager("tm-1", 1);
  auto job = restarting(keyedJob(1, 1));
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  const ExecutionAttemptId stale = *taskManager.running.begin();
  taskManager.fail(stale, "FLINK-JOB-008", "poison");
  loop_.run();
  pass(std::chrono::seconds(2));
  taskManager.fail(stale, "FLINK-JOB-008", "late news");
  loop_.run();
  EXPECT_EQ(statusOf(id), JobStatus::kRunning);
  EXPECT_THAT(details(id).exceptions, SizeIs(1));
}

TEST_F(RestartTest, CancelWhileRestartingEndsTheJob) {
  start();
  auto& taskManager = addTaskManager("tm-1", 1);
  auto job = restarting(keyedJob(1, 1));
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  taskManager.fail(*taskManager.running.begin(), "FLINK-JOB-008", "poison");
  loop_.run();
  ASSERT_TRUE(get(protocol::CancelJobRequest{id}).isOk());
  EXPECT_EQ(statusOf(id), JobStatus::kCanceled);
  pass(std::chrono::seconds(10));
  EXPECT_THAT(taskManager.submissions, SizeIs(1));
}

TEST_F(RestartTest, LostBlockingResultIsMadeAgain) {
  start();
  auto& first = addTaskManager("tm-1", 1);
  auto job = restarting(batchJob(1, 1));
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  first.finishAll();  // the source; the sink runs now
  loop_.run();
  ASSERT_THAT(first.running, SizeIs(1));
  first.workerEnded(id, "worker ended by signal 9");
  loop_.run();
  pass(std::chrono::seconds(2));
  ASSERT_THAT(first.running, SizeIs(1));
  EXPECT_EQ(*first.running.begin(), (ExecutionAttemptId{id, job.graph().vertices[0].id, 0, 1}));
  first.finishAll();
  loop_.run();
  ASSERT_THAT(first.running, SizeIs(1));
  EXPECT_EQ(first.running.begin()->vertex, job.graph().vertices[1].id);
  first.finishAll();
  loop_.run();
  EXPECT_EQ(statusOf(id), JobStatus::kFinished);
}

/// The source of `job`, which is its first vertex, has a coordinator.
testing::JobGraphBuilder coordinated(testing::JobGraphBuilder job) {
  job.graph().vertices[0].operators[0].hasCoordinator = true;
  return job;
}

TEST_F(RestartTest, FailedCoordinatorRestartsWhatItServed) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  auto job = coordinated(restarting(keyedJob(1, 2)));
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  const ExecutionAttemptId first{id, job.graph().vertices[0].id, 0, 0};
  taskManager.report(first, ExecutionState::kFinished);
  taskManager.coordinatorFailed(first, "no such split");
  loop_.run();
  EXPECT_EQ(statusOf(id), JobStatus::kRestarting);
  EXPECT_THAT(taskManager.cancelled, SizeIs(3));
  const auto exceptions = details(id).exceptions;
  ASSERT_THAT(exceptions, SizeIs(1));
  EXPECT_EQ(exceptions[0].failure.message, "no such split");
  EXPECT_EQ(exceptions[0].taskName, "");
  EXPECT_EQ(exceptions[0].taskManagerId, "tm-1");
  pass(std::chrono::seconds(2));
  EXPECT_THAT(attemptsOf(taskManager), ElementsAre(1, 1, 1, 1));
  taskManager.coordinatorFailed(first, "late news of an earlier attempt");
  loop_.run();
  EXPECT_EQ(statusOf(id), JobStatus::kRunning);
}

TEST_F(RestartTest, FailedCoordinatorThatNobodyNeedsChangesNothing) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  auto job = coordinated(keyedJob(1, 2));
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  const ExecutionAttemptId first{id, job.graph().vertices[0].id, 0, 0};
  ExecutionAttemptId second = first;
  second.subtask = 1;
  taskManager.report(first, ExecutionState::kFinished);
  taskManager.report(second, ExecutionState::kFinished);
  taskManager.coordinatorFailed(first, "no such split");
  loop_.run();
  EXPECT_EQ(statusOf(id), JobStatus::kRunning);
  taskManager.finishAll();
  loop_.run();
  EXPECT_EQ(statusOf(id), JobStatus::kFinished);
}

TEST_F(RestartTest, LostCoordinatorRestartsWhatItServedElsewhere) {
  start();
  addTaskManager("tm-1", 1);
  addTaskManager("tm-2", 1);
  JobGraphBuilder builder(1);
  builder.vertex("Source", 2);
  auto job = coordinated(restarting(std::move(builder)));
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  const ExecutionAttemptId first{id, job.graph().vertices[0].id, 0, 0};
  const std::size_t holder = taskManagers_[0]->running.contains(first) ? 0 : 1;
  taskManagers_[holder]->report(first, ExecutionState::kFinished);
  taskManagers_[holder]->workerEnded(id, "worker ended by signal 9");
  loop_.run();
  EXPECT_EQ(statusOf(id), JobStatus::kRestarting);
  EXPECT_THAT(taskManagers_[1 - holder]->cancelled, SizeIs(1));
  pass(std::chrono::seconds(2));
  EXPECT_EQ(statusOf(id), JobStatus::kRunning);
  EXPECT_THAT(attemptsOf(*taskManagers_[0]), ElementsAre(1));
  EXPECT_THAT(attemptsOf(*taskManagers_[1]), ElementsAre(1));
}

TEST_F(RestartTest, TooFewSlotsRestartTheJobToo) {
  settings_.slotRequestTimeout = std::chrono::seconds(5);
  start();
  auto job = restarting(keyedJob(1, 1), 1);
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  pass(std::chrono::seconds(5));
  EXPECT_EQ(statusOf(id), JobStatus::kRestarting);
  pass(std::chrono::seconds(2));
  EXPECT_EQ(statusOf(id), JobStatus::kRunning);
  auto& taskManager = addTaskManager("tm-1", 1);
  EXPECT_THAT(taskManager.running, SizeIs(2));
}

}  // namespace
}  // namespace flink::jobmanager
