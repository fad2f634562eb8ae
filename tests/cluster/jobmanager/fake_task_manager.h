#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cluster/control/rpc.h"
#include "cluster/protocol/messages.h"
#include "dataflow/checkpoint/failure_counter.h"
#include "dataflow/checkpoint/snapshot.h"
#include "tests/support/in_memory_transport.h"
#include "tests/support/manual_event_loop.h"

namespace flink::testing {

inline constexpr const char* kJobManagerEndpoint = "jobmanager:6123";
inline constexpr const char* kTestVersion = "0.1.0";

/// A TaskManager that runs nothing: it takes tasks and reports the states that the test wants.
class FakeTaskManager {
 public:
  /// What happens to a task after it was submitted.
  enum class Tasks { kStayDeploying, kRun, kFinish };

  FakeTaskManager(InMemoryNetwork& network, ManualEventLoop& loop, const Clock& clock,
                  std::string name, int slots)
      : loop_(loop),
        name_(std::move(name)),
        transport_(network.makeTransport(name_)),
        rpc_({.sender = name_}, loop, clock, *transport_) {
    self.id = TaskManagerId(name_);
    self.host = name_ + ".host";
    self.pid = 4711;
    self.dataPort = 40'000;
    self.slots = slots;
    self.total.managedBytes = 100 * slots;
    serve();
    rpc_.start();
    static_cast<void>(transport_->connect(kJobManagerEndpoint));
  }

  ~FakeTaskManager() {
    loop_.cancel(timer_);
    rpc_.stop();
  }

  void registerNow() {
    rpc_.setEpoch(Epoch::kNone);
    protocol::RegisterTaskManagerRequest request{self, version, runningJobs};
    rpc_.call<protocol::RegisterTaskManagerRequest>(kJobManagerEndpoint, request,
                                                    std::chrono::seconds(10), [this](auto answer) {
                                                      registration = std::move(answer);
                                                      if (!registration->isOk()) return;
                                                      rpc_.setEpoch((*registration)->epoch);
                                                      scheduleHeartbeat();
                                                    });
  }

  void report(ExecutionAttemptId attempt, protocol::ExecutionState state,
              std::optional<protocol::FailureInfo> failure = std::nullopt,
              std::map<std::string, std::string> accumulators = {}) {
    if (protocol::isTerminal(state)) running.erase(attempt);
    protocol::TaskStateChangedRequest request;
    request.attempt = attempt;
    request.state = state;
    request.failure = std::move(failure);
    request.accumulators = std::move(accumulators);
    request.io.recordsOut = 10;
    send(std::move(request));
  }
  /// The subtask has no state, and says so.
  void acknowledge(const ExecutionAttemptId& attempt, std::int64_t checkpoint) {
    protocol::AcknowledgeCheckpointRequest answer;
    answer.attempt = attempt;
    answer.checkpoint = checkpoint;
    answer.snapshot = checkpoint::encodeTaskSnapshot({});
    answer.stateBytes = 100;
    send(std::move(answer));
  }
  void decline(const ExecutionAttemptId& attempt, std::int64_t checkpoint) {
    protocol::DeclineCheckpointRequest answer;
    answer.attempt = attempt;
    answer.checkpoint = checkpoint;
    answer.reason =
        static_cast<std::int32_t>(checkpoint::CheckpointFailureReason::kCheckpointAsyncException);
    answer.why = failureOf("FLINK-FS-001", "disk is full");
    send(std::move(answer));
  }
  void finishAll() {
    for (const auto& attempt : std::set(running))
      report(attempt, protocol::ExecutionState::kFinished);
  }
  void fail(ExecutionAttemptId attempt, const std::string& errorId, const std::string& message) {
    report(attempt, protocol::ExecutionState::kFailed, failureOf(errorId, message));
  }
  void workerEnded(const JobId& job, const std::string& message) {
    running.clear();
    send(protocol::WorkerEndedRequest{self.id, job, failureOf("FLINK-TM-003", message)});
  }
  void coordinatorFailed(const ExecutionAttemptId& first, const std::string& message) {
    send(protocol::CoordinatorFailedRequest{first, failureOf("FLINK-JOB-008", message)});
  }
  static protocol::FailureInfo failureOf(const std::string& errorId, const std::string& message) {
    return {"test.Failure", errorId, message, "test.Failure: " + message, 0};
  }

  template <class Request>
  std::shared_ptr<std::optional<Result<typename Request::Response>>> send(Request request) {
    auto box = std::make_shared<std::optional<Result<typename Request::Response>>>();
    rpc_.call<Request>(kJobManagerEndpoint, request, std::chrono::seconds(10),
                       [box](auto answer) { *box = std::move(answer); });
    return box;
  }

  void heartbeat(std::vector<protocol::TaskReport> reports = {}) {
    send(protocol::HeartbeatRequest{self.id, self, std::move(reports)});
  }

  protocol::TaskManagerView self;
  std::string version = kTestVersion;
  std::vector<JobId> runningJobs;
  std::optional<Result<protocol::RegisterTaskManagerRequest::Response>> registration;

  Tasks tasks = Tasks::kRun;
  bool followsCancel = true;
  bool workerStays = false;    ///< a forced end is answered by the test, from keptReleases
  bool keepsReleases = false;  ///< and so is any other
  std::vector<control::RpcEndpoint::Responder<protocol::ReleaseJobRequest>> keptReleases;
  std::optional<Status> refuseSubmission;
  bool sendsHeartbeats = true;

  std::vector<protocol::SubmitTasks> submissions;
  std::set<ExecutionAttemptId> running;
  std::vector<ExecutionAttemptId> cancelled;
  std::vector<std::pair<JobId, std::string>> released;
  std::vector<ResultPartitionId> releasedPartitions;
  std::vector<protocol::OperatorEvent> events;
  std::vector<protocol::TriggerCheckpointRequest> triggered;
  std::vector<protocol::NotifyCheckpointRequest> notified;
  bool acknowledges = false;

  [[nodiscard]] std::size_t numSubmitted() const {
    std::size_t count = 0;
    for (const auto& submission : submissions) count += submission.tasks.size();
    return count;
  }

 private:
  void serve() {
    rpc_.serve<protocol::SubmitTasksRequest>([this](const auto&, auto request, auto respond) {
      if (refuseSubmission) return respond(*refuseSubmission);
      respond(protocol::Empty{});
      for (const auto& task : request.submission.tasks) running.insert(task.attempt);
      submissions.push_back(std::move(request.submission));
      for (const auto& task : submissions.back().tasks) walk(task.attempt);
    });
    rpc_.serve<protocol::CancelTasksRequest>([this](const auto&, auto request, auto respond) {
      respond(protocol::Empty{});
      for (const auto& attempt : request.attempts) {
        cancelled.push_back(attempt);
        if (followsCancel) report(attempt, protocol::ExecutionState::kCanceled);
      }
    });
    rpc_.serve<protocol::ReleaseJobRequest>([this](const auto&, auto request, auto respond) {
      std::erase_if(running, [&](const auto& attempt) { return attempt.job == request.job; });
      released.emplace_back(request.job, request.reason);
      if (keepsReleases || (request.awaitEnd && workerStays))
        return keptReleases.push_back(std::move(respond));
      respond(protocol::Empty{});
    });
    rpc_.serve<protocol::TriggerCheckpointRequest>([this](const auto&, auto request, auto respond) {
      respond(protocol::Empty{});
      triggered.push_back(request);
      if (!acknowledges) return;
      for (const auto& attempt : running) acknowledge(attempt, request.checkpoint);
    });
    rpc_.serve<protocol::NotifyCheckpointRequest>([this](const auto&, auto request, auto respond) {
      respond(protocol::Empty{});
      notified.push_back(std::move(request));
    });
    rpc_.serve<protocol::ReleasePartitionsRequest>([this](const auto&, auto request, auto respond) {
      releasedPartitions.insert(releasedPartitions.end(), request.partitions.begin(),
                                request.partitions.end());
      respond(protocol::Empty{});
    });
    rpc_.serve<protocol::DeliverOperatorEventRequest>(
        [this](const auto&, auto request, auto respond) {
          events.push_back(std::move(request.event));
          respond(protocol::Empty{});
        });
    rpc_.serve<protocol::ListTaskManagerLogsRequest>([](const auto&, auto, auto respond) {
      respond(protocol::ListLogsRequest::Response{{{"taskmanager.log", 12, 1}}});
    });
    rpc_.serve<protocol::ReadTaskManagerLogRequest>([](const auto&, auto request, auto respond) {
      respond(protocol::ReadLogRequest::Response{"text of " + request.name, request.offset, 99});
    });
  }

  void walk(const ExecutionAttemptId& attempt) {
    if (tasks == Tasks::kStayDeploying) return;
    report(attempt, protocol::ExecutionState::kInitializing);
    report(attempt, protocol::ExecutionState::kRunning);
    if (tasks == Tasks::kFinish) report(attempt, protocol::ExecutionState::kFinished);
  }

  void scheduleHeartbeat() {
    loop_.cancel(timer_);
    timer_ = loop_.schedule(std::chrono::seconds(10), [this] {
      if (sendsHeartbeats) heartbeat();
      scheduleHeartbeat();
    });
  }

  ManualEventLoop& loop_;
  const std::string name_;
  std::unique_ptr<MessageTransport> transport_;
  control::RpcEndpoint rpc_;
  EventLoop::TimerId timer_ = EventLoop::TimerId::kNone;
};

}  // namespace flink::testing
