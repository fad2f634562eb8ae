#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cluster/control/rpc.h"
#include "cluster/protocol/messages.h"
#include "cluster/taskmanager/worker_launcher.h"
#include "core/base/error_codes.h"
#include "core/base/executor.h"

namespace flink::taskmanager {

/// One end of a local channel inside one thread: frames arrive one turn of the loop later.
class FakeChannel final : public control::LocalChannel {
 public:
  explicit FakeChannel(EventLoop& loop) : loop_(loop) {}
  static std::pair<std::shared_ptr<FakeChannel>, std::shared_ptr<FakeChannel>> makePair(
      EventLoop& loop) {
    auto a = std::make_shared<FakeChannel>(loop);
    auto b = std::make_shared<FakeChannel>(loop);
    a->other_ = b;
    b->other_ = a;
    return {a, b};
  }
  void setHandlers(Handlers handlers) override { handlers_ = std::move(handlers); }
  Result<int> bind(const std::string&) override { return 0; }
  Result<PeerId> connect(const std::string&) override { return kPeer; }
  void disconnect(const PeerId&) override {}
  void stop() override { handlers_ = {}; }
  Status send(const PeerId&, Bytes frame) override {
    return sendWithDescriptor(std::move(frame), {});
  }
  Status sendWithDescriptor(Bytes frame, OwnedFd descriptor) override {
    if (muted) return Status::ok();
    auto box = std::make_shared<OwnedFd>(std::move(descriptor));
    loop_.post([other = other_, frame = std::move(frame), box] {
      auto self = other.lock();
      if (self == nullptr || self->muted || !self->handlers_.onFrame) return;
      self->descriptor_ = std::move(*box);
      self->handlers_.onFrame(kPeer, frame);
    });
    return Status::ok();
  }
  OwnedFd takeDescriptor() override { return std::move(descriptor_); }

  bool muted = false;

 private:
  EventLoop& loop_;
  std::weak_ptr<FakeChannel> other_;
  Handlers handlers_;
  OwnedFd descriptor_;
};

/// A worker that records what it is asked and does what the test says.
class FakeWorker {
 public:
  FakeWorker(EventLoop& loop, const Clock& clock, WorkerLaunch workerLaunch,
             std::shared_ptr<FakeChannel> ownChannel, std::function<void(WorkerExit)> exit)
      : launch(std::move(workerLaunch)),
        channel(std::move(ownChannel)),
        rpc(options(), loop, clock, *channel),
        onExit(std::move(exit)) {
    rpc.serve<protocol::StartWorkerRequest>([this](const auto&, auto request, auto respond) {
      started = std::move(request);
      if (!startStatus.isOk()) return respond(startStatus);
      respond(protocol::Empty{});
    });
    rpc.serve<protocol::SubmitTasksRequest>([this](const auto&, auto request, auto respond) {
      submissions.push_back(std::move(request.submission));
      respond(protocol::Empty{});
    });
    rpc.serve<protocol::CancelTasksRequest>([this](const auto&, auto request, auto respond) {
      cancellations.push_back(std::move(request));
      respond(protocol::Empty{});
    });
    rpc.serve<protocol::DeliverOperatorEventRequest>(
        [this](const auto&, auto request, auto respond) {
          events.push_back(std::move(request.event));
          respond(protocol::Empty{});
        });
    rpc.serve<protocol::AdoptConnectionRequest>([this](const auto&, auto request, auto respond) {
      adopted.emplace_back(request.peer, rpc.takeDescriptor());
      respond(protocol::Empty{});
    });
    rpc.serve<protocol::StopWorkerRequest>([this](const auto&, auto, auto respond) {
      stopped = true;
      respond(protocol::Empty{});
    });
    rpc.start();
  }

  void tellState(const ExecutionAttemptId& attempt, protocol::ExecutionState state) {
    protocol::TaskStateChangedRequest change;
    change.attempt = attempt;
    change.state = state;
    rpc.call<protocol::TaskStateChangedRequest>(control::LocalChannel::kPeer, change,
                                                std::chrono::seconds(10), [](auto&&) {});
  }
  void exit(int signal, std::string lastWords = "") {
    ExitStatus status;
    status.signal = signal;
    if (signal == 0) status.exitCode = 0;
    onExit({status, std::move(lastWords)});
  }

  WorkerLaunch launch;
  std::shared_ptr<FakeChannel> channel;
  control::RpcEndpoint rpc;
  std::function<void(WorkerExit)> onExit;
  Status startStatus;
  protocol::StartWorkerRequest started;
  std::vector<protocol::SubmitTasks> submissions;
  std::vector<protocol::CancelTasksRequest> cancellations;
  std::vector<protocol::OperatorEvent> events;
  std::vector<std::pair<std::string, OwnedFd>> adopted;
  bool stopped = false;
  std::vector<int> signals;

 private:
  static control::RpcEndpoint::Options options() {
    control::RpcEndpoint::Options options;
    options.heartbeatInterval = Duration::zero();
    return options;
  }
};

/// Launches fake workers and keeps them, newest last.
class FakeWorkerLauncher final : public WorkerLauncher {
 public:
  FakeWorkerLauncher(EventLoop& loop, const Clock& clock) : loop_(loop), clock_(clock) {}
  Result<std::unique_ptr<WorkerProcess>> launch(WorkerLaunch launch,
                                                std::function<void(WorkerExit)> onExit) override {
    if (refuse) return Status(ErrorCode::kProcessSpawn, "no more processes");
    auto ends = FakeChannel::makePair(loop_);
    workers.push_back(std::make_shared<FakeWorker>(loop_, clock_, std::move(launch), ends.second,
                                                   std::move(onExit)));
    workers.back()->startStatus = startStatus;
    return std::unique_ptr<WorkerProcess>(std::make_unique<Process>(
        ends.first, workers.back(), 1000 + static_cast<int>(workers.size())));
  }

  std::vector<std::shared_ptr<FakeWorker>> workers;
  bool refuse = false;
  Status startStatus;

 private:
  class Process final : public WorkerProcess {
   public:
    Process(std::shared_ptr<FakeChannel> channel, std::shared_ptr<FakeWorker> worker, int pid)
        : channel_(std::move(channel)), worker_(std::move(worker)), pid_(pid) {}
    [[nodiscard]] int pid() const override { return pid_; }
    control::LocalChannel& channel() override { return *channel_; }
    void kill(int signal) override { worker_->signals.push_back(signal); }

   private:
    std::shared_ptr<FakeChannel> channel_;
    std::shared_ptr<FakeWorker> worker_;
    int pid_;
  };
  EventLoop& loop_;
  const Clock& clock_;
};

}  // namespace flink::taskmanager
