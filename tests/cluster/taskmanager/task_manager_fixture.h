#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cluster/taskmanager/task_manager.h"
#include "core/fs/local_file_system.h"
#include "tests/cluster/taskmanager/fake_worker.h"
#include "tests/support/in_memory_transport.h"
#include "tests/support/job_graph_builder.h"
#include "tests/support/manual_event_loop.h"

namespace flink::taskmanager {

/// A TaskManager with four slots on manual time, between a scripted JobManager and fake workers.
class TaskManagerTest : public ::testing::Test {
 protected:
  using Responder = std::function<void(Result<protocol::Empty>)>;

  TaskManagerTest() {
    startJobManager(Epoch{7});
    settings_.host = settings_.bindHost = "localhost";
    settings_.jobManager = "localhost:6123";
    settings_.resourceId = "tm";
    settings_.rpcPorts = {0};
    settings_.numSlots = 4;
    settings_.numCores = 2;
    settings_.resources = {4, 400, 0, 4000, 4 << 20};
    settings_.temporaryDirectory =
        ::testing::TempDir() + "task_manager_test." + std::to_string(::getpid());
    settings_.libraryCleanupInterval = std::chrono::hours(1);
    settings_.workerHeartbeatTimeout = std::chrono::seconds(10);
    settings_.workerStopTimeout = std::chrono::seconds(5);
    settings_.cancellationTimeout = std::chrono::minutes(3);
    settings_.registrationTimeout = std::chrono::minutes(5);
    settings_.connectionHoldTimeout = std::chrono::seconds(10);
    settings_.heartbeatInterval = std::chrono::seconds(10);
    settings_.heartbeatTimeout = std::chrono::seconds(50);
  }
  ~TaskManagerTest() override {
    if (taskManager_ != nullptr) stop();
    (void)files_->removeAll(settings_.temporaryDirectory);
  }

  void startJobManager(Epoch epoch) {
    jobManagerTransport_ = network_.makeTransport("jm");
    serveTaskManager(epoch);
    static_cast<void>(jobManagerTransport_->bind("localhost:6123"));
  }
  /// A new endpoint, which knows nothing of an earlier one's streams, behind the same connections.
  void serveTaskManager(Epoch epoch) {
    control::RpcEndpoint::Options options;
    options.heartbeatInterval = Duration::zero();
    jobManagerRpc_ =
        std::make_unique<control::RpcEndpoint>(options, loop_, clock_, *jobManagerTransport_);
    jobManagerRpc_->serve<protocol::RegisterTaskManagerRequest>(
        [this, epoch](const auto& peer, auto request, auto respond) {
          peer_ = peer;
          registrations_.push_back(std::move(request));
          jobManagerRpc_->setEpoch(epoch);
          respond(protocol::RegisterTaskManagerRequest::Response{epoch, 10'000, 50'000, 6124});
        });
    jobManagerRpc_->serve<protocol::HeartbeatRequest>(
        [this](const auto&, auto request, auto respond) {
          heartbeats_.push_back(std::move(request));
          respond(protocol::Empty{});
        });
    jobManagerRpc_->serve<protocol::TaskStateChangedRequest>(
        [this](const auto&, auto request, auto respond) {
          states_.push_back(std::move(request));
          respond(protocol::Empty{});
        });
    jobManagerRpc_->serve<protocol::WorkerEndedRequest>(
        [this](const auto&, auto request, auto respond) {
          ended_.push_back(std::move(request));
          respond(protocol::Empty{});
        });
    jobManagerRpc_->serve<protocol::OperatorEventRequest>(
        [this](const auto&, auto request, auto respond) {
          events_.push_back(std::move(request.event));
          respond(protocol::Empty{});
        });
    jobManagerRpc_->serve<protocol::UnregisterTaskManagerRequest>(
        [this](const auto&, auto request, auto respond) {
          unregistered_ = request.id.text() == settings_.resourceId;
          respond(protocol::Empty{});
        });
    jobManagerRpc_->start();
  }

  void start() {
    TaskManager::Services services{loop_,
                                   clock_,
                                   *rng_,
                                   *files_,
                                   *transport_,
                                   launcher_,
                                   [](const std::function<void()>& work) { work(); },
                                   registry_,
                                   {},
                                   [this] { ++numRegistered_; },
                                   [this](Status status) { fatal_ = std::move(status); }};
    taskManager_ = std::make_unique<TaskManager>(settings_, std::move(services));
    ASSERT_TRUE(taskManager_->start().isOk());
    loop_.run();
  }
  void stop() {
    bool stopped = false;
    taskManager_->stop([&] { stopped = true; });
    loop_.run();
    if (!stopped) {  // workers that the test left behind
      for (auto& worker : launcher_.workers) worker->exit(0);
      loop_.run();
    }
    EXPECT_TRUE(stopped);
    taskManager_.reset();
  }

  /// What the JobManager asks; the status of the answer.
  template <class Request>
  Status ask(const Request& request) {
    Status status(ErrorCode::kDeadlineExceeded, "no answer");
    jobManagerRpc_->call<Request>(peer_, request, std::chrono::seconds(10),
                                  [&](auto answer) { status = answer.status(); });
    loop_.run();
    return status;
  }
  /// `slots` says in which slot each subtask of the job's first vertex runs.
  protocol::SubmitTasksRequest submission(std::uint32_t job, const std::vector<int>& slots,
                                          bool withGraph = true) {
    testing::JobGraphBuilder builder(job);
    builder.vertex("Map", static_cast<std::int32_t>(slots.size()));
    protocol::SubmitTasksRequest request;
    request.submission.job = builder.graph().id;
    request.submission.token = testing::idOf<JobToken>(job);
    for (std::size_t i = 0; i < slots.size(); ++i) {
      protocol::TaskDeploymentDescriptor task;
      task.attempt = {builder.graph().id, builder.graph().vertices[0].id,
                      static_cast<std::int32_t>(i), 0};
      task.slot = slots[i];
      task.resource = {1, 100, 0, 1000, 1 << 20};
      request.submission.tasks.push_back(task);
    }
    if (withGraph) request.submission.jobGraph = builder.graph();
    return request;
  }
  FakeWorker& worker(std::size_t index = 0) { return *launcher_.workers.at(index); }

  testing::ManualClock clock_;
  testing::ManualEventLoop loop_{clock_};
  testing::InMemoryNetwork network_{loop_};
  std::unique_ptr<MessageTransport> jobManagerTransport_;
  std::unique_ptr<control::RpcEndpoint> jobManagerRpc_;
  std::string peer_;
  std::vector<protocol::RegisterTaskManagerRequest> registrations_;
  std::vector<protocol::HeartbeatRequest> heartbeats_;
  std::vector<protocol::TaskStateChangedRequest> states_;
  std::vector<protocol::WorkerEndedRequest> ended_;
  std::vector<protocol::OperatorEvent> events_;
  bool unregistered_ = false;

  std::unique_ptr<Rng> rng_ = makeSeededRng(1);
  std::unique_ptr<FileSystem> files_ = fs::makeLocalFileSystem();
  std::unique_ptr<MessageTransport> transport_ = network_.makeTransport("tm");
  FakeWorkerLauncher launcher_{loop_, clock_};
  metrics::MetricRegistry registry_{clock_};
  TaskManagerSettings settings_;
  std::unique_ptr<TaskManager> taskManager_;
  int numRegistered_ = 0;
  Status fatal_;
};

}  // namespace flink::taskmanager
