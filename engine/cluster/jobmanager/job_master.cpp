#include "cluster/jobmanager/job_master.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "cluster/jobmanager/failures.h"
#include "cluster/scheduler/state_moves.h"
#include "core/base/check.h"
#include "core/base/error_codes.h"
#include "core/base/log.h"

namespace flink::jobmanager {
namespace {

using checkpoint::CheckpointFailureReason;
using protocol::JobStatus;

Logger kLog{"flink.jobmanager.job"};

checkpoint::JobEnd jobEndOf(JobStatus status) {
  switch (status) {
    case JobStatus::kFinished:
      return checkpoint::JobEnd::kFinished;
    case JobStatus::kCanceled:
      return checkpoint::JobEnd::kCanceled;
    case JobStatus::kFailed:
      return checkpoint::JobEnd::kFailed;
    default:
      return checkpoint::JobEnd::kSuspended;
  }
}

bool isTerminal(JobStatus status) {
  return protocol::isGloballyTerminal(status) || status == JobStatus::kSuspended;
}

std::int32_t configuredMaxParallelism(const protocol::JobGraph& graph) {
  const auto found = graph.configuration.find("pipeline.max-parallelism");
  std::int32_t value = -1;
  if (found == graph.configuration.end()) return value;
  const std::string& text = found->second;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value > 0 ? value : -1;
}

}  // namespace

JobMaster::JobMaster(std::shared_ptr<const protocol::JobGraph> graph, const JobSettings& settings,
                     const JobServices& services, OnEnded onEnded, OnSnapshot onSnapshot)
    : services_(services),
      settings_(settings),
      onEnded_(std::move(onEnded)),
      onSnapshot_(std::move(onSnapshot)),
      graph_(std::move(graph)),
      id_(graph_->id),
      probe_(services_.metricGroup, services_.clock, id_, graph_->name,
             services_.settings.jobStateTimes),
      failures_(services_.settings.exceptionHistorySize),
      restarts_(settings.restartStrategy, services_.loop, services_.clock,
                [this] { state().onTasksEnded(*this); }),
      collected_(
          std::make_unique<CollectBuffers>(services_.loop, services_.settings.collectBufferBytes)),
      cancellationTimeout_(settings.cancellationTimeout),
      execution_(graph_, settings, JobToken::random(services_.rng), services_.resources,
                 services_.loop, services_.clock, *this) {
  if (graph_->type == protocol::JobType::kStreaming)
    checkpoints_.emplace(execution_.graph(), settings_.checkpoints, services_, probe_.group(),
                         checkpointCallbacks());
  timestampsMs_[static_cast<std::size_t>(JobStatus::kInitializing)] = services_.clock.wallMs();
  probe_.status(JobStatus::kInitializing, stampOf(JobStatus::kInitializing));
}

JobMaster::~JobMaster() {
  services_.loop.cancel(cancellationTimer_);
}

void JobMaster::start() {
  services_.publish("job.status",
                    {{"job", id_.toHex()}, {"name", graph_->name}, {"status", "INITIALIZING"}});
  if (!settings_.restorePath.empty()) return loadRestorePoint();
  state().enter(*this);
}

Status JobMaster::cancel() {
  if (status_ == JobStatus::kCanceled) return Status::ok();
  Status status = state().cancel(*this);
  if (status.isOk()) return status;
  return {status.code(), fmt::format("{}: job={} status={}", status.message(), id_.toHex(),
                                     protocol::toString(status_))};
}

void JobMaster::suspend() {
  if (!isTerminal(status_)) moveTo(JobStatus::kSuspended);
}

void JobMaster::moveTo(JobStatus status) {
  FLINK_CHECK(scheduler::isLegalMove(status_, status),
              fmt::format("illegal move of a job: job={} from={} to={}", id_.toHex(),
                          protocol::toString(status_), protocol::toString(status)));
  const JobStatus previous = std::exchange(status_, status);
  const std::int64_t nowMs = services_.clock.wallMs();
  timestampsMs_[static_cast<std::size_t>(status)] = nowMs;
  if (status == JobStatus::kRunning) {
    services_.loop.cancel(cancellationTimer_);
    cancellationTimer_ = EventLoop::TimerId::kNone;
  }
  if (status != JobStatus::kRestarting) restarts_.clear();
  if (checkpoints_ && status == JobStatus::kRunning) checkpoints_->start();
  if (checkpoints_ && previous == JobStatus::kRunning) {
    checkpoints_->stop(status == JobStatus::kRestarting
                           ? CheckpointFailureReason::kJobFailoverRegion
                           : CheckpointFailureReason::kCheckpointCoordinatorShutdown);
  }
  probe_.status(status, nowMs);
  FLINK_INFO(kLog, "job {} ({}) switched from {} to {}", graph_->name, id_.toHex(),
             protocol::toString(previous), protocol::toString(status));
  services_.publish("job.status", {{"job", id_.toHex()},
                                   {"name", graph_->name},
                                   {"previous", std::string(protocol::toString(previous))},
                                   {"status", std::string(protocol::toString(status))}});
  state().enter(*this);
}

void JobMaster::log(const TaskFailure& failure) const {
  FLINK_WARN(kLog, "job {} ({}) has a failure: task=\"{}\" {}", graph_->name, id_.toHex(),
             failure.entry.taskName, failure.entry.failure.stackTrace);
}

void JobMaster::remember(const TaskFailure& failure) {
  log(failure);
  failures_.addConcurrent(failure.entry);
}

std::vector<scheduler::TaskIndex> JobMaster::allTasks() const {
  std::vector<scheduler::TaskIndex> tasks;
  for (std::int32_t t = 0; t < execution_.graph().topology().numTasks(); ++t)
    tasks.push_back(static_cast<scheduler::TaskIndex>(t));
  return tasks;
}

bool JobMaster::recover(const TaskFailure& failure) {
  if (failure.concurrent) {
    remember(failure);
    return true;
  }
  log(failure);
  if (restarts_.notifyFailure()) {
    failures_.addRoot(failure.entry);
  } else {
    failures_.addConcurrent(failure.entry);
  }
  if (!restarts_.allowed() || isUnrecoverable(failure.entry.failure)) {
    failures_.suppressed(restarts_.strategy());
    restarts_.clear();
    return false;
  }
  const auto tasks = failure.tasks.empty() ? allTasks() : execution_.tasksToRestart(failure.tasks);
  FLINK_INFO(kLog, "job {} ({}) restarts {} tasks: strategy={}", graph_->name, id_.toHex(),
             tasks.size(), restarts_.strategy());
  restarts_.add(tasks);
  execution_.cancel(tasks);
  return true;
}

void JobMaster::restartWhenReady() {
  const auto ended = [this](scheduler::TaskIndex task) {
    return protocol::isTerminal(execution_.graph().execution(task).state);
  };
  const auto& waiting = restarts_.waiting();
  if (!restarts_.due() || !std::all_of(waiting.begin(), waiting.end(), ended)) return;
  if (checkpoints_ && checkpoints_->storing()) return;
  if (const Status status = setRestores(); !status.isOk()) return failUnrecoverably(status);
  execution_.restart(restarts_.take());
  probe_.restarts(restarts_.count());
  moveTo(JobStatus::kRunning);
}

void JobMaster::startCancellationTimer() {
  if (cancellationTimeout_ <= Duration::zero()) return;
  if (cancellationTimer_ != EventLoop::TimerId::kNone) return;
  cancellationTimer_ = services_.loop.schedule(cancellationTimeout_, [this] {
    cancellationTimer_ = EventLoop::TimerId::kNone;
    if (!isTerminal(status_))
      execution_.forceEnd("tasks did not end within task.cancellation.timeout");
  });
}

void JobMaster::conclude() {
  // Whether the checkpoint that is being stored exists has to be known before anything is deleted.
  concludes_ = checkpoints_ && checkpoints_->storing();
  if (concludes_) return;
  if (checkpoints_) checkpoints_->jobEnded(jobEndOf(status_));
  services_.loop.cancel(cancellationTimer_);
  collected_->close();
  services_.resources.releaseJob(id_, fmt::format("job is {}", protocol::toString(status_)));
  services_.loop.post([onEnded = onEnded_, id = id_] { onEnded(id); });
}

Status JobMaster::onTaskStateChanged(const TaskManagerId& sender,
                                     protocol::TaskStateChangedRequest report) {
  return execution_.onTaskStateChanged(sender, std::move(report));
}

Status JobMaster::onCoordinatorFailed(const TaskManagerId& sender,
                                      protocol::CoordinatorFailedRequest report) {
  return execution_.onCoordinatorFailed(sender, std::move(report));
}

void JobMaster::onTaskReport(const TaskManagerId& sender, protocol::TaskReport report) {
  execution_.onTaskReport(sender, std::move(report));
}

void JobMaster::onTasksLost(const TaskManagerId& taskManager,
                            const protocol::FailureInfo& failure) {
  execution_.onTasksLost(taskManager, failure);
}

void JobMaster::onOperatorEvent(protocol::OperatorEvent event,
                                Responder<protocol::OperatorEventRequest> responder) {
  const auto target = execution_.locate(event);
  if (!target) return responder(target.status());
  // Taken: a slow receiver must not hold the sender's later messages back. What follows either
  // arrives, or its TaskManager is lost and the job hears of that.
  responder(protocol::Empty{});
  services_.resources.callInOrder<protocol::DeliverOperatorEventRequest>(
      *target, {std::move(event)}, [id = id_](const auto& answer) {
        if (answer.isOk()) return;
        FLINK_INFO(kLog, "an operator event came too late: job={} reason=\"{}\"", id.toHex(),
                   answer.status().toString());
      });
}

void JobMaster::onTaskMoved(scheduler::TaskIndex task) {
  const auto& graph = execution_.graph();
  const auto& execution = graph.execution(task);
  probe_.tasks(graph.counts(), graph.lastModificationMs());
  if (checkpoints_) checkpoints_->onTaskMoved(task);
  services_.publish(
      "task.state",
      {{"job", id_.toHex()},
       {"vertex", execution.id.vertex.toHex()},
       {"task", graph.taskName(task)},
       {"subtask", fmt::to_string(execution.id.subtask)},
       {"attempt", fmt::to_string(execution.id.attempt)},
       {"state", std::string(protocol::toString(execution.state))},
       {"taskmanager", execution.slot ? execution.slot->location.taskManager.text() : ""}});
}

void JobMaster::onFailure(TaskFailure failure) {
  state().onFailure(*this, failure);
}

void JobMaster::onTasksEnded() {
  state().onTasksEnded(*this);
}

protocol::JobOverview JobMaster::overview() const {
  protocol::JobOverview overview;
  overview.id = id_;
  overview.name = graph_->name;
  overview.status = status_;
  overview.type = graph_->type;
  overview.startMs = stampOf(JobStatus::kInitializing);
  overview.endMs = isTerminal(status_) ? stampOf(status_) : -1;
  const std::int64_t until = overview.endMs >= 0 ? overview.endMs : services_.clock.wallMs();
  overview.durationMs = std::max<std::int64_t>(0, until - overview.startMs);
  overview.lastModificationMs = std::max(stampOf(status_), execution_.graph().lastModificationMs());
  overview.tasks = execution_.graph().counts();
  return overview;
}

protocol::JobDetails JobMaster::details() const {
  protocol::JobDetails details;
  details.overview = overview();
  details.timestampsMs = timestampsMs_;
  details.nowMs = services_.clock.wallMs();
  details.maxParallelism = configuredMaxParallelism(*graph_);
  details.vertices = execution_.graph().view();
  details.planJson = graph_->planJson;
  details.streamGraphJson = graph_->streamGraphJson;
  details.exceptions = failures_.entries();
  details.exceptionsTruncated = failures_.truncated();
  details.configuration = graph_->configuration;
  details.globalJobParameters = graph_->globalJobParameters;
  details.parallelismDefault = graph_->program.defaultParallelism;
  if (const auto waiting = services_.resources.slots().waiting(id_)) {
    details.statusMessage =
        fmt::format("waiting for {} slots, {} available", waiting->needed, waiting->available);
  }
  return details;
}

protocol::JobResult JobMaster::result() const {
  FLINK_CHECK(isTerminal(status_), "only an ended job has a result");
  protocol::JobResult result;
  result.id = id_;
  result.name = graph_->name;
  result.status = status_;
  result.startMs = stampOf(JobStatus::kInitializing);
  result.endMs = stampOf(status_);
  result.netRuntimeMs = std::max<std::int64_t>(0, result.endMs - result.startMs);
  if (status_ == JobStatus::kFailed) result.failure = failures_.verdict();
  result.accumulators = execution_.graph().mergedAccumulators();
  return result;
}

Result<protocol::GetMetricsRequest::Response> JobMaster::metrics(const JobVertexId& vertex) const {
  const auto& topology = execution_.graph().topology();
  const auto index = topology.find(vertex);
  if (!index) {
    return Status(ErrorCode::kNotFound, fmt::format("job has no such vertex: job={} vertex={}",
                                                    id_.toHex(), vertex.toHex()));
  }
  protocol::GetMetricsRequest::Response response;
  for (std::int32_t subtask = 0; subtask < topology.vertex(*index).parallelism; ++subtask) {
    const auto& execution = execution_.graph().execution(topology.task(*index, subtask));
    if (protocol::isTerminal(execution.state)) continue;
    response.subtasks.push_back({subtask, execution.metrics});
  }
  return response;
}

}  // namespace flink::jobmanager
