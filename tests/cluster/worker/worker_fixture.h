#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cluster/worker/worker.h"
#include "core/config/options/core_options.h"
#include "core/fs/local_file_system.h"
#include "tests/cluster/taskmanager/fake_worker.h"
#include "tests/dataflow/task/fake_program.h"
#include "tests/support/job_graph_builder.h"
#include "tests/support/loop_executor.h"
#include "tests/support/manual_event_loop.h"

namespace flink::worker {

/// A worker's own end of a fake channel.
class WorkerChannel final : public control::LocalChannel {
 public:
  explicit WorkerChannel(std::shared_ptr<taskmanager::FakeChannel> end) : end_(std::move(end)) {}
  void setHandlers(Handlers handlers) override { end_->setHandlers(std::move(handlers)); }
  Result<int> bind(const std::string& address) override { return end_->bind(address); }
  Result<PeerId> connect(const std::string& address) override { return end_->connect(address); }
  Status send(const PeerId& peer, Bytes frame) override {
    return end_->send(peer, std::move(frame));
  }
  void disconnect(const PeerId& peer) override { end_->disconnect(peer); }
  void stop() override { end_->stop(); }
  Status sendWithDescriptor(Bytes frame, OwnedFd descriptor) override {
    return end_->sendWithDescriptor(std::move(frame), std::move(descriptor));
  }
  OwnedFd takeDescriptor() override { return end_->takeDescriptor(); }

 private:
  std::shared_ptr<taskmanager::FakeChannel> end_;
};

/// Nobody is connected to.
class NoStreams final : public StreamTransport {
 public:
  void connect(const std::string&, int, Duration,
               std::function<void(Result<std::unique_ptr<StreamConnection>>)> done) override {
    done(Status(ErrorCode::kUnavailable, "a test without connections"));
  }
  Result<std::unique_ptr<StreamConnection>> adopt(int) override {
    return Status(ErrorCode::kUnavailable, "a test without connections");
  }
  void post(std::function<void()> fn) override { fn(); }
  void schedule(Duration, std::function<void()>) override {}
  void stop() override {}
};

/// A worker, whose tasks follow scripts and step on the test's loop, and its supervisor.
class WorkerTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kSlotNetworkBytes = 1 << 20;

  WorkerTest() {
    serve();
    supervisor_.start();
    Worker::Services services{loop_,
                              clock_,
                              *files_,
                              [this](const auto&) -> Worker::RebuildResult {
                                return std::shared_ptr<const operators::OperatorCatalog>(
                                    &program_, [](auto*) {});
                              },
                              {},
                              [this] { ended_ = true; },
                              [] {}};
    services.platform = {
        [this](const auto&, const auto&) { return std::make_unique<testing::LoopExecutor>(loop_); },
        [](int) { return std::make_unique<NoStreams>(); }, [] { return makeSeededRng(1); }};
    worker_ = std::make_unique<Worker>(std::move(services),
                                       std::make_unique<WorkerChannel>(channels_.second));
    worker_->start();
    loop_.run();
  }
  ~WorkerTest() override {
    EXPECT_TRUE(ask(protocol::StopWorkerRequest{}).isOk());
    EXPECT_TRUE(ended_);
    worker_.reset();
    supervisor_.stop();
    static_cast<void>(files_->removeAll(directory_));
  }

  /// Starts the job with the network memory of one slot.
  Status start(testing::JobGraphBuilder& builder) {
    job_ = builder.graph();
    protocol::StartWorkerRequest request;
    request.graph = job_;
    request.taskManager = TaskManagerId("tm");
    request.host = "localhost";
    request.networkBytes = kSlotNetworkBytes;
    request.configuration[std::string(config::kIoTmpDirs.key)] = directory_;
    return ask(request);
  }
  [[nodiscard]] ExecutionAttemptId attemptOf(std::size_t vertex, int subtask) const {
    return {job_.id, job_.vertices[vertex].id, subtask, 0};
  }
  [[nodiscard]] protocol::TaskDeploymentDescriptor deployment(std::size_t vertex, int subtask,
                                                              int slot) const {
    protocol::TaskDeploymentDescriptor result;
    result.attempt = attemptOf(vertex, subtask);
    result.slot = slot;
    result.resource.networkBytes = kSlotNetworkBytes;
    return result;
  }
  Status submit(std::vector<protocol::TaskDeploymentDescriptor> tasks) {
    protocol::SubmitTasksRequest request;
    request.submission.job = job_.id;
    request.submission.tasks = std::move(tasks);
    return ask(request);
  }
  template <class Request>
  Status ask(const Request& request) {
    Status status(ErrorCode::kDeadlineExceeded, "no answer");
    supervisor_.call<Request>(control::LocalChannel::kPeer, request, std::chrono::seconds(10),
                              [&](auto answer) { status = answer.status(); });
    loop_.run();
    return status;
  }
  [[nodiscard]] protocol::ExecutionState stateOf(const ExecutionAttemptId& attempt) const {
    const auto found = changes_.find(attempt);
    return found == changes_.end() ? protocol::ExecutionState::kDeploying : found->second.state;
  }

  testing::ManualClock clock_;
  testing::ManualEventLoop loop_{clock_};
  std::unique_ptr<FileSystem> files_ = fs::makeLocalFileSystem();
  const std::string directory_ = ::testing::TempDir() + "worker_test." + std::to_string(::getpid());
  task::FakeProgram program_;
  protocol::JobGraph job_;
  /// What the worker told, by task the latest.
  std::map<ExecutionAttemptId, protocol::TaskStateChangedRequest> changes_;
  std::vector<protocol::CoordinatorFailedRequest> failedCoordinators_;
  std::vector<protocol::WorkerReportRequest> reports_;

 private:
  template <class Request, class Keep>
  void keep(Keep keep) {
    supervisor_.serve<Request>([keep](const auto&, auto request, auto respond) {
      keep(std::move(request));
      respond(protocol::Empty{});
    });
  }
  void serve() {
    keep<protocol::TaskStateChangedRequest>(
        [this](auto change) { changes_[change.attempt] = std::move(change); });
    keep<protocol::CoordinatorFailedRequest>(
        [this](auto report) { failedCoordinators_.push_back(std::move(report)); });
    keep<protocol::WorkerReportRequest>(
        [this](auto report) { reports_.push_back(std::move(report)); });
  }
  static control::RpcEndpoint::Options options() {
    control::RpcEndpoint::Options options;
    options.sender = "supervisor";
    options.heartbeatInterval = Duration::zero();
    return options;
  }

  std::pair<std::shared_ptr<taskmanager::FakeChannel>, std::shared_ptr<taskmanager::FakeChannel>>
      channels_ = taskmanager::FakeChannel::makePair(loop_);
  control::RpcEndpoint supervisor_{options(), loop_, clock_, *channels_.first};
  std::unique_ptr<Worker> worker_;
  bool ended_ = false;
};

}  // namespace flink::worker
