#include "cluster/jobmanager/dispatcher.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "cluster/scheduler/job_graph_validation.h"
#include "core/base/error_codes.h"
#include "core/base/log.h"
#include "dataflow/checkpoint/report.h"

namespace flink::jobmanager {
namespace {

using protocol::JobStatus;

Logger kLog{"flink.jobmanager.dispatcher"};
constexpr std::size_t kMaxWaitingClients = 10'000;
constexpr std::int64_t kMaxWaitMs = 3'600'000;

Duration waitOf(std::int64_t waitMs) {
  return std::chrono::milliseconds(std::clamp<std::int64_t>(waitMs, 0, kMaxWaitMs));
}

}  // namespace

Dispatcher::Dispatcher(JobServices services)
    : services_(std::move(services)),
      store_({services_.settings.jobStoreMaxCapacity, services_.settings.jobStoreCacheBytes,
              services_.settings.jobStoreExpiration},
             services_.loop, services_.clock),
      snapshots_(services_.loop, services_.clock, services_.rng) {}

Dispatcher::~Dispatcher() {
  for (const auto& [job, clients] : waiting_) {
    for (const Waiting& client : clients) services_.loop.cancel(client.timer);
  }
}

Status Dispatcher::submit(protocol::JobGraph graph) {
  const JobId id = graph.id;
  if (jobs_.contains(id) || store_.find(id) != nullptr) {
    return {ErrorCode::kAlreadyExists,
            fmt::format("a job with this id was submitted before: job={}", id.toHex())};
  }
  FLINK_RETURN_IF_ERROR(scheduler::validateJobGraph(graph));
  addClusterDefaults(graph);
  FLINK_ASSIGN_OR_RETURN(const JobSettings settings,
                         JobSettings::of(graph, services_.settings, services_.rng));
  FLINK_INFO(kLog, "received job submission: job={} name=\"{}\" vertices={}", id.toHex(),
             graph.name, graph.vertices.size());
  auto onEnded = [this, alive = std::weak_ptr<const int>(alive_)](const JobId& job) {
    if (!alive.expired()) archive(job);
  };
  auto master = std::make_unique<JobMaster>(
      std::make_shared<const protocol::JobGraph>(std::move(graph)), settings, services_,
      std::move(onEnded), [this](const auto& answer) { snapshots_.ended(answer); });
  JobMaster& job = *jobs_.emplace(id, std::move(master)).first->second;
  job.start();
  return Status::ok();
}

void Dispatcher::addClusterDefaults(protocol::JobGraph& graph) const {
  for (const auto& [key, entry] : services_.settings.configuration.entries()) {
    if (key.starts_with("execution.checkpointing.") || key.starts_with("state."))
      graph.configuration.emplace(key, entry.value);
  }
}

Result<protocol::TriggerSnapshotRequest::Response> Dispatcher::triggerSnapshot(
    const protocol::TriggerSnapshotRequest& request) {
  if (snapshots_.knows(request.job, request.trigger))
    return protocol::TriggerSnapshotRequest::Response{request.trigger};
  JobMaster* job = findRunning(request.job);
  if (job == nullptr) return notRunning(request.job);
  if (request.kind < 0 ||
      request.kind > static_cast<std::int32_t>(checkpoint::SnapshotKind::kTerminateSavepoint)) {
    return Status(ErrorCode::kInvalidArgument,
                  fmt::format("no such kind of snapshot: kind={}", request.kind));
  }
  const auto started = snapshots_.start(request.job, request.trigger);
  const Status status = job->triggerSnapshot(
      started.request, static_cast<checkpoint::SnapshotKind>(request.kind), request.target);
  if (!status.isOk()) {
    snapshots_.ended({started.request, status, 0, {}});
    return status;
  }
  return protocol::TriggerSnapshotRequest::Response{started.trigger};
}

Result<protocol::GetCheckpointsRequest::Response> Dispatcher::checkpoints(
    const protocol::GetCheckpointsRequest& request) {
  const checkpoint::CheckpointHistory* history = nullptr;
  const checkpoint::CheckpointSettings* settings = nullptr;
  static const checkpoint::CheckpointHistory kNone;
  if (const JobMaster* job = findRunning(request.job)) {
    history = job->checkpointHistory();
    settings = &job->checkpointSettings();
  } else if (const ArchivedJob* archived = store_.find(request.job)) {
    history = &archived->checkpoints;
    settings = &archived->checkpointSettings;
  } else {
    return notFound(request.job);
  }
  FLINK_ASSIGN_OR_RETURN(
      const auto report,
      checkpoint::makeReport(
          *settings, history == nullptr ? kNone : *history,
          request.checkpoint > 0 ? std::optional(request.checkpoint) : std::nullopt));
  return protocol::GetCheckpointsRequest::Response{checkpoint::encodeReport(report)};
}

void Dispatcher::waitSnapshot(const protocol::WaitSnapshotRequest& request,
                              Responder<protocol::WaitSnapshotRequest> responder) {
  snapshots_.wait(request, std::move(responder));
}

Status Dispatcher::notFound(const JobId& id) {
  return {ErrorCode::kJobNotFound, fmt::format("Job {} not found", id.toHex())};
}

JobMaster* Dispatcher::findRunning(const JobId& id) {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : found->second.get();
}

Status Dispatcher::cancel(const JobId& id) {
  if (JobMaster* job = findRunning(id)) return job->cancel();
  const ArchivedJob* archived = store_.find(id);
  if (archived != nullptr && archived->result.status == JobStatus::kCanceled) return Status::ok();
  return notRunning(id);
}

Status Dispatcher::notRunning(const JobId& id) const {
  const ArchivedJob* archived = store_.find(id);
  if (archived == nullptr) return notFound(id);
  return {ErrorCode::kJobAlreadyTerminated,
          fmt::format("job has already reached a terminal state: job={} status={}", id.toHex(),
                      protocol::toString(archived->result.status))};
}

// --- waiting clients
// ----------------------------------------------------------------------------------------------

void Dispatcher::wait(const protocol::WaitJobRequest& request,
                      Responder<protocol::WaitJobRequest> responder) {
  if (const ArchivedJob* archived = store_.find(request.job)) {
    return responder(protocol::WaitJobRequest::Response{archived->result.status, archived->result});
  }
  if (!jobs_.contains(request.job)) return responder(notFound(request.job));
  if (numWaiting_ >= kMaxWaitingClients) {
    return responder(
        Status(ErrorCode::kLimitExceeded,
               fmt::format("too many clients wait for jobs: limit={}", kMaxWaitingClients)));
  }
  const std::uint64_t id = nextWaiting_++;
  const auto timer = services_.loop.schedule(
      waitOf(request.waitMs), [this, job = request.job, id] { onWaitTimeout(job, id); });
  waiting_[request.job].push_back({id, std::move(responder), timer});
  ++numWaiting_;
}

void Dispatcher::onWaitTimeout(const JobId& job, std::uint64_t waiting) {
  const auto clients = waiting_.find(job);
  if (clients == waiting_.end()) return;
  const auto found =
      std::find_if(clients->second.begin(), clients->second.end(),
                   [waiting](const Waiting& client) { return client.id == waiting; });
  if (found == clients->second.end()) return;
  const auto responder = std::move(found->responder);
  clients->second.erase(found);
  if (clients->second.empty()) waiting_.erase(clients);
  --numWaiting_;
  const JobMaster* master = findRunning(job);
  responder(protocol::WaitJobRequest::Response{
      master != nullptr ? master->status() : JobStatus::kRunning, std::nullopt});
}

void Dispatcher::archive(const JobId& id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return;
  const std::unique_ptr<JobMaster> job = std::move(found->second);
  jobs_.erase(found);
  const protocol::JobResult result = job->result();
  FLINK_INFO(kLog, "job {} reached terminal state {}", id.toHex(),
             protocol::toString(result.status));
  snapshots_.jobEnded(id, {ErrorCode::kCheckpointFailed,
                           fmt::format("the job has ended: job={} status={}", id.toHex(),
                                       protocol::toString(result.status))});
  const auto* checkpoints = job->checkpointHistory();
  store_.put({job->details(), result, job->takeCollected(), job->library(),
              checkpoints == nullptr ? checkpoint::CheckpointHistory() : *checkpoints,
              job->checkpointSettings()});
  answerWaiting(id, result);
}

void Dispatcher::answerWaiting(const JobId& id, const protocol::JobResult& result) {
  const auto clients = waiting_.find(id);
  if (clients == waiting_.end()) return;
  const std::vector<Waiting> answered = std::move(clients->second);
  waiting_.erase(clients);
  numWaiting_ -= answered.size();
  for (const Waiting& client : answered) {
    services_.loop.cancel(client.timer);
    client.responder(protocol::WaitJobRequest::Response{result.status, result});
  }
}

void Dispatcher::suspendAll() {
  for (const auto& [id, job] : jobs_) job->suspend();
}

// --- queries
// ------------------------------------------------------------------------------------------------------

std::vector<protocol::JobOverview> Dispatcher::overviews() const {
  std::vector<protocol::JobOverview> result = store_.overviews();
  for (const auto& [id, job] : jobs_) result.push_back(job->overview());
  std::sort(result.begin(), result.end(),
            [](const protocol::JobOverview& a, const protocol::JobOverview& b) {
              return a.startMs != b.startMs ? a.startMs > b.startMs : a.id < b.id;
            });
  return result;
}

Result<protocol::JobDetails> Dispatcher::details(const JobId& id) {
  if (const JobMaster* job = findRunning(id)) return job->details();
  const ArchivedJob* archived = store_.find(id);
  if (archived == nullptr) return notFound(id);
  protocol::JobDetails details = archived->details;
  details.nowMs = services_.clock.wallMs();
  return details;
}

Result<protocol::GetMetricsRequest::Response> Dispatcher::metrics(
    const protocol::GetMetricsRequest& request) {
  if (const JobMaster* job = findRunning(request.job)) return job->metrics(request.vertex);
  if (store_.find(request.job) == nullptr) return notFound(request.job);
  return protocol::GetMetricsRequest::Response{};  // an ended job has no metrics any more
}

void Dispatcher::countJobs(protocol::ClusterOverview& overview) const {
  const JobStore::Totals ended = store_.totals();
  overview.jobsFinished = ended.finished;
  overview.jobsCancelled = ended.cancelled;
  overview.jobsFailed = ended.failed;
  overview.jobsRunning = numRunningJobs();
}

std::int32_t Dispatcher::numRunningJobs() const {
  return static_cast<std::int32_t>(jobs_.size());
}

std::set<BlobDigest> Dispatcher::librariesInUse() const {
  std::set<BlobDigest> libraries;
  store_.addLibraries(libraries);
  for (const auto& [id, job] : jobs_) libraries.insert(job->library());
  return libraries;
}

// --- TaskManagers
// -------------------------------------------------------------------------------------------------

Status Dispatcher::onTaskStateChanged(const TaskManagerId& sender,
                                      protocol::TaskStateChangedRequest report) {
  if (JobMaster* job = findRunning(report.attempt.job))
    return job->onTaskStateChanged(sender, std::move(report));
  if (store_.find(report.attempt.job) != nullptr)
    return Status::ok();  // late news of a job that has ended
  return notFound(report.attempt.job);
}

Status Dispatcher::onCoordinatorFailed(const TaskManagerId& sender,
                                       protocol::CoordinatorFailedRequest report) {
  if (JobMaster* job = findRunning(report.attempt.job))
    return job->onCoordinatorFailed(sender, std::move(report));
  return notRunning(report.attempt.job);
}

Status Dispatcher::onAcknowledge(const TaskManagerId& sender,
                                 const protocol::AcknowledgeCheckpointRequest& answer) {
  if (JobMaster* job = findRunning(answer.attempt.job)) return job->onAcknowledge(sender, answer);
  return notRunning(answer.attempt.job);
}

Status Dispatcher::onDecline(const TaskManagerId& sender,
                             const protocol::DeclineCheckpointRequest& answer) {
  if (JobMaster* job = findRunning(answer.attempt.job)) return job->onDecline(sender, answer);
  return notRunning(answer.attempt.job);
}

void Dispatcher::onOperatorEvent(protocol::OperatorEvent event,
                                 Responder<protocol::OperatorEventRequest> responder) {
  if (JobMaster* job = findRunning(event.job))
    return job->onOperatorEvent(std::move(event), std::move(responder));
  if (store_.find(event.job) == nullptr) return responder(notFound(event.job));
  responder(protocol::Empty{});  // late news of a job that has ended
}

CollectBuffers* Dispatcher::findCollected(const JobId& id) {
  if (JobMaster* job = findRunning(id)) return &job->collected();
  ArchivedJob* archived = store_.find(id);
  return archived == nullptr ? nullptr : archived->collected.get();
}

void Dispatcher::onCollectedRecords(protocol::CollectedRecordsRequest request,
                                    Responder<protocol::CollectedRecordsRequest> responder) {
  CollectBuffers* buffers = findCollected(request.job);
  if (buffers == nullptr) return responder(notFound(request.job));
  const auto buffer = buffers->get(request.collectId);
  if (!buffer) return responder(buffer.status());
  (*buffer)->add(std::move(request.records), std::move(responder));
}

void Dispatcher::collectResults(const protocol::CollectResultsRequest& request,
                                Responder<protocol::CollectResultsRequest> responder) {
  CollectBuffers* buffers = findCollected(request.job);
  if (buffers == nullptr) return responder(notFound(request.job));
  const auto buffer = buffers->get(request.collectId);
  if (!buffer) return responder(buffer.status());
  (*buffer)->read(request.offset, waitOf(request.waitMs), std::move(responder));
}

void Dispatcher::onTasksLost(const JobId& job, const TaskManagerId& taskManager,
                             const protocol::FailureInfo& failure) {
  if (JobMaster* master = findRunning(job)) master->onTasksLost(taskManager, failure);
}

void Dispatcher::onTaskReports(const TaskManagerId& taskManager,
                               std::vector<protocol::TaskReport> reports) {
  for (protocol::TaskReport& report : reports) {
    if (JobMaster* job = findRunning(report.attempt.job))
      job->onTaskReport(taskManager, std::move(report));
  }
}

std::map<AllocationId, std::int32_t> Dispatcher::assignedTasks(
    const TaskManagerId& taskManager) const {
  std::map<AllocationId, std::int32_t> counts;
  for (const auto& [id, job] : jobs_) job->countAssignedTasks(taskManager, counts);
  return counts;
}

}  // namespace flink::jobmanager
