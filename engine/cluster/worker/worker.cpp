#include "cluster/worker/worker.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "cluster/worker/probe.h"
#include "cluster/worker/task_spec.h"
#include "cluster/worker/worker_report.h"
#include "core/base/error_codes.h"
#include "core/config/configuration.h"
#include "dataflow/checkpoint/settings.h"

namespace flink::worker {

namespace {

using control::LocalChannel;
using control::RpcEndpoint;
using protocol::Empty;
using protocol::ExecutionState;

constexpr Duration kAnswerDeadline = std::chrono::minutes(1);
/// The answer to collected records is their back pressure.
constexpr Duration kCollectDeadline = std::chrono::hours(24);

ExecutionState toExecutionState(task::TaskState state) {
  switch (state) {
    case task::TaskState::kDeploying:
      return ExecutionState::kDeploying;
    case task::TaskState::kInitializing:
      return ExecutionState::kInitializing;
    case task::TaskState::kRunning:
      return ExecutionState::kRunning;
    case task::TaskState::kFinished:
      return ExecutionState::kFinished;
    case task::TaskState::kCanceled:
      return ExecutionState::kCanceled;
    case task::TaskState::kFailed:
      return ExecutionState::kFailed;
  }
  return ExecutionState::kFailed;
}

protocol::FailureInfo describeFailure(const Status& status, std::int64_t nowMs) {
  protocol::FailureInfo failure;
  failure.errorId = status.id();
  failure.exceptionName = failure.errorId;
  failure.message = status.message();
  failure.stackTrace = status.toString();
  failure.timestampMs = nowMs;
  return failure;
}

RpcEndpoint::Options endpointOptions() {
  RpcEndpoint::Options options;
  options.sender = "worker";
  // The supervisor is the one that watches; the end of the channel is enough for the worker.
  options.heartbeatInterval = Duration::zero();
  return options;
}

}  // namespace

Worker::Worker(Services services, std::unique_ptr<LocalChannel> channel)
    : services_(std::move(services)),
      channel_(std::move(channel)),
      rpc_(endpointOptions(), services_.loop, services_.clock, *channel_),
      calls_(rpc_, services_.loop, LocalChannel::kPeer, [this](const Status& reason) {
        onSupervisorLost("does not follow: " + reason.message());
      }) {}

Worker::~Worker() {
  services_.loop.cancel(reportTimer_);
  rpc_.stop();
  channel_->stop();
  if (coordinators_ != nullptr) coordinators_->close();
}

void Worker::start() {
  services_.loop.post([this, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    serveSupervisor();
    rpc_.start();
  });
}

void Worker::post(std::function<void()> action) {
  services_.loop.post([alive = std::weak_ptr<int>(alive_), action = std::move(action)] {
    if (!alive.expired()) action();
  });
}

template <class Request>
void Worker::tell(const Request& request) {
  calls_.call<Request>(request, [](auto&&) {});
}

void Worker::onSupervisorLost(const std::string& how) {
  services_.onOrphaned();
  stop("the supervisor " + how);
}

void Worker::serveSupervisor() {
  rpc_.serve<protocol::StartWorkerRequest>([this](const auto&, auto request, auto respond) {
    handleStart(std::move(request), std::move(respond));
  });
  rpc_.serve<protocol::SubmitTasksRequest>([this](const auto&, auto request, auto respond) {
    const Status status = submit(request.submission);
    if (!status.isOk()) return respond(status);
    respond(Empty{});
  });
  rpc_.serve<protocol::CancelTasksRequest>([this](const auto&, auto request, auto respond) {
    cancel(request.attempts);
    respond(Empty{});
  });
  rpc_.serve<protocol::DeliverOperatorEventRequest>(
      [this](const auto&, auto request, auto respond) {
        deliver(request.event);
        respond(Empty{});
      });
  rpc_.serve<protocol::TriggerCheckpointRequest>([this](const auto&, auto request, auto respond) {
    triggerCheckpoint(request);
    respond(Empty{});
  });
  rpc_.serve<protocol::NotifyCheckpointRequest>([this](const auto&, auto request, auto respond) {
    notifyCheckpoint(request);
    respond(Empty{});
  });
  rpc_.serve<protocol::ReleasePartitionsRequest>([this](const auto&, auto request, auto respond) {
    if (runtime_ != nullptr) {
      for (const auto& partition : request.partitions)
        runtime_->network->releasePartition(partition);
    }
    respond(Empty{});
  });
  rpc_.serve<protocol::AdoptConnectionRequest>([this](const auto&, auto request, auto respond) {
    const Status status = adopt(request.peer);
    if (!status.isOk()) return respond(status);
    respond(Empty{});
  });
  rpc_.serve<protocol::StopWorkerRequest>([this](const auto&, auto, auto respond) {
    respond(Empty{});
    stop("the supervisor asked for it");
  });
  rpc_.onPeerLost([this](const auto&, const Status&) { onSupervisorLost("is gone"); });
}

void Worker::handleStart(protocol::StartWorkerRequest request,
                         RpcEndpoint::Responder<protocol::StartWorkerRequest> respond) {
  if (stage_ != Stage::kIdle)
    return respond(Status(ErrorCode::kAlreadyExists, "the worker was started before"));
  stage_ = Stage::kStarting;
  start_ = std::move(request);
  FLINK_INFO(kLog, "starting job={} name=\"{}\" threads={} networkBytes={}",
             start_->graph.id.toHex(), start_->graph.name, start_->numThreads,
             start_->networkBytes);
  auto runtime = WorkerRuntime::make(*start_, services_.files, services_.clock, services_.platform);
  if (!runtime) return respond(std::move(runtime).status());
  runtime_ = std::move(*runtime);
  const auto configuration = config::Configuration::fromMap(start_->graph.configuration);
  auto checkpoints = checkpoint::checkpointSettings(configuration);
  if (!checkpoints) return respond(std::move(checkpoints).status());
  runtime_->checkpoints = std::move(*checkpoints);
  const auto stateLatency = readLatencyTracking(configuration);
  if (!stateLatency) return respond(stateLatency.status());
  runtime_->stateLatency = *stateLatency;
  respondStart_ = std::move(respond);
  // The program may read files or compute for long; the supervisor's heartbeats must be answered
  // meanwhile.
  runtime_->executor->runBlocking([this] {
    auto catalog = std::make_shared<RebuildResult>(services_.rebuild(*start_));
    post([this, catalog] { onRebuilt(std::move(*catalog)); });
  });
}

void Worker::onRebuilt(RebuildResult catalog) {
  if (stage_ != Stage::kStarting) return;
  if (!catalog) return respondStart_(std::move(catalog).status());
  runtime_->catalog = std::move(*catalog);
  managedMemory_.emplace(start_->graph, *runtime_->catalog);
  Coordinators::Services services{
      services_.clock,
      *runtime_->files,
      *runtime_->executor,
      services_.loop,
      [this](const OperatorId& op, int attempt, int subtask, std::string payload) {
        post([this, op, attempt, subtask, payload = std::move(payload)] {
          sendToSubtask(op, attempt, subtask, payload);
        });
      },
      [this](const ExecutionAttemptId& attempt, const Status& reason) {
        post([this, attempt, reason] { onCoordinatorFailed(attempt, reason); });
      }};
  coordinators_ = std::make_unique<Coordinators>(std::move(services));
  stage_ = Stage::kRunning;
  respondStart_(Empty{});
}

void Worker::takeSlots(const protocol::SubmitTasks& submission) {
  const auto total = [this] {
    std::int64_t bytes = 0;
    for (const auto& slot : slotNetworkBytes_) bytes += slot.second;
    return std::max(bytes, start_->networkBytes);  // which the first slots brought
  };
  const std::int64_t before = total();
  for (const auto& task : submission.tasks) {
    auto& bytes = slotNetworkBytes_[task.slot];
    bytes = std::max(bytes, task.resource.networkBytes);
  }
  const std::int64_t added = total() - before;
  if (added == 0) return;
  FLINK_INFO(kLog, "more slots: slots={} networkBytes={}", slotNetworkBytes_.size(), total());
  runtime_->network->addMemory(added);
}

Status Worker::submit(const protocol::SubmitTasks& submission) {
  if (stage_ != Stage::kRunning)
    return Status(ErrorCode::kInternal, "tasks came before the worker was ready");
  takeSlots(submission);
  for (const auto& deployment : submission.tasks) {
    const Status status = deploy(deployment);
    if (!status.isOk()) reportState(deployment.attempt, task::TaskState::kFailed, status, {});
  }
  if (reportTimer_ == EventLoop::TimerId::kNone) scheduleReport();
  return Status::ok();
}

Status Worker::deploy(const protocol::TaskDeploymentDescriptor& deployment) {
  const TaskSpecContext context{start_->graph, start_->taskManager, runtime_->temporaryDirectory,
                                runtime_->checkpoints, runtime_->stateLatency};
  const std::int64_t managedBytes =
      managedMemory_->grant(deployment.attempt, deployment.resource.managedBytes);
  FLINK_ASSIGN_OR_RETURN(auto spec, makeTaskSpec(context, deployment, managedBytes));
  if (deployment.attempt.subtask == 0) {
    openCoordinators(deployment, *findVertex(start_->graph, deployment.attempt.vertex));
  }
  task::TaskServices services;
  services.catalog = runtime_->catalog.get();
  services.network = runtime_->network.get();
  services.executor = runtime_->executor.get();
  services.files = runtime_->files.get();
  services.clock = &services_.clock;
  services.timers = &services_.loop;
  services.jobGroup = runtime_->jobGroup;
  services.listener = this;
  services.checkpoints = this;
  services.rng = runtime_->rng.get();
  auto& task = tasks_[deployment.attempt];
  task = task::makeTask(std::move(spec), services);
  task->start();
  return Status::ok();
}

void Worker::openCoordinators(const protocol::TaskDeploymentDescriptor& deployment,
                              const protocol::JobVertex& vertex) {
  for (const auto& op : vertex.operators) {
    if (!op.hasCoordinator) continue;
    // A missing factory is reported by the task, which needs it too.
    const auto* factory = runtime_->catalog->operatorFactory(op.streamNodeId);
    if (factory != nullptr)
      coordinators_->open(deployment.attempt, op.id, op.name, *factory, vertex.parallelism,
                          start_->graph.type == protocol::JobType::kBatch, deployment.restore);
  }
}

void Worker::triggerCheckpoint(const protocol::TriggerCheckpointRequest& request) {
  task::CheckpointBarrier barrier;
  barrier.id = request.checkpoint;
  barrier.timestampMs = request.timestampMs;
  barrier.kind = static_cast<checkpoint::SnapshotKind>(request.kind);
  barrier.location = {request.directory, request.sharedDirectory, request.filesAllowed};
  for (const auto& attempt : request.attempts) {
    if (const auto found = tasks_.find(attempt); found != tasks_.end()) {
      found->second->triggerCheckpoint(barrier);
    } else {
      declineCheckpoint(
          attempt, barrier.id, checkpoint::CheckpointFailureReason::kCheckpointDeclinedTaskNotReady,
          {ErrorCode::kTaskNotFound, "no such task runs here: " + attempt.toString()});
    }
  }
}

void Worker::notifyCheckpoint(const protocol::NotifyCheckpointRequest& request) {
  for (const auto& attempt : request.attempts) {
    const auto found = tasks_.find(attempt);
    if (found == tasks_.end()) continue;
    if (request.completed) {
      found->second->notifyCheckpointComplete(request.checkpoint);
    } else {
      found->second->notifyCheckpointAborted(request.checkpoint);
    }
  }
}

void Worker::acknowledgeCheckpoint(const ExecutionAttemptId& task, checkpoint::CheckpointId id,
                                   std::string snapshot,
                                   const checkpoint::SubtaskMetrics& metrics) {
  const auto signedOf = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  protocol::AcknowledgeCheckpointRequest answer;
  answer.attempt = task;
  answer.checkpoint = id;
  answer.snapshot = std::move(snapshot);
  answer.syncDurationMs = metrics.syncDurationMs;
  answer.asyncDurationMs = metrics.asyncDurationMs;
  answer.alignmentDurationMs = metrics.alignmentDurationMs;
  answer.startDelayMs = metrics.startDelayMs;
  answer.checkpointedBytes = signedOf(metrics.checkpointedBytes);
  answer.stateBytes = signedOf(metrics.stateBytes);
  answer.processedBytes = signedOf(metrics.processedBytes);
  answer.persistedBytes = signedOf(metrics.persistedBytes);
  answer.unaligned = metrics.unaligned;
  post([this, answer = std::move(answer)] { tell(answer); });
}

void Worker::declineCheckpoint(const ExecutionAttemptId& task, checkpoint::CheckpointId id,
                               checkpoint::CheckpointFailureReason reason, const Status& why) {
  protocol::DeclineCheckpointRequest answer;
  answer.attempt = task;
  answer.checkpoint = id;
  answer.reason = static_cast<std::int32_t>(reason);
  answer.why = describeFailure(why, services_.clock.wallMs());
  post([this, answer = std::move(answer)] { tell(answer); });
}

void Worker::cancel(const std::vector<ExecutionAttemptId>& attempts) {
  for (const auto& [id, task] : tasks_) {
    if (attempts.empty() || std::find(attempts.begin(), attempts.end(), id) != attempts.end())
      task->cancel();
  }
}

Status Worker::adopt(const std::string& peer) {
  OwnedFd descriptor = rpc_.takeDescriptor();
  if (!descriptor.valid() || stage_ != Stage::kRunning) {
    return Status(ErrorCode::kInvalidArgument,
                  "no connection came along, or no job runs: peer=" + peer);
  }
  FLINK_ASSIGN_OR_RETURN(auto connection, runtime_->transport->adopt(descriptor.release()));
  runtime_->network->acceptConnection(std::move(connection));
  return Status::ok();
}

void Worker::onStateChanged(const ExecutionAttemptId& attempt, task::TaskState state,
                            const std::optional<Status>& failure,
                            const std::map<std::string, std::string>& accumulators) {
  post([this, attempt, state, failure, accumulators] {
    reportState(attempt, state, failure, accumulators);
  });
}

void Worker::reportState(const ExecutionAttemptId& attempt, task::TaskState state,
                         const std::optional<Status>& failure,
                         const std::map<std::string, std::string>& accumulators) {
  if (state == task::TaskState::kDeploying) return;  // the JobManager set it itself
  protocol::TaskStateChangedRequest change;
  change.attempt = attempt;
  change.state = toExecutionState(state);
  change.timestampMs = services_.clock.wallMs();
  const auto found = tasks_.find(attempt);
  if (found != tasks_.end() && found->second != nullptr)
    change.io = toIoMetrics(found->second->figures());
  if (failure) {
    change.failure = describeFailure(*failure, change.timestampMs);
    FLINK_WARN(kLog, "task failed task={} reason={}", attempt.toString(), failure->toString());
  }
  const bool terminal = protocol::isTerminal(change.state);
  if (terminal) change.accumulators = accumulators;
  tell(change);
  if (!terminal) return;
  if (attempt.subtask == 0 && state != task::TaskState::kFinished && coordinators_ != nullptr)
    coordinators_->closeOf(attempt);
  if (found != tasks_.end()) tasks_.erase(found);
  managedMemory_->release(attempt);
  if (tasks_.empty()) {
    services_.loop.cancel(reportTimer_);
    reportTimer_ = EventLoop::TimerId::kNone;
    sendReport();
  }
  endWhenIdle();
}

void Worker::onOperatorEvent(const ExecutionAttemptId& attempt, const OperatorId& op,
                             std::string payload) {
  post([this, attempt, op, payload = std::move(payload)]() mutable {
    sendToCoordinator(attempt, op, std::move(payload));
  });
}

void Worker::sendToCoordinator(const ExecutionAttemptId& attempt, const OperatorId& op,
                               std::string payload) {
  // Beside its subtask 0 the coordinator is reached without the way through the JobManager.
  if (coordinators_->deliver(op, attempt.attempt, attempt.subtask, payload)) return;
  tell(protocol::OperatorEventRequest{
      {attempt.job, op, attempt.subtask, attempt.attempt, true, std::move(payload)}});
}

task::Task* Worker::findTask(const OperatorId& op, int attempt, int subtask) {
  for (const auto& vertex : start_->graph.vertices) {
    const bool owns = std::any_of(vertex.operators.begin(), vertex.operators.end(),
                                  [&](const auto& candidate) { return candidate.id == op; });
    if (!owns) continue;
    const auto found = tasks_.find({start_->graph.id, vertex.id, subtask, attempt});
    return found == tasks_.end() ? nullptr : found->second.get();
  }
  return nullptr;
}

void Worker::sendToSubtask(const OperatorId& op, int attempt, int subtask, std::string payload) {
  if (auto* task = findTask(op, attempt, subtask))
    return task->deliverEvent(op, std::move(payload));
  tell(protocol::OperatorEventRequest{
      {start_->graph.id, op, subtask, attempt, false, std::move(payload)}});
}

void Worker::deliver(const protocol::OperatorEvent& event) {
  if (!event.toCoordinator) {
    if (auto* task = findTask(event.op, event.attempt, event.subtask))
      task->deliverEvent(event.op, event.payload);
    return;
  }
  if (coordinators_ == nullptr ||
      !coordinators_->deliver(event.op, event.attempt, event.subtask, event.payload)) {
    FLINK_WARN(kLog, "no coordinator runs here for an event operator={} subtask={} attempt={}",
               event.op.toHex(), event.subtask, event.attempt);
  }
}

void Worker::onCoordinatorFailed(const ExecutionAttemptId& attempt, const Status& reason) {
  FLINK_WARN(kLog, "coordinator failed of={} reason={}", attempt.toString(), reason.toString());
  // Not as the end of a task: its own subtask may have ended, those that wait for it run anywhere.
  tell(protocol::CoordinatorFailedRequest{attempt,
                                          describeFailure(reason, services_.clock.wallMs())});
}

void Worker::onCollect(const ExecutionAttemptId& attempt, const std::string& collectId,
                       std::vector<std::string> records, std::function<void()> room) {
  protocol::CollectedRecordsRequest request{attempt.job, collectId, std::move(records)};
  post([this, attempt, request = std::move(request), room = std::move(room)]() mutable {
    sendCollected(attempt, std::move(request), std::move(room));
  });
}

void Worker::sendCollected(const ExecutionAttemptId& attempt,
                           protocol::CollectedRecordsRequest request, std::function<void()> room) {
  rpc_.call<protocol::CollectedRecordsRequest>(
      LocalChannel::kPeer, request, kCollectDeadline,
      [this, alive = std::weak_ptr<int>(alive_), attempt, room = std::move(room)](auto answer) {
        if (alive.expired()) return;
        const auto found = tasks_.find(attempt);
        if (found == tasks_.end()) return;
        if (answer) return room();
        found->second->fail(
            Status(answer.status().code(), "collected records did not reach the client")
                .causedBy(answer.status()));
      });
}

void Worker::scheduleReport() {
  reportTimer_ =
      services_.loop.schedule(services_.reportInterval, [this, alive = std::weak_ptr<int>(alive_)] {
        if (alive.expired()) return;
        sendReport();
        scheduleReport();
      });
}

void Worker::sendReport() {
  if (runtime_ == nullptr) return;
  protocol::WorkerReportRequest report;
  const auto samples = runtime_->registry.collect();
  report.metrics.reserve(samples.size());
  for (const auto& sample : samples) report.metrics.push_back(toMetricValue(sample));
  for (const auto& [id, task] : tasks_)
    report.tasks.push_back({id, toIoMetrics(task->figures()), restMetricsOf(samples, id)});
  if (services_.processFigures) report.memory = services_.processFigures();
  if (managedMemory_) report.memory["managedUsed"] = managedMemory_->used();
  const auto& network = *runtime_->network;
  report.memory["nettyShuffleMemorySegmentsUsed"] = network.usedSegments();
  report.memory["nettyShuffleMemorySegmentsRequested"] =
      network.requestedUsagePercent() * network.totalSegments() / 100;
  // The next one says the same and more.
  rpc_.call<protocol::WorkerReportRequest>(LocalChannel::kPeer, report, kAnswerDeadline,
                                           [](auto&&) {});
}

void Worker::stop(const std::string& reason) {
  if (stage_ == Stage::kStopping || stage_ == Stage::kEnded) return;
  FLINK_INFO(kLog, "stopping tasks={} reason=\"{}\"", tasks_.size(), reason);
  stage_ = Stage::kStopping;
  cancel({});
  endWhenIdle();
}

void Worker::endWhenIdle() {
  if (stage_ != Stage::kStopping || !tasks_.empty()) return;
  stage_ = Stage::kEnded;
  services_.loop.cancel(reportTimer_);
  if (coordinators_ != nullptr) coordinators_->close();
  services_.onEnded();
}

}  // namespace flink::worker
