#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "tests/cluster/taskmanager/task_manager_fixture.h"

namespace flink::taskmanager {
namespace {

using protocol::ExecutionState;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST_F(TaskManagerTest, RegistersItsSlotsAndSendsHeartbeats) {
  start();
  ASSERT_EQ(registrations_.size(), 1U);
  EXPECT_EQ(registrations_[0].self.id.text(), "tm");
  EXPECT_EQ(registrations_[0].self.slots, 4);
  EXPECT_EQ(registrations_[0].self.total.networkBytes, 4 << 20);
  EXPECT_EQ(numRegistered_, 1);
  loop_.advance(seconds(30));
  EXPECT_EQ(heartbeats_.size(), 3U);
}

TEST_F(TaskManagerTest, RemovesWhatAKilledOneLeftAndNotWhatALivingOneHas) {
  const std::string& parent = settings_.temporaryDirectory;
  const pid_t killed = ::fork();
  if (killed == 0) {
    const auto left = fs::OwnedDirectory::claim(*files_, parent, "flink-taskmanager", "killed");
    const auto made = files_->createDirectories((*left)->path() + "/blobs");
    ::_exit(left.isOk() && made.isOk() ? 0 : 1);
  }
  int status = 1;
  ASSERT_EQ(::waitpid(killed, &status, 0), killed);
  ASSERT_EQ(status, 0);
  const auto living = fs::OwnedDirectory::claim(*files_, parent, "flink-taskmanager", "living");
  start();
  EXPECT_FALSE(files_->status(parent + "/flink-taskmanager-killed").isOk());
  EXPECT_TRUE(files_->status((*living)->path()).isOk());
  stop();
  EXPECT_EQ(files_->list(parent)->size(), 2U);  // the living one's and its lock
}

TEST_F(TaskManagerTest, OneWorkerPerJobGetsTheShareOfItsSlots) {
  start();
  EXPECT_TRUE(ask(submission(1, {0, 1})).isOk());
  ASSERT_EQ(launcher_.workers.size(), 1U);
  EXPECT_EQ(worker().launch.job, testing::idOf<JobId>(1));
  EXPECT_EQ(worker().started.networkBytes, 2 << 20);
  EXPECT_EQ(worker().started.token, testing::idOf<JobToken>(1));
  ASSERT_EQ(worker().submissions.size(), 1U);
  EXPECT_EQ(worker().submissions[0].tasks.size(), 2U);
  EXPECT_TRUE(ask(submission(2, {2})).isOk());
  EXPECT_EQ(launcher_.workers.size(), 2U);
  loop_.advance(seconds(10));
  EXPECT_EQ(heartbeats_.back().self.freeSlots, 1);
  EXPECT_EQ(heartbeats_.back().self.assignedTasks, 3);
}

TEST_F(TaskManagerTest, SlotsHaveTheResourcesThatTheirTasksName) {
  start();
  auto request = submission(1, {0, 0, 1});
  for (int i : {0, 1}) request.submission.tasks[i].resource = {0.5, 150, 0, 2500, 3 << 18};
  EXPECT_TRUE(ask(request).isOk());
  EXPECT_EQ(worker().started.networkBytes, (3 << 18) + (1 << 20)) << "two slots";
  loop_.advance(seconds(10));
  const auto& self = heartbeats_.back().self;
  EXPECT_EQ(self.free, (protocol::ResourceProfile{2.5, 150, 0, 500, (3 << 20) - (3 << 18)}));
  ASSERT_EQ(self.allocatedSlots.size(), 2U);
  EXPECT_EQ(self.allocatedSlots[0].resource.managedBytes, 2500);
  EXPECT_EQ(self.allocatedSlots[0].assignedTasks, 2);
}

TEST_F(TaskManagerTest, RequestedMemoryUsageAddsUpOverWorkers) {
  settings_.memory.network = 100 * settings_.segmentBytes;
  start();
  for (const std::uint32_t job : {1, 2}) {
    EXPECT_TRUE(ask(submission(job, {static_cast<int>(job)})).isOk());
    protocol::WorkerReportRequest report;
    report.memory = {{"nettyShuffleMemorySegmentsUsed", 5},
                     {"nettyShuffleMemorySegmentsRequested", 60}};
    worker(job - 1).rpc.call<protocol::WorkerReportRequest>(control::LocalChannel::kPeer, report,
                                                            seconds(10), [](auto&&) {});
  }
  loop_.run();
  std::map<std::string, metrics::GaugeValue> gauges;
  for (const auto& sample : taskManager_->collectMetrics()) {
    if (const auto* value = std::get_if<std::int64_t>(&sample.value)) gauges[sample.name] = *value;
  }
  EXPECT_EQ(gauges["Status.Shuffle.Netty.RequestedMemoryUsage"], metrics::GaugeValue(120L));
  EXPECT_EQ(gauges["Status.Shuffle.Netty.UsedMemorySegments"], metrics::GaugeValue(10L));
}

TEST_F(TaskManagerTest, WorkersAreAPartOfTheTaskManagersFigures) {
  start();
  for (const std::uint32_t job : {1, 2}) {
    EXPECT_TRUE(ask(submission(job, {static_cast<int>(job)})).isOk());
    protocol::WorkerReportRequest report;
    report.memory = {{"cpuTimeNanos", 100}, {"threads", 4}, {"heapUsed", 1000}};
    worker(job - 1).rpc.call<protocol::WorkerReportRequest>(control::LocalChannel::kPeer, report,
                                                            seconds(10), [](auto&&) {});
  }
  loop_.run();
  EXPECT_EQ(taskManager_->processFigures().cpuTimeNanos, 200);
  EXPECT_EQ(taskManager_->processFigures().threads, 8);
  EXPECT_EQ(taskManager_->processFigures().heapUsed, 2000);
  worker(0).exit(SIGKILL);
  loop_.run();
  EXPECT_EQ(taskManager_->processFigures().cpuTimeNanos, 200) << "time that was taken stays taken";
  EXPECT_EQ(taskManager_->processFigures().threads, 4);
}

TEST_F(TaskManagerTest, ARepeatedSubmissionStartsNothingTwice) {
  start();
  EXPECT_TRUE(ask(submission(1, {0})).isOk());
  EXPECT_TRUE(ask(submission(1, {0})).isOk());
  EXPECT_EQ(launcher_.workers.size(), 1U);
  EXPECT_TRUE(worker().submissions.back().tasks.empty() || worker().submissions.size() == 1);
  loop_.advance(seconds(10));
  EXPECT_EQ(heartbeats_.back().self.assignedTasks, 1);
}

TEST_F(TaskManagerTest, RefusesOccupiedSlotsAndJobsWithoutGraph) {
  start();
  EXPECT_TRUE(ask(submission(1, {0})).isOk());
  EXPECT_EQ(ask(submission(2, {0})).code(), ErrorCode::kSlotOccupied);
  EXPECT_EQ(ask(submission(3, {1}, false)).code(), ErrorCode::kTaskNotFound);
  EXPECT_EQ(launcher_.workers.size(), 1U);
}

TEST_F(TaskManagerTest, UnknownJobsCannotBeCancelledButReleased) {
  start();
  EXPECT_EQ(ask(protocol::CancelTasksRequest{testing::idOf<JobId>(9), {}}).code(),
            ErrorCode::kTaskNotFound);
  EXPECT_TRUE(ask(protocol::ReleaseJobRequest{testing::idOf<JobId>(9), "over"}).isOk());
}

TEST_F(TaskManagerTest, LibrariesThatNoWorkerUsesLeaveAfterATime) {
  const std::string content = "a library";
  control::Sha256 sha;
  sha.update(asBytes(content));
  const BlobDigest library = sha.finish();
  jobManagerRpc_->serve<protocol::GetBlobChunkRequest>([&](const auto&, const auto&, auto respond) {
    respond(protocol::GetBlobChunkRequest::Response{content,
                                                    static_cast<std::int64_t>(content.size())});
  });
  start();
  auto request = submission(1, {0});
  request.submission.jobGraph->program.library = library;
  request.submission.blobServer = "localhost:6123";
  ASSERT_TRUE(ask(request).isOk());
  const std::string path = worker().started.libraryPath;
  ASSERT_TRUE(files_->status(path).isOk()) << path;
  loop_.advance(std::chrono::hours(2));
  EXPECT_TRUE(files_->status(path).isOk()) << "a worker uses it";
  ASSERT_TRUE(ask(protocol::ReleaseJobRequest{testing::idOf<JobId>(1), "over"}).isOk());
  worker().exit(0);
  loop_.run();
  loop_.advance(std::chrono::hours(1));
  EXPECT_FALSE(files_->status(path).isOk());
}

TEST_F(TaskManagerTest, NoProcessNoSlots) {
  start();
  launcher_.refuse = true;
  EXPECT_EQ(ask(submission(1, {0})).code(), ErrorCode::kProcessSpawn);
  launcher_.refuse = false;
  EXPECT_TRUE(ask(submission(2, {0})).isOk());
}

TEST_F(TaskManagerTest, RelaysStatesAndEventsBothWays) {
  start();
  const auto request = submission(1, {0});
  ASSERT_TRUE(ask(request).isOk());
  worker().tellState(request.submission.tasks[0].attempt, ExecutionState::kRunning);
  worker().rpc.call<protocol::OperatorEventRequest>(
      control::LocalChannel::kPeer, {{request.submission.job, {}, 0, 0, true, "split?"}},
      seconds(1), [](auto&&) {});
  loop_.run();
  ASSERT_EQ(states_.size(), 1U);
  EXPECT_EQ(states_[0].state, ExecutionState::kRunning);
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].payload, "split?");
  EXPECT_TRUE(ask(protocol::DeliverOperatorEventRequest{
                      {request.submission.job, {}, 0, 0, false, "split!"}})
                  .isOk());
  ASSERT_EQ(worker().events.size(), 1U);
  EXPECT_EQ(worker().events[0].payload, "split!");
}

TEST_F(TaskManagerTest, AProgramThatCannotBeRebuiltFailsTheTasks) {
  launcher_.startStatus = Status(ErrorCode::kFingerprintMismatch, "operator Map differs");
  start();
  ASSERT_TRUE(ask(submission(1, {0, 1})).isOk());
  ASSERT_EQ(states_.size(), 2U);
  EXPECT_EQ(states_[0].state, ExecutionState::kFailed);
  EXPECT_EQ(states_[0].failure->errorId, "FLINK-JOB-004");
  EXPECT_TRUE(worker().stopped);
}

TEST_F(TaskManagerTest, ALibraryThatCannotBeFetchedFailsTheTasks) {
  jobManagerRpc_->serve<protocol::GetBlobChunkRequest>([](const auto&, const auto&, auto respond) {
    respond(Status(ErrorCode::kUnavailable, "the blob server is stopping"));
  });
  start();
  auto request = submission(1, {0, 1});
  request.submission.jobGraph->program.library = testing::idOf<BlobDigest>(5);
  request.submission.blobServer = "localhost:6123";
  ASSERT_TRUE(ask(request).isOk());
  ASSERT_EQ(states_.size(), 2U);
  EXPECT_EQ(states_[0].state, ExecutionState::kFailed);
  EXPECT_THAT(states_[0].failure->message, HasSubstr("the blob server is stopping"));
  EXPECT_TRUE(worker().stopped);
}

TEST_F(TaskManagerTest, AnUnavailableServiceThatAWorkerStartsWithoutFailsTheTasks) {
  launcher_.startStatus = Status(ErrorCode::kUnavailable, "the program cannot reach its registry");
  start();
  ASSERT_TRUE(ask(submission(1, {0})).isOk());
  loop_.advance(seconds(5));
  ASSERT_EQ(states_.size(), 1U);
  EXPECT_THAT(states_[0].failure->message, HasSubstr("cannot reach its registry"));
  EXPECT_TRUE(worker().stopped);
  worker().exit(0);
}

TEST_F(TaskManagerTest, ADeadWorkerIsReportedWithItsPidAndSignal) {
  start();
  ASSERT_TRUE(ask(submission(1, {0})).isOk());
  ASSERT_TRUE(ask(submission(2, {1})).isOk());
  worker(0).exit(SIGKILL);
  loop_.run();
  ASSERT_EQ(ended_.size(), 1U);
  EXPECT_EQ(ended_[0].job, testing::idOf<JobId>(1));
  EXPECT_THAT(ended_[0].failure.message, HasSubstr(" pid=1001 signal=9 (SIGKILL)"));
  EXPECT_FALSE(worker(1).stopped);
  EXPECT_TRUE(ask(submission(3, {0})).isOk()) << "a slot without tasks goes to whom it is given";
  EXPECT_TRUE(ask(protocol::ReleaseJobRequest{testing::idOf<JobId>(1), "failed"}).isOk());
  EXPECT_EQ(ask(submission(4, {0})).code(), ErrorCode::kSlotOccupied);
}

TEST_F(TaskManagerTest, ADeadWorkersLastOutputIsItsOwn) {
  settings_.logDirectory = settings_.temporaryDirectory + "/log";
  settings_.logPrefix = "tm";
  const auto write = [&](const std::string& file, const std::string& text) {
    auto opened = files_->openWrite(file, /*append=*/true);
    ASSERT_TRUE(opened.isOk());
    ASSERT_TRUE((*opened)->append(asBytes(text)).isOk());
    ASSERT_TRUE((*opened)->close().isOk());
  };
  const std::string file = LogDirectory(*files_, settings_.logDirectory, "tm", 1)
                               .workerFile(testing::idOf<JobId>(1), "err");
  write(file, "words of an earlier worker\n");
  start();
  ASSERT_TRUE(ask(submission(1, {0})).isOk());
  ASSERT_EQ(worker().launch.errFile, file);
  write(file, "its own words\n");
  worker().exit(SIGKILL);
  loop_.run();
  ASSERT_EQ(ended_.size(), 1U);
  EXPECT_THAT(ended_[0].failure.stackTrace,
              EndsWith("Last output of the worker:\nits own words\n"));
}

TEST_F(TaskManagerTest, ASilentWorkerIsKilled) {
  start();
  ASSERT_TRUE(ask(submission(1, {0})).isOk());
  worker().channel->muted = true;
  loop_.advance(seconds(20));
  EXPECT_EQ(worker().signals, std::vector<int>{SIGKILL});
  worker().exit(SIGKILL);
  loop_.run();
  ASSERT_EQ(ended_.size(), 1U);
  EXPECT_THAT(ended_[0].failure.message, HasSubstr("and was killed: host="));
  EXPECT_THAT(ended_[0].failure.message, HasSubstr("pid=1001 signal=9 (SIGKILL)"));
}

TEST_F(TaskManagerTest, AnAnsweringWorkerIsLeftAlone) {
  start();
  ASSERT_TRUE(ask(submission(1, {0})).isOk());
  loop_.advance(minutes(10));
  EXPECT_TRUE(worker().signals.empty());
}

TEST_F(TaskManagerTest, TasksThatIgnoreCancellationCostTheWorkerItsLife) {
  start();
  const auto request = submission(1, {0, 1});
  ASSERT_TRUE(ask(request).isOk());
  ASSERT_TRUE(ask(protocol::CancelTasksRequest{request.submission.job, {}}).isOk());
  EXPECT_EQ(worker().cancellations.size(), 1U);
  worker().tellState(request.submission.tasks[0].attempt, ExecutionState::kCanceled);
  loop_.advance(minutes(2));
  EXPECT_TRUE(worker().signals.empty());
  loop_.advance(minutes(1));
  EXPECT_EQ(worker().signals, std::vector<int>{SIGKILL});
  worker().exit(SIGKILL);
  loop_.run();
  EXPECT_THAT(ended_.at(0).failure.message, HasSubstr("task.cancellation.timeout"));
}

TEST_F(TaskManagerTest, AJobMayHaveItsOwnCancellationTimeout) {
  start();
  auto request = submission(1, {0});
  request.submission.jobGraph->configuration["task.cancellation.timeout"] = "7 s";
  ASSERT_TRUE(ask(request).isOk());
  ASSERT_TRUE(ask(protocol::CancelTasksRequest{request.submission.job, {}}).isOk());
  loop_.advance(seconds(8));
  EXPECT_EQ(worker().signals, std::vector<int>{SIGKILL});
  worker().exit(SIGKILL);
}

TEST_F(TaskManagerTest, CancelledTasksThatEndInTimeDoNot) {
  start();
  const auto request = submission(1, {0});
  ASSERT_TRUE(ask(request).isOk());
  ASSERT_TRUE(ask(protocol::CancelTasksRequest{request.submission.job,
                                               {request.submission.tasks[0].attempt}})
                  .isOk());
  worker().tellState(request.submission.tasks[0].attempt, ExecutionState::kCanceled);
  loop_.advance(minutes(5));
  EXPECT_TRUE(worker().signals.empty());
}

TEST_F(TaskManagerTest, EveryCancelledTaskHasTheWholeTimeToEnd) {
  start();
  const auto request = submission(1, {0, 1});
  ASSERT_TRUE(ask(request).isOk());
  const auto cancel = [&](std::size_t task) {
    return ask(protocol::CancelTasksRequest{request.submission.job,
                                            {request.submission.tasks[task].attempt}});
  };
  ASSERT_TRUE(cancel(0).isOk());
  loop_.advance(minutes(2));
  ASSERT_TRUE(cancel(1).isOk());
  ASSERT_TRUE(cancel(0).isOk()) << "cancelled again, it does not get more";
  worker().tellState(request.submission.tasks[0].attempt, ExecutionState::kCanceled);
  loop_.advance(minutes(2));
  EXPECT_TRUE(worker().signals.empty()) << "the second was cancelled two minutes ago";
  loop_.advance(minutes(1));
  EXPECT_EQ(worker().signals, std::vector<int>{SIGKILL});
  worker().exit(SIGKILL);
}

TEST_F(TaskManagerTest, ReleaseEndsTheWorkerAndFreesTheSlots) {
  start();
  ASSERT_TRUE(ask(submission(1, {0, 1, 2, 3})).isOk());
  ASSERT_TRUE(ask(protocol::ReleaseJobRequest{testing::idOf<JobId>(1), "finished"}).isOk());
  EXPECT_TRUE(worker().stopped);
  EXPECT_TRUE(ask(submission(2, {0})).isOk());  // while the old worker still ends
  worker(0).exit(0);
  loop_.run();
  EXPECT_TRUE(ended_.empty());
}

TEST_F(TaskManagerTest, AReleasedWorkerThatStaysIsKilled) {
  start();
  ASSERT_TRUE(ask(submission(1, {0})).isOk());
  ASSERT_TRUE(ask(protocol::ReleaseJobRequest{testing::idOf<JobId>(1), "finished"}).isOk());
  loop_.advance(seconds(5));
  EXPECT_EQ(worker().signals, std::vector<int>{SIGKILL});
  worker().exit(SIGKILL);
  loop_.run();
  EXPECT_TRUE(ended_.empty());  // nobody waits for it any more
}

TEST_F(TaskManagerTest, ALostJobManagerEndsAllWorkers) {
  start();
  ASSERT_TRUE(ask(submission(1, {0})).isOk());
  ASSERT_TRUE(ask(submission(2, {1})).isOk());
  network_.cut("jm");
  loop_.run();
  EXPECT_TRUE(worker(0).stopped);
  EXPECT_TRUE(worker(1).stopped);
  // That it registers again at the next JobManager is for the end-to-end tests: it takes a
  // transport that reconnects.
}

TEST_F(TaskManagerTest, AJobManagerThatDoesNotAnswerHeartbeatsIsLost) {
  start();
  ASSERT_TRUE(ask(submission(1, {0})).isOk());
  network_.mute("jm");
  loop_.advance(seconds(45));
  EXPECT_FALSE(worker().stopped);
  loop_.advance(seconds(30));
  EXPECT_TRUE(worker().stopped);
}

TEST_F(TaskManagerTest, GivesUpWithoutAJobManager) {
  network_.mute("jm");
  start();
  loop_.advance(minutes(6));
  EXPECT_EQ(fatal_.code(), ErrorCode::kUnavailable);
  EXPECT_THAT(fatal_.message(), HasSubstr("localhost:6123"));
}

TEST_F(TaskManagerTest, StrangersMayAskNothing) {
  start();
  auto transport = network_.makeTransport("stranger");
  const auto peer = transport->connect("localhost:0").value();  // the TaskManager's own port
  control::RpcEndpoint stranger({}, loop_, clock_, *transport);
  stranger.start();
  Status status;
  stranger.call<protocol::SubmitTasksRequest>(peer, submission(1, {0}), seconds(1),
                                              [&](auto answer) { status = answer.status(); });
  loop_.run();
  EXPECT_EQ(status.code(), ErrorCode::kUnavailable);
  EXPECT_TRUE(launcher_.workers.empty());
}

TEST_F(TaskManagerTest, StopSaysGoodByeAndEndsWorkers) {
  start();
  ASSERT_TRUE(ask(submission(1, {0})).isOk());
  bool stopped = false;
  taskManager_->stop([&] { stopped = true; });
  loop_.run();
  EXPECT_TRUE(unregistered_);
  EXPECT_TRUE(worker().stopped);
  EXPECT_FALSE(stopped);
  worker().exit(0);
  loop_.run();
  EXPECT_TRUE(stopped);
  taskManager_.reset();
}

}  // namespace
}  // namespace flink::taskmanager
