#include "tests/cluster/jobmanager/job_manager_fixture.h"

namespace flink::jobmanager {
namespace {

using protocol::JobStatus;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class QueriesTest : public JobManagerTest {};

TEST_F(QueriesTest, LibrariesAreInUseAsLongAsTheirJobsAreKept) {
  settings_.jobStoreMaxCapacity = 1;
  start();
  addTaskManager("tm-1", 1);
  const auto inUse = [&] {
    std::set<BlobDigest> libraries;
    jobManager_->listLibraries([&](std::set<BlobDigest> answer) { libraries = std::move(answer); });
    loop_.run();
    return libraries;
  };
  std::vector<BlobDigest> libraries;
  for (std::uint32_t i = 1; i <= 3; ++i) {
    JobGraphBuilder job(i);
    job.vertex("a", 1);
    job.graph().program.library = testing::idOf<BlobDigest>(i);
    libraries.push_back(job.graph().program.library);
    ASSERT_TRUE(submit(job).isOk());
    EXPECT_TRUE(inUse().contains(libraries.back())) << "it runs";
    ASSERT_TRUE(get(protocol::CancelJobRequest{job.graph().id}).isOk());
    for (const auto& attempt : std::set(taskManagers_[0]->running))
      taskManagers_[0]->report(attempt, protocol::ExecutionState::kCanceled);
    loop_.run();
  }
  EXPECT_THAT(inUse(), ElementsAre(libraries[2])) << "the store keeps one ended job";
}

TEST_F(QueriesTest, VersionSaysWhereEverythingIs) {
  process_.commit = "abc";
  process_.eventPort = 6126;
  process_.pid = 99;
  start().announceRest("localhost:8081");
  addTaskManager("tm-1", 3);
  const auto version = get(protocol::GetVersionRequest{});
  ASSERT_TRUE(version.isOk());
  EXPECT_EQ(version->version, testing::kTestVersion);
  EXPECT_EQ(version->restAddress, "localhost:8081");
  EXPECT_EQ(version->eventPort, 6126);
  EXPECT_EQ(version->pid, 99);
  EXPECT_EQ(version->taskManagers, 1);
  EXPECT_EQ(version->slotsTotal, 3);
}

TEST_F(QueriesTest, ClientsAreServedOverRpc) {
  start();
  auto transport = network_.makeTransport("client");
  static_cast<void>(transport->connect(testing::kJobManagerEndpoint));
  control::RpcEndpoint client({.sender = "client"}, loop_, clock_, *transport);
  client.start();
  std::optional<Result<protocol::ClusterOverview>> answer;
  client.call<protocol::GetOverviewRequest>(testing::kJobManagerEndpoint, {}, seconds(1),
                                            [&](auto result) { answer = std::move(result); });
  loop_.run();
  ASSERT_TRUE(answer.has_value());
  ASSERT_TRUE(answer->isOk());
  EXPECT_EQ((*answer)->version, testing::kTestVersion);
}

TEST_F(QueriesTest, JobsAreListedNewestFirst) {
  start();
  addTaskManager("tm-1", 4);
  for (std::uint32_t n = 1; n <= 3; ++n) {
    auto job = keyedJob(n, 1);
    ASSERT_TRUE(submit(job).isOk());
    loop_.advance(milliseconds(5));
  }
  ASSERT_TRUE(get(protocol::CancelJobRequest{testing::idOf<JobId>(2)}).isOk());
  const auto jobs = get(protocol::ListJobsRequest{})->jobs;
  ASSERT_THAT(jobs, SizeIs(3));
  EXPECT_EQ(jobs[0].name, "job 3");
  EXPECT_EQ(jobs[1].name, "job 2");
  EXPECT_EQ(jobs[1].status, JobStatus::kCanceled);
  EXPECT_EQ(jobs[2].durationMs, 15);
}

TEST_F(QueriesTest, MetricsComeFromHeartbeatsAndEndWithTheJob) {
  start();
  auto& taskManager = addTaskManager("tm-1", 1);
  auto job = keyedJob(1, 1);
  ASSERT_TRUE(submit(job).isOk());
  const ExecutionAttemptId attempt = *taskManager.running.begin();
  protocol::TaskReport report;
  report.attempt = attempt;
  report.io.recordsOut = 5;
  report.metrics = {{"numRecordsOut", "5"}};
  taskManager.heartbeat({report});
  loop_.run();
  const protocol::GetMetricsRequest request{job.graph().id, attempt.vertex};
  const auto metrics = get(request);
  ASSERT_TRUE(metrics.isOk());
  ASSERT_THAT(metrics->subtasks, SizeIs(1));
  EXPECT_THAT(metrics->subtasks[0].values, ElementsAre(Pair("numRecordsOut", "5")));
  EXPECT_EQ(details(job.graph().id).vertices[0].subtasks[0].io.recordsOut, 5);
  EXPECT_EQ(get(protocol::GetMetricsRequest{job.graph().id, testing::idOf<JobVertexId>(99)})
                .status()
                .code(),
            ErrorCode::kNotFound);
  taskManager.finishAll();
  loop_.run();
  EXPECT_THAT(get(request)->subtasks, IsEmpty());
}

TEST_F(QueriesTest, JobMetricsFollowItsState) {
  start();
  auto& taskManager = addTaskManager("tm-1", 1);
  auto job = keyedJob(1, 1);
  ASSERT_TRUE(submit(job).isOk());
  loop_.advance(milliseconds(1'500));
  EXPECT_EQ(metric("uptime"), 1'500);
  EXPECT_EQ(metric("runningTime"), 1'500);
  EXPECT_EQ(metric("allSubTasksRunningOrFinishedTime"), 1'500);
  EXPECT_EQ(metric("deployingTime"), 0);
  EXPECT_EQ(metric("numRestarts"), 0);
  EXPECT_EQ(metric("numRunningJobs"), 1);
  EXPECT_EQ(metric("taskSlotsAvailable"), 0);
  taskManager.followsCancel = false;
  ASSERT_TRUE(get(protocol::CancelJobRequest{job.graph().id}).isOk());
  loop_.advance(milliseconds(100));
  EXPECT_EQ(metric("cancellingTime"), 100);
  EXPECT_EQ(metric("uptime"), 0);
}

TEST_F(QueriesTest, TimesOfStatesAreCurrentAndTotal) {
  config::Configuration configuration;
  configuration.setString("metrics.job.status.enable", "STATE;TOTAL_TIME");
  settings_ = JobManagerSettings::fromConfiguration(configuration).value();
  start();
  auto& taskManager = addTaskManager("tm-1", 1);
  auto job = keyedJob(1, 1);
  job.graph().configuration["restart-strategy.type"] = "fixed-delay";
  job.graph().configuration["restart-strategy.fixed-delay.delay"] = "2 s";
  ASSERT_TRUE(submit(job).isOk());
  EXPECT_EQ(metric("runningState"), 1);
  loop_.advance(milliseconds(1'500));
  taskManager.fail(*taskManager.running.begin(), "FLINK-JOB-008", "poison");
  loop_.run();
  EXPECT_EQ(metric("runningState"), 0);
  EXPECT_EQ(metric("restartingState"), 1);
  EXPECT_EQ(metric("downtime"), 0) << "Flink's: only a job that fails for good is down";
  loop_.advance(milliseconds(2'000));
  loop_.run();
  loop_.advance(milliseconds(500));
  EXPECT_EQ(metric("runningTimeTotal"), 2'000);
  EXPECT_EQ(metric("restartingTimeTotal"), 2'000);
  EXPECT_EQ(metric("runningTime"), -1) << "not asked for";
}

TEST_F(QueriesTest, EventsTellEveryMoveOfEveryTask) {
  start();
  auto& taskManager = addTaskManager("tm-1", 1);
  taskManager.tasks = FakeTaskManager::Tasks::kFinish;
  auto job = keyedJob(1, 1);
  ASSERT_TRUE(submit(job).isOk());
  ASSERT_FALSE(events_.empty());
  EXPECT_EQ(events_.front().kind, "taskmanager.registered");
  int taskEvents = 0;
  for (std::size_t i = 0; i < events_.size(); ++i) {
    EXPECT_EQ(events_[i].sequence, 0U) << "the event stream alone numbers them";
    EXPECT_EQ(events_[i].epoch, jobManager_->epoch());
    taskEvents += events_[i].kind == "task.state" ? 1 : 0;
  }
  EXPECT_EQ(taskEvents, 10);  // SCHEDULED, DEPLOYING, INITIALIZING, RUNNING, FINISHED of two tasks
}

TEST_F(QueriesTest, OperatorEventsAreRoutedByOperatorAndSubtask) {
  start();
  auto& first = addTaskManager("tm-1", 1);
  auto& second = addTaskManager("tm-2", 1);
  auto job = keyedJob(1, 2);
  ASSERT_TRUE(submit(job).isOk());
  const auto isZero = [](const auto& attempt) { return attempt.subtask == 0; };
  auto& home = isZero(*first.running.begin()) ? first : second;
  auto& away = isZero(*first.running.begin()) ? second : first;

  protocol::OperatorEvent event{
      job.graph().id, job.graph().vertices[0].operators[0].id, 1, 0, true, "give me a split"};
  const auto request = away.send(protocol::OperatorEventRequest{event});
  loop_.run();
  ASSERT_THAT(home.events, SizeIs(1));
  EXPECT_EQ(home.events[0].payload, "give me a split");
  EXPECT_EQ(home.events[0].subtask, 1);
  ASSERT_TRUE(request->has_value());
  EXPECT_TRUE((*request)->isOk());

  event.toCoordinator = false;
  home.send(protocol::OperatorEventRequest{event});
  loop_.run();
  EXPECT_THAT(away.events, SizeIs(1));

  event.subtask = 7;
  const auto lost = home.send(protocol::OperatorEventRequest{event});
  loop_.run();
  EXPECT_EQ((*lost)->status().code(), ErrorCode::kNotFound);
}

TEST_F(QueriesTest, OperatorEventsArriveOnceAndInOrderAfterAStall) {
  start();
  auto& first = addTaskManager("tm-1", 1);
  auto& second = addTaskManager("tm-2", 1);
  auto job = keyedJob(1, 2);
  ASSERT_TRUE(submit(job).isOk());
  const bool firstIsHome = first.running.begin()->subtask == 0;
  auto& home = firstIsHome ? first : second;
  auto& away = firstIsHome ? second : first;
  const std::string homeName = firstIsHome ? "tm-1" : "tm-2";

  network_.stall(homeName);
  std::vector<std::string> sent;
  for (int i = 0; i < 6; ++i) {
    sent.push_back("event " + std::to_string(i));
    const auto taken = away.send(protocol::OperatorEventRequest{
        {job.graph().id, job.graph().vertices[0].operators[0].id, 1, 0, true, sent.back()}});
    loop_.advance(std::chrono::seconds(6));
    ASSERT_TRUE(taken->has_value()) << "one receiver's stall holds the sender back";
    EXPECT_TRUE((*taken)->isOk());
  }
  network_.resume(homeName);
  loop_.advance(std::chrono::seconds(12));
  std::vector<std::string> arrived;
  for (const auto& event : home.events) arrived.push_back(event.payload);
  EXPECT_EQ(arrived, sent);
}

TEST_F(QueriesTest, LateNewsOfAnEndedJobIsNoError) {
  start();
  auto& taskManager = addTaskManager("tm-1", 1);
  auto job = keyedJob(1, 1);
  ASSERT_TRUE(submit(job).isOk());
  const ExecutionAttemptId attempt = *taskManager.running.begin();
  taskManager.finishAll();
  loop_.run();
  ASSERT_EQ(statusOf(job.graph().id), JobStatus::kFinished);
  const auto event = taskManager.send(protocol::OperatorEventRequest{
      {job.graph().id, job.graph().vertices[0].operators[0].id, 0, 0, true, "late"}});
  protocol::TaskStateChangedRequest change;
  change.attempt = attempt;
  change.state = protocol::ExecutionState::kFinished;
  const auto state = taskManager.send(std::move(change));
  const auto unknown = taskManager.send(protocol::OperatorEventRequest{});
  loop_.run();
  EXPECT_TRUE((*event)->isOk());
  EXPECT_TRUE((*state)->isOk());
  EXPECT_EQ((*unknown)->status().code(), ErrorCode::kJobNotFound);
}

TEST_F(QueriesTest, CollectedRecordsWaitForTheirClient) {
  settings_.collectBufferBytes = 10;
  start();
  auto& taskManager = addTaskManager("tm-1", 1);
  auto job = keyedJob(1, 1);
  const JobId id = job.graph().id;
  ASSERT_TRUE(submit(job).isOk());
  const auto early = ask(protocol::CollectResultsRequest{id, "sink", 0, 1'000});
  EXPECT_FALSE(early->has_value());

  const auto small =
      taskManager.send(protocol::CollectedRecordsRequest{id, "sink", {"aaa", "bbb"}});
  loop_.run();
  ASSERT_TRUE(early->has_value());
  EXPECT_THAT((**early)->records, ElementsAre("aaa", "bbb"));
  EXPECT_FALSE((**early)->finished);
  EXPECT_TRUE(small->has_value());

  const auto large = taskManager.send(protocol::CollectedRecordsRequest{id, "sink", {"ccccc"}});
  loop_.run();
  EXPECT_FALSE(large->has_value());  // 11 bytes lie there: the sink waits
  EXPECT_THAT(get(protocol::CollectResultsRequest{id, "sink", 1, 0})->records,
              ElementsAre("bbb", "ccccc"));
  loop_.run();
  EXPECT_TRUE(large->has_value());
  EXPECT_THAT(get(protocol::CollectResultsRequest{id, "sink", 1, 0})->records,
              ElementsAre("bbb", "ccccc"));
  EXPECT_EQ(get(protocol::CollectResultsRequest{id, "sink", 0, 0}).status().code(),
            ErrorCode::kInvalidArgument);

  taskManager.finishAll();
  loop_.run();
  const auto rest = get(protocol::CollectResultsRequest{id, "sink", 2, 1'000});
  EXPECT_THAT(rest->records, ElementsAre("ccccc"));
  EXPECT_TRUE(rest->finished);
  const auto after = get(protocol::CollectResultsRequest{id, "sink", 3, 1'000});
  EXPECT_THAT(after->records, IsEmpty());
  EXPECT_TRUE(after->finished);
}

TEST_F(QueriesTest, CollectEndsWithNothingWhenItsTimeIsOver) {
  start();
  addTaskManager("tm-1", 1);
  auto job = keyedJob(1, 1);
  ASSERT_TRUE(submit(job).isOk());
  const auto waiting = ask(protocol::CollectResultsRequest{job.graph().id, "sink", 0, 1'000});
  loop_.advance(seconds(1));
  ASSERT_TRUE(waiting->has_value());
  EXPECT_THAT((**waiting)->records, IsEmpty());
  EXPECT_FALSE((**waiting)->finished);
}

TEST_F(QueriesTest, LogsAreLookedUpByName) {
  files_.content = {{"/logs/jobmanager.log", "hello world"},
                    {"/logs/jobmanager-2.log", "of another cluster"},
                    {"/logs/taskmanager.log", "of a TaskManager"},
                    {"/secret", "no"}};
  start();
  const auto list = get(protocol::ListLogsRequest{"jobmanager"});
  ASSERT_TRUE(list.isOk());
  ASSERT_THAT(list->files, SizeIs(1));
  EXPECT_EQ(list->files[0].name, "jobmanager.log");
  EXPECT_EQ(list->files[0].size, 11);
  const auto tail = get(protocol::ReadLogRequest{"jobmanager", "jobmanager.log", -5, 100});
  ASSERT_TRUE(tail.isOk());
  EXPECT_EQ(tail->data, "world");
  EXPECT_EQ(tail->offset, 6);
  EXPECT_EQ(tail->fileSize, 11);
  for (const char* name : {"../secret", "taskmanager.log", "jobmanager-2.log"}) {
    EXPECT_EQ(get(protocol::ReadLogRequest{"jobmanager", name, 0, 100}).status().code(),
              ErrorCode::kNotFound);
  }
  EXPECT_EQ(get(protocol::ReadLogRequest{"jobmanager", "jobmanager.log", 500, 100})->data, "");
}

TEST_F(QueriesTest, LogsOfTaskManagersAreRelayed) {
  start();
  addTaskManager("tm-1", 1);
  EXPECT_EQ(get(protocol::ListLogsRequest{"tm-1"})->files.at(0).name, "taskmanager.log");
  EXPECT_EQ(get(protocol::ReadLogRequest{"tm-1", "taskmanager.log", 3, 10})->data,
            "text of taskmanager.log");
  EXPECT_EQ(get(protocol::ListLogsRequest{"tm-2"}).status().code(), ErrorCode::kTaskManagerUnknown);
}

}  // namespace
}  // namespace flink::jobmanager
