#include "tests/cluster/jobmanager/job_manager_fixture.h"

namespace flink::jobmanager {
namespace {

using protocol::ExchangeType;
using protocol::ExecutionState;
using protocol::JobStatus;
using protocol::ShipStrategy;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class BatchTest : public JobManagerTest {
 protected:
  std::int32_t tasksIn(const JobId& job, ExecutionState state) {
    return details(job).overview.tasks[static_cast<std::size_t>(state)];
  }
};

TEST_F(BatchTest, ConsumersStartAfterTheirProducersFinished) {
  start();
  auto& taskManager = addTaskManager("tm-1", 4);
  auto job = batchJob(1, 2);
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  EXPECT_EQ(taskManager.numSubmitted(), 2U);
  EXPECT_EQ(tasksIn(id, ExecutionState::kCreated), 2);
  taskManager.report(*taskManager.running.begin(), ExecutionState::kFinished);
  loop_.run();
  EXPECT_EQ(taskManager.numSubmitted(), 2U);
  taskManager.finishAll();
  loop_.run();
  EXPECT_EQ(taskManager.numSubmitted(), 4U);
  EXPECT_EQ(tasksIn(id, ExecutionState::kRunning), 2);
  EXPECT_THAT(taskManager.releasedPartitions, IsEmpty());
  taskManager.finishAll();
  loop_.run();
  EXPECT_EQ(statusOf(id), JobStatus::kFinished);
  EXPECT_THAT(taskManager.releasedPartitions, SizeIs(2));
}

TEST_F(BatchTest, TasksThatStartTogetherTravelTogetherAndTheGraphOnce) {
  start();
  auto& taskManager = addTaskManager("tm-1", 4);
  auto job = batchJob(1, 4);
  ASSERT_TRUE(submit(job).isOk());
  ASSERT_THAT(taskManager.submissions, SizeIs(1));
  EXPECT_THAT(taskManager.submissions[0].tasks, SizeIs(4));
  taskManager.finishAll();
  loop_.run();
  ASSERT_THAT(taskManager.submissions, SizeIs(2));
  EXPECT_FALSE(taskManager.submissions[1].jobGraph.has_value());
}

TEST_F(BatchTest, RunsWithFewerSlotsThanParallelism) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  auto job = batchJob(1, 5);
  ASSERT_TRUE(submit(job).isOk());
  std::set<std::int32_t> slots;
  for (int wave = 0; wave < 10 && statusOf(job.graph().id) == JobStatus::kRunning; ++wave) {
    ASSERT_LE(taskManager.running.size(), 2U);
    loop_.advance(seconds(
        200));  // longer than slot.request.timeout all in all: its own slots will be free again
    taskManager.finishAll();
    loop_.run();
  }
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kFinished);
  EXPECT_EQ(taskManager.numSubmitted(), 10U);
}

TEST_F(BatchTest, RegionThatNeedsMoreSlotsThanExistTimesOut) {
  start();
  addTaskManager("tm-1", 2);
  JobGraphBuilder job(1, protocol::JobType::kBatch);
  const int source = job.vertex("Source", 3);
  const int sink = job.vertex("Sink", 3);
  job.edge(source, sink, ShipStrategy::kHash);  // pipelined: one region of three slots
  ASSERT_TRUE(submit(job).isOk());
  loop_.advance(seconds(301));
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kFailed);
}

TEST_F(BatchTest, IdleSlotsGoBackAfterSlotIdleTimeout) {
  start();
  auto& taskManager = addTaskManager("tm-1", 3);
  JobGraphBuilder job(1, protocol::JobType::kBatch);
  const int source = job.vertex("Source", 3);
  const int sink = job.vertex("Sink", 1);
  job.edge(source, sink, ShipStrategy::kHash, ExchangeType::kBlocking);
  ASSERT_TRUE(submit(job).isOk());
  taskManager.finishAll();
  loop_.run();
  EXPECT_EQ(overview().slotsAvailable, 0);
  loop_.advance(seconds(51));
  EXPECT_EQ(overview().slotsAvailable, 2);
  taskManager.finishAll();
  loop_.run();
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kFinished);
  EXPECT_EQ(overview().slotsAvailable, 3);
}

TEST_F(BatchTest, LossOfResultsThatAreStillNeededFailsTheJob) {
  start();
  auto& first = addTaskManager("tm-1", 1);
  auto& second = addTaskManager("tm-2", 1);
  auto job = batchJob(1, 2);
  ASSERT_TRUE(submit(job).isOk());
  first.finishAll();
  loop_.run();
  ASSERT_FALSE(second.running.empty());
  network_.cut("tm-1");  // all its tasks have finished, but nobody has read their results
  loop_.run();
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kFailed);
  EXPECT_THAT(waitFor(job.graph().id)->result->failure->message, HasSubstr("tm-1"));
}

TEST_F(BatchTest, LossOfATaskManagerWhoseStreamsWereConsumedDoesNoHarm) {
  start();
  auto& first = addTaskManager("tm-1", 1);
  auto& second = addTaskManager("tm-2", 1);
  JobGraphBuilder job(1);
  job.group("other");
  const int a = job.vertex("a", 1);
  const int b = job.vertex("b", 1, "other");
  job.edge(a, b, ShipStrategy::kForward);
  ASSERT_TRUE(submit(job).isOk());
  const bool sourceOnFirst = first.running.begin()->vertex == job.graph().vertices[0].id;
  (sourceOnFirst ? first : second).finishAll();
  loop_.run();
  network_.cut(sourceOnFirst ? "tm-1" : "tm-2");
  loop_.run();
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kRunning);
  (sourceOnFirst ? second : first).finishAll();
  loop_.run();
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kFinished);
}

TEST_F(BatchTest, TwoRegionsOfOneSharedSlotRunEvenWhenItIsFreedBetween) {
  // b's region shares a's slot and asks for one more while a still runs; a ends before the second
  // slot is there.
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  JobGraphBuilder blocker(9);
  blocker.vertex("blocker", 1);
  ASSERT_TRUE(submit(blocker).isOk());
  const ExecutionAttemptId blocking = *taskManager.running.begin();
  JobGraphBuilder job(1, protocol::JobType::kBatch);
  job.vertex("a", 1);
  const int b = job.vertex("b", 2);
  const int c = job.vertex("c", 2);
  job.edge(b, c, ShipStrategy::kHash);
  ASSERT_TRUE(submit(job).isOk());
  ASSERT_EQ(taskManager.running.size(), 2U);
  for (const auto& attempt : std::set(taskManager.running)) {
    if (attempt.job == job.graph().id) taskManager.report(attempt, ExecutionState::kFinished);
  }
  loop_.run();
  taskManager.report(blocking, ExecutionState::kFinished);
  loop_.run();
  EXPECT_EQ(taskManager.running.size(), 4U);
  taskManager.finishAll();
  loop_.run();
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kFinished);
}

}  // namespace
}  // namespace flink::jobmanager
