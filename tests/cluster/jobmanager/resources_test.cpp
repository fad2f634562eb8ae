#include "tests/cluster/jobmanager/job_manager_fixture.h"

namespace flink::jobmanager {
namespace {

using protocol::ExecutionState;
using protocol::JobStatus;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class ResourcesTest : public JobManagerTest {};

TEST_F(ResourcesTest, RegistrationAnswersEpochHeartbeatAndBlobPort) {
  start();
  auto& taskManager = addTaskManager("tm-1", 4);
  ASSERT_TRUE(taskManager.registration.has_value());
  ASSERT_TRUE(taskManager.registration->isOk());
  const auto& answer = **taskManager.registration;
  EXPECT_EQ(answer.epoch, jobManager_->epoch());
  EXPECT_EQ(answer.heartbeatIntervalMs, 10'000);
  EXPECT_EQ(answer.heartbeatTimeoutMs, 50'000);
  EXPECT_EQ(answer.blobPort, 6124);
  EXPECT_EQ(overview().taskManagers, 1);
  EXPECT_EQ(overview().slotsTotal, 4);
  EXPECT_EQ(metric("numRegisteredTaskManagers"), 1);
  EXPECT_EQ(metric("taskSlotsAvailable"), 4);
}

TEST_F(ResourcesTest, LaterJobManagerHasALargerEpoch) {
  const Epoch first = start().epoch();
  shutDown();
  testing::ManualClock later(1'700'000'000'001);
  auto rng = makeSeededRng(1);
  auto transport = network_.makeTransport("second");
  control::RpcEndpoint rpc({.sender = "second"}, loop_, later, *transport);
  const JobManager second(settings_, process_,
                          {loop_, later, *rng, rpc, files_, metrics_, nullptr, nullptr});
  EXPECT_GT(second.epoch(), first);
}

TEST_F(ResourcesTest, AnotherReleaseIsRefusedWithBothVersions) {
  start();
  FakeTaskManager taskManager(network_, loop_, clock_, "tm-old", 4);
  taskManager.version = "0.0.9";
  taskManager.registerNow();
  loop_.run();
  ASSERT_TRUE(taskManager.registration.has_value());
  EXPECT_EQ(taskManager.registration->status().code(), ErrorCode::kTaskManagerRefused);
  EXPECT_THAT(taskManager.registration->status().message(),
              HasSubstr("version=0.0.9 expected=0.1.0"));
  EXPECT_EQ(overview().taskManagers, 0);
}

TEST_F(ResourcesTest, JobWaitsForTaskManagersToCome) {
  start();
  addTaskManager("tm-1", 2);
  auto job = keyedJob(1, 4);
  ASSERT_TRUE(submit(job).isOk());
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kRunning);
  EXPECT_EQ(
      details(job.graph().id).overview.tasks[static_cast<std::size_t>(ExecutionState::kScheduled)],
      8);
  auto& second = addTaskManager("tm-2", 2);
  EXPECT_EQ(second.numSubmitted(), 4U);
  EXPECT_EQ(
      details(job.graph().id).overview.tasks[static_cast<std::size_t>(ExecutionState::kRunning)],
      8);
}

TEST_F(ResourcesTest, LargeJobTravelsInSeveralMessagesAndItsGraphOnce) {
  start();
  auto& taskManager = addTaskManager("tm-1", 400);
  taskManager.tasks = FakeTaskManager::Tasks::kFinish;
  auto job = keyedJob(1, 400);
  for (auto& vertex : job.graph().vertices) vertex.maxParallelism = 400;
  ASSERT_TRUE(submit(job).isOk());
  EXPECT_GT(taskManager.submissions.size(), 2U);
  EXPECT_EQ(taskManager.numSubmitted(), 800U);
  EXPECT_TRUE(taskManager.submissions[0].jobGraph.has_value());
  EXPECT_FALSE(taskManager.submissions[1].jobGraph.has_value());
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kFinished);
}

TEST_F(ResourcesTest, TooFewSlotsFailTheJobAfterSlotRequestTimeout) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  auto job = keyedJob(1, 3);
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  loop_.advance(seconds(299));
  EXPECT_EQ(statusOf(id), JobStatus::kRunning);
  loop_.advance(seconds(1));
  EXPECT_EQ(statusOf(id), JobStatus::kFailed);
  const auto failure = waitFor(id)->result->failure;
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->errorId, "FLINK-JOB-003");
  EXPECT_THAT(
      failure->stackTrace,
      HasSubstr("org.apache.flink.runtime.jobmanager.scheduler.NoResourceAvailableException"));
  EXPECT_THAT(failure->stackTrace, HasSubstr("needed=3 available=2 total=2"));
  EXPECT_EQ(taskManager.numSubmitted(), 0U);
  EXPECT_EQ(overview().slotsAvailable, 2);
}

TEST_F(ResourcesTest, WaitingJobSaysForWhat) {
  start();
  addTaskManager("tm-1", 2);
  auto job = keyedJob(1, 3);
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  EXPECT_EQ(details(id).statusMessage, "waiting for 3 slots, 2 available");
  addTaskManager("tm-2", 1);
  EXPECT_EQ(details(id).statusMessage, "");
  EXPECT_EQ(details(id).overview.tasks[static_cast<std::size_t>(ExecutionState::kRunning)], 6);
}

TEST_F(ResourcesTest, JobMayHaveItsOwnSlotRequestTimeout) {
  start();
  addTaskManager("tm-1", 1);
  auto patient = keyedJob(1, 2), hasty = keyedJob(2, 2), mistaken = keyedJob(3, 2);
  hasty.graph().configuration["slot.request.timeout"] = "10 s";
  mistaken.graph().configuration["slot.request.timeout"] = "soon";
  ASSERT_TRUE(submit(patient).isOk());
  ASSERT_TRUE(submit(hasty).isOk());
  const Status refused = submit(mistaken);
  EXPECT_EQ(refused.code(), ErrorCode::kConfigInvalidValue);
  EXPECT_THAT(refused.message(), HasSubstr("slot.request.timeout"));
  loop_.advance(seconds(10));
  EXPECT_EQ(statusOf(hasty.graph().id), JobStatus::kFailed);
  EXPECT_EQ(statusOf(patient.graph().id), JobStatus::kRunning);
}

TEST_F(ResourcesTest, JobMayHaveItsOwnCancellationTimeout) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  taskManager.followsCancel = false;
  auto job = keyedJob(1, 2);
  job.graph().configuration["task.cancellation.timeout"] = "7 s";
  ASSERT_TRUE(submit(job).isOk());
  ASSERT_TRUE(get(protocol::CancelJobRequest{job.graph().id}).isOk());
  loop_.advance(seconds(6));
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kCancelling);
  loop_.advance(seconds(2));
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kCanceled);
}

TEST_F(ResourcesTest, TasksNameTheResourcesOfTheirSlot) {
  start();
  taskManagers_.push_back(std::make_unique<FakeTaskManager>(network_, loop_, clock_, "tm-1", 4));
  auto& taskManager = *taskManagers_.back();
  taskManager.self.total = {4, 400, 40, 4000, 400};
  taskManager.registerNow();
  loop_.run();
  auto equal = keyedJob(1, 1), profiled = keyedJob(2, 1);
  profiled.graph().slotSharingGroups[0].profile = {0.5, 50, 5, 2500, 0};
  ASSERT_TRUE(submit(equal).isOk());
  ASSERT_TRUE(submit(profiled).isOk());
  ASSERT_THAT(taskManager.submissions, SizeIs(2));
  for (const auto& task : taskManager.submissions[0].tasks)
    EXPECT_EQ(task.resource, (protocol::ResourceProfile{1, 100, 10, 1000, 100}));
  for (const auto& task : taskManager.submissions[1].tasks)
    EXPECT_EQ(task.resource, (protocol::ResourceProfile{0.5, 50, 5, 2500, 100}))
        << "network memory that the profile does not name is an equal share";
}

TEST_F(ResourcesTest, SmallJobRunsWhileALargeOneWaits) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  auto large = keyedJob(1, 3);
  auto small = keyedJob(2, 2);
  ASSERT_TRUE(submit(large).isOk());
  ASSERT_TRUE(submit(small).isOk());
  EXPECT_THAT(taskManager.submissions, SizeIs(1));
  EXPECT_EQ(taskManager.submissions[0].job, small.graph().id);
}

TEST_F(ResourcesTest, WaitingJobGetsTheSlotsOfOneThatEnds) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  auto first = keyedJob(1, 2);
  auto second = keyedJob(2, 2);
  ASSERT_TRUE(submit(first).isOk());
  ASSERT_TRUE(submit(second).isOk());
  EXPECT_THAT(taskManager.submissions, SizeIs(1));
  taskManager.finishAll();
  loop_.run();
  ASSERT_THAT(taskManager.submissions, SizeIs(2));
  EXPECT_EQ(taskManager.submissions[1].job, second.graph().id);
}

TEST_F(ResourcesTest, ClosedConnectionFailsTheJobNamingHostAndPid) {
  start();
  addTaskManager("tm-1", 1);
  auto& second = addTaskManager("tm-2", 1);
  auto job = keyedJob(1, 2);
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  ASSERT_EQ(second.numSubmitted(), 2U);
  network_.cut("tm-2");
  loop_.run();
  EXPECT_EQ(statusOf(id), JobStatus::kFailed);
  const auto failure = waitFor(id)->result->failure;
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->errorId, "FLINK-TM-004");
  EXPECT_THAT(failure->message, HasSubstr("taskManager=tm-2 host=tm-2.host pid=4711"));
  EXPECT_THAT(failure->stackTrace,
              HasSubstr("org.apache.flink.runtime.jobmaster.JobMasterException"));
  EXPECT_EQ(overview().taskManagers, 1);
  EXPECT_EQ(overview().slotsAvailable, 1);
  EXPECT_EQ(events_.back().kind == "job.status", true);
}

TEST_F(ResourcesTest, MissingHeartbeatsLoseATaskManager) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  auto job = keyedJob(1, 2);
  ASSERT_TRUE(submit(job).isOk());
  taskManager.sendsHeartbeats = false;
  loop_.advance(seconds(49));
  EXPECT_EQ(overview().taskManagers, 1);
  loop_.advance(seconds(2));
  EXPECT_EQ(overview().taskManagers, 0);
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kFailed);
  EXPECT_THAT(waitFor(job.graph().id)->result->failure->message,
              HasSubstr("heartbeat of TaskManager timed out"));
}

TEST_F(ResourcesTest, LostTaskManagerEndsACancellingJob) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  taskManager.followsCancel = false;
  auto job = keyedJob(1, 2);
  ASSERT_TRUE(submit(job).isOk());
  ASSERT_TRUE(get(protocol::CancelJobRequest{job.graph().id}).isOk());
  network_.cut("tm-1");
  loop_.run();
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kCanceled);
}

TEST_F(ResourcesTest, TaskManagerThatSaysGoodbyeIsRemovedAtOnce) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  taskManager.send(
      protocol::UnregisterTaskManagerRequest{taskManager.self.id, "stopped by its user"});
  loop_.run();
  EXPECT_EQ(overview().taskManagers, 0);
  EXPECT_EQ(events_.back().kind, "taskmanager.lost");
  EXPECT_THAT(events_.back().attributes.at("reason"), HasSubstr("stopped by its user"));
}

TEST_F(ResourcesTest, ReconnectedTaskManagerKeepsItsJobs) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  auto job = keyedJob(1, 2);
  ASSERT_TRUE(submit(job).isOk());
  taskManager.runningJobs = {job.graph().id};
  taskManager.registerNow();
  loop_.run();
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kRunning);
  EXPECT_EQ(overview().slotsAvailable, 0);
  EXPECT_EQ(overview().taskManagers, 1);
}

TEST_F(ResourcesTest, ReconnectedTaskManagerWithoutItsWorkerFailsTheJob) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  auto job = keyedJob(1, 2);
  ASSERT_TRUE(submit(job).isOk());
  taskManager.registerNow();
  loop_.run();
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kFailed);
  EXPECT_EQ(overview().slotsAvailable, 2);
}

TEST_F(ResourcesTest, JobsFromBeforeARestartAreEnded) {
  start();
  FakeTaskManager taskManager(network_, loop_, clock_, "tm-1", 2);
  const JobId unknown = testing::idOf<JobId>(77);
  taskManager.runningJobs = {unknown};
  taskManager.registerNow();
  loop_.run();
  EXPECT_THAT(taskManager.released,
              ElementsAre(Pair(unknown, "the JobManager does not run this job")));
}

TEST_F(ResourcesTest, LateAnswerToAReleaseDoesNotForgetTheNextWorker) {
  start();
  auto& taskManager = *taskManagers_.emplace_back(
      std::make_unique<FakeTaskManager>(network_, loop_, clock_, "tm-1", 2));
  auto job = keyedJob(1, 2);
  const JobId id = job.graph().id;
  taskManager.runningJobs = {id};  // of an earlier JobManager
  taskManager.keepsReleases = true;
  taskManager.registerNow();
  loop_.run();
  ASSERT_THAT(taskManager.keptReleases, SizeIs(1));
  ASSERT_TRUE(submit(job).isOk());
  ASSERT_EQ(statusOf(id), JobStatus::kRunning);
  taskManager.keptReleases[0](protocol::Empty{});
  loop_.run();
  taskManager.self.allocatedSlots = {{id, {}, 2}};
  taskManager.heartbeat();
  loop_.run();
  EXPECT_THAT(taskManager.released, SizeIs(1)) << "the job runs here";
  network_.cut("tm-1");
  loop_.run();
  EXPECT_EQ(statusOf(id), JobStatus::kFailed) << "its loss is the job's";
}

TEST_F(ResourcesTest, HeartbeatThatNamesAnEndedJobBringsItsReleaseAgain) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  const JobId unknown = testing::idOf<JobId>(77);
  taskManager.self.allocatedSlots = {{unknown, {}, 1}};
  taskManager.heartbeat();
  loop_.run();
  EXPECT_THAT(taskManager.released, SizeIs(1));
}

TEST_F(ResourcesTest, HeartbeatOfAnUnknownTaskManagerAsksItToRegister) {
  start();
  FakeTaskManager taskManager(network_, loop_, clock_, "tm-1", 2);
  const auto answer =
      taskManager.send(protocol::HeartbeatRequest{taskManager.self.id, taskManager.self, {}});
  loop_.run();
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ((*answer)->status().code(), ErrorCode::kTaskManagerUnknown);
}

TEST_F(ResourcesTest, RestartedProcessOfTheSameIdReplacesTheOldOne) {
  start();
  auto& taskManager = addTaskManager("tm-1", 2);
  auto job = keyedJob(1, 2);
  ASSERT_TRUE(submit(job).isOk());
  taskManager.self.pid = 4712;
  taskManager.registerNow();
  loop_.run();
  EXPECT_EQ(statusOf(job.graph().id), JobStatus::kFailed);
  EXPECT_THAT(waitFor(job.graph().id)->result->failure->message,
              HasSubstr("replaced by a new process"));
  EXPECT_EQ(overview().slotsAvailable, 2);
}

TEST_F(ResourcesTest, NewerKeyOfThePlacementWins) {
  const auto placementOf = [](const std::map<std::string, std::string>& values) {
    return JobManagerSettings::fromConfiguration(config::Configuration::fromMap(values))->placement;
  };
  using scheduler::PlacementStrategy;
  const std::string mode = "taskmanager.load-balance.mode";
  const std::string spread = "cluster.evenly-spread-out-slots";
  EXPECT_EQ(placementOf({}), PlacementStrategy::kSpread);
  EXPECT_EQ(placementOf({{spread, "false"}}), PlacementStrategy::kPack);
  EXPECT_EQ(placementOf({{mode, "NONE"}, {spread, "true"}}), PlacementStrategy::kPack);
  EXPECT_EQ(placementOf({{mode, "none"}}), PlacementStrategy::kPack);
  EXPECT_EQ(placementOf({{mode, "SLOTS"}, {spread, "false"}}), PlacementStrategy::kSpread);
}

TEST_F(ResourcesTest, ViewShowsSlotsTasksAndResources) {
  start();
  auto& taskManager = addTaskManager("tm-1", 4);
  auto job = keyedJob(1, 2);
  ASSERT_TRUE(submit(job).isOk());
  const auto view = get(protocol::GetTaskManagerRequest{taskManager.self.id});
  ASSERT_TRUE(view.isOk());
  EXPECT_EQ(view->freeSlots, 2);
  EXPECT_EQ(view->assignedTasks, 4);
  EXPECT_EQ(view->free.managedBytes, 200);
  ASSERT_THAT(view->allocatedSlots, SizeIs(2));
  EXPECT_EQ(view->allocatedSlots[0].job, job.graph().id);
  EXPECT_EQ(view->allocatedSlots[0].assignedTasks, 2);
  EXPECT_EQ(view->allocatedSlots[0].resource.managedBytes, 100);
  EXPECT_EQ(get(protocol::GetTaskManagerRequest{TaskManagerId("tm-9")}).status().code(),
            ErrorCode::kTaskManagerUnknown);
  EXPECT_THAT(get(protocol::ListTaskManagersRequest{})->taskManagers, SizeIs(1));
}

}  // namespace
}  // namespace flink::jobmanager
