#include "core/base/process_state.h"
#include "tests/cluster/jobmanager/job_manager_fixture.h"

/// What is said of TaskManagers that are lost, and when a job that was ended by force is over.
namespace flink::jobmanager {
namespace {

using protocol::JobStatus;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class LossesTest : public JobManagerTest {};

TEST_F(LossesTest, ALostProcessOfThisHostIsSaidToBeGone) {
  start();
  addTaskManager("tm-1", 1);
  auto& second = *taskManagers_.emplace_back(
      std::make_unique<FakeTaskManager>(network_, loop_, clock_, "tm-2", 1));
  second.self.host = process_.host;
  files_.content["/proc/4711/stat"] = "4711 (flink-taskmanager) S 1 4711";
  second.registerNow();
  auto job = keyedJob(1, 2);
  ASSERT_TRUE(submit(job).isOk());
  network_.cut("tm-2");
  loop_.advance(std::chrono::milliseconds(200));
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kRunning) << "its end is a moment away";
  files_.content["/proc/4711/stat"] = "4711 (flink-taskmanager) Z 1 4711";
  loop_.advance(std::chrono::milliseconds(50));
  const auto failure = waitFor(job.graph().id)->result->failure;
  ASSERT_TRUE(failure.has_value());
  EXPECT_THAT(failure->message, HasSubstr("process 4711 on host " + machineName() + " is gone"));
}

TEST_F(LossesTest, AConnectionThatClosedIsLostThoughItsProcessRuns) {
  start();
  auto& taskManager = *taskManagers_.emplace_back(
      std::make_unique<FakeTaskManager>(network_, loop_, clock_, "tm-1", 2));
  taskManager.self.host = process_.host;
  files_.content["/proc/4711/stat"] = "4711 (flink-taskmanager) R 1 4711";
  taskManager.registerNow();
  auto job = keyedJob(1, 2), another = keyedJob(2, 2);
  ASSERT_TRUE(submit(job).isOk());
  network_.cut("tm-1");
  loop_.advance(seconds(2));
  EXPECT_THAT(waitFor(job.graph().id)->result->failure->message,
              HasSubstr("runs and does not answer"));
  taskManager.registerNow();
  loop_.run();
  ASSERT_TRUE(submit(another).isOk());
  network_.cut("tm-1");
  loop_.run();
  taskManager.registerNow();  // before its end was given up
  loop_.run();
  EXPECT_THAT(waitFor(another.graph().id)->result->failure->message,
              HasSubstr("connection of TaskManager broke"));
  EXPECT_EQ(overview().taskManagers, 1);
}

TEST_F(LossesTest, ASilentProcessOfThisHostIsSaidToBeStopped) {
  start();
  auto& taskManager = *taskManagers_.emplace_back(
      std::make_unique<FakeTaskManager>(network_, loop_, clock_, "tm-1", 2));
  taskManager.self.host = process_.host;
  taskManager.registerNow();
  auto job = keyedJob(1, 2);
  ASSERT_TRUE(submit(job).isOk());
  files_.content["/proc/4711/stat"] = "4711 (a name) S (x) T 1 4711";
  taskManager.sendsHeartbeats = false;
  loop_.advance(seconds(51));
  EXPECT_THAT(waitFor(job.graph().id)->result->failure->message,
              HasSubstr("process 4711 on host " + machineName() + " is stopped (SIGSTOP)"));
}

TEST_F(LossesTest, AForcedEndIsOverWhenTheWorkerIs) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  taskManager.followsCancel = false;
  taskManager.workerStays = true;
  auto job = keyedJob(1, 2);
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  ASSERT_TRUE(get(protocol::CancelJobRequest{id}).isOk());
  loop_.advance(std::chrono::seconds(181));
  ASSERT_THAT(taskManager.keptReleases, SizeIs(1));
  loop_.advance(std::chrono::seconds(40));
  EXPECT_EQ(statusOf(id), JobStatus::kCancelling);
  EXPECT_THAT(taskManager.released, SizeIs(1)) << "a repeated request must not run again";
  taskManager.keptReleases[0](protocol::Empty{});
  loop_.run();
  EXPECT_EQ(statusOf(id), JobStatus::kCanceled);
}

}  // namespace
}  // namespace flink::jobmanager
