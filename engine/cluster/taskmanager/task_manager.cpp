#include "cluster/taskmanager/task_manager.h"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "cluster/taskmanager/port_binding.h"
#include "cluster/taskmanager/probe.h"
#include "cluster/taskmanager/worker_failure.h"
#include "core/base/error_codes.h"
#include "core/base/process_state.h"
#include "core/config/options/core_options.h"
#include "core/config/options/taskmanager_options.h"

namespace flink::taskmanager {

namespace {

using control::RpcEndpoint;
using protocol::Empty;

constexpr std::size_t kMaxHeldConnections = 1024;
/// A collect sink's answer is its back pressure: it comes when the client has taken what was sent
/// before.
constexpr Duration kCollectDeadline = std::chrono::hours(24);

/// What the names of TaskManagers' directories for temporary files begin with.
constexpr const char* kDirectoryKind = "flink-taskmanager";

std::string randomSuffix(Rng& rng) {
  return fmt::format("{:06x}", rng.below(1U << 24));
}

}  // namespace

TaskManager::TaskManager(TaskManagerSettings settings, Services services)
    : settings_(std::move(settings)),
      services_(std::move(services)),
      slots_(settings_.numSlots, settings_.resources),
      logs_(services_.files, settings_.logDirectory, settings_.logPrefix,
            settings_.maxWorkerLogFiles),
      held_(kMaxHeldConnections, settings_.connectionHoldTimeout),
      figures_(settings_, services_.registry, services_.processFigures) {}

TaskManager::~TaskManager() = default;

Status TaskManager::start() {
  DataPort::Settings port;
  port.host = settings_.bindHost;
  port.port = settings_.dataPort;
  FLINK_ASSIGN_OR_RETURN(dataPort_,
                         services_.listenForData(port, [this](DataConnection connection) {
                           auto shared = std::make_shared<DataConnection>(std::move(connection));
                           services_.loop.post([this, alive = std::weak_ptr<int>(alive_), shared] {
                             if (!alive.expired()) onDataConnection(std::move(*shared));
                           });
                         }));
  RpcEndpoint::Options options;
  options.sender = "taskmanager";
  options.heartbeatInterval = settings_.heartbeatInterval;
  options.heartbeatTimeout = settings_.heartbeatTimeout;
  rpc_ =
      std::make_unique<RpcEndpoint>(options, services_.loop, services_.clock, services_.transport);
  serveJobManager();
  rpc_->onPeerLost(
      [this](const PeerId& peer, const Status& reason) { jobManager_->onPeerLost(peer, reason); });
  rpc_->start();
  FLINK_ASSIGN_OR_RETURN(
      rpcPort_, bindFirstFree(services_.transport, settings_.bindHost, settings_.rpcPorts));
  id_ = settings_.resourceId.empty()
            ? TaskManagerId(
                  fmt::format("{}:{}-{}", settings_.host, rpcPort_, randomSuffix(services_.rng)))
            : TaskManagerId(settings_.resourceId);
  figures_.start(id_);
  FLINK_RETURN_IF_ERROR(takeDirectory());
  blobStore_ = std::make_unique<control::BlobStore>(services_.files, services_.clock,
                                                    directory_->path() + "/blobs");
  blobs_ = std::make_unique<control::BlobCache>(*rpc_, services_.transport, *blobStore_);
  scheduleLibraryCleanup();
  fetchLibrary_ = [this](const auto& program, const std::string& blobServer, auto done) {
    fetchLibrary(program, blobServer, std::move(done));
  };

  JobManagerConnection::Settings connection;
  connection.id = id_;
  connection.jobManager = settings_.jobManager;
  connection.registrationTimeout = settings_.registrationTimeout;
  JobManagerConnection::Callbacks callbacks;
  callbacks.makeRegistration = [this] { return makeRegistration(); };
  callbacks.makeHeartbeat = [this] { return makeHeartbeat(); };
  callbacks.onRegistered = [this](const auto&) { services_.onRegistered(); };
  callbacks.onLost = [this](const Status& reason) {
    releaseEverything("the JobManager is lost: " + reason.toString());
    blobs_->disconnect(reason);  // the next JobManager has a blob server of its own
  };
  callbacks.onGivenUp = [this](Status reason) { services_.onFatal(std::move(reason)); };
  jobManager_ =
      std::make_unique<JobManagerConnection>(std::move(connection), services_.loop, services_.clock,
                                             services_.transport, *rpc_, std::move(callbacks));
  FLINK_INFO(kLog, "starting id={} slots={} dataPort={} jobManager={}", id_.text(),
             slots_.numSlots(), dataPort(), settings_.jobManager);
  return jobManager_->start();
}

template <class Request>
void TaskManager::serve(void (TaskManager::*handler)(Request, RpcEndpoint::Responder<Request>)) {
  rpc_->serve<Request>([this, handler](const PeerId& peer, Request request,
                                       RpcEndpoint::Responder<Request> respond) {
    if (!jobManager_->isJobManager(peer)) {
      return respond(Status(ErrorCode::kUnavailable,
                            "only the JobManager that this TaskManager is registered at may ask"));
    }
    (this->*handler)(std::move(request), std::move(respond));
  });
}

void TaskManager::serveJobManager() {
  serve<protocol::SubmitTasksRequest>(&TaskManager::handle);
  serve<protocol::CancelTasksRequest>(&TaskManager::handle);
  serve<protocol::ReleaseJobRequest>(&TaskManager::handle);
  serve<protocol::DeliverOperatorEventRequest>(&TaskManager::handle);
  serve<protocol::ReleasePartitionsRequest>(&TaskManager::handle);
  serve<protocol::TriggerCheckpointRequest>(&TaskManager::handle);
  serve<protocol::NotifyCheckpointRequest>(&TaskManager::handle);
  serve<protocol::ListTaskManagerLogsRequest>(&TaskManager::handle);
  serve<protocol::ReadTaskManagerLogRequest>(&TaskManager::handle);
}

void TaskManager::handle(protocol::SubmitTasksRequest request,
                         RpcEndpoint::Responder<protocol::SubmitTasksRequest> respond) {
  const Status status = submit(std::move(request.submission));
  if (!status.isOk()) return respond(status);
  respond(Empty{});
}

Status TaskManager::submit(protocol::SubmitTasks submission) {
  const JobId job = submission.job;
  if (stopping_) return Status(ErrorCode::kUnavailable, "the TaskManager stops: id=" + id_.text());
  auto found = workers_.find(job);
  if (found != workers_.end()) {
    if (found->second->token() != submission.token) {
      return Status(ErrorCode::kInvalidArgument, "the job's token changed: job=" + job.toHex());
    }
    // A repeated request must not start a task twice.
    std::erase_if(submission.tasks,
                  [&](const auto& task) { return found->second->runs(task.attempt); });
  } else if (!submission.jobGraph) {
    return Status(ErrorCode::kTaskNotFound,
                  "no worker of this job runs here and its graph was not sent: job=" + job.toHex());
  }
  FLINK_RETURN_IF_ERROR(slots_.occupy(job, submission.tasks));
  if (found == workers_.end()) {
    auto worker = startWorker(submission);
    if (!worker) {
      slots_.release(job);
      return std::move(worker).status();
    }
    found = workers_.emplace(job, std::move(*worker)).first;
    for (auto& connection : held_.take(job)) passOn(*found->second, std::move(connection));
  }
  found->second->submit(std::move(submission));
  return Status::ok();
}

Result<std::shared_ptr<JobWorker>> TaskManager::startWorker(protocol::SubmitTasks& submission) {
  const JobId job = submission.job;
  WorkerLaunch launch;
  launch.job = job;
  launch.taskManager = id_;
  launch.logFile = logs_.workerFile(job, "log");
  launch.outFile = logs_.workerFile(job, "out");
  launch.errFile = logs_.workerFile(job, "err");
  JobWorker::Services services{services_.loop,     services_.clock, services_.files,
                               services_.launcher, fetchLibrary_,   *this};
  FLINK_ASSIGN_OR_RETURN(const auto cancellationTimeout,
                         config::Configuration::fromMap(submission.jobGraph->configuration)
                             .getOptional(config::kTaskCancellationTimeout));
  JobWorker::Limits limits{
      settings_.workerHeartbeatTimeout, settings_.workerStopTimeout,
      cancellationTimeout ? Duration(*cancellationTimeout) : settings_.cancellationTimeout};
  auto worker = std::make_shared<JobWorker>(services, limits, std::move(launch), machineName());
  FLINK_RETURN_IF_ERROR(worker->start(makeStartRequest(submission), submission.blobServer));
  return worker;
}

protocol::StartWorkerRequest TaskManager::makeStartRequest(
    protocol::SubmitTasks& submission) const {
  std::set<std::int32_t> slots;
  for (const auto& task : submission.tasks) slots.insert(task.slot);
  protocol::StartWorkerRequest start;
  start.graph = std::move(*submission.jobGraph);
  start.token = submission.token;
  start.taskManager = id_;
  start.host = settings_.host;
  start.dataPort = dataPort_->port();
  start.configuration = settings_.configuration.toMap();
  for (const auto& [key, value] : start.graph.configuration) start.configuration[key] = value;
  // Below it everything belongs to the job and goes with its worker.
  start.configuration[std::string(config::kIoTmpDirs.key)] = jobDirectory(submission.job);
  start.numThreads = settings_.workerThreads > 0 ? settings_.workerThreads : settings_.numCores;
  for (const std::int32_t slot : slots) start.networkBytes += slots_.resourceOf(slot).networkBytes;
  return start;
}

Status TaskManager::takeDirectory() {
  std::string name = fmt::format("{}-{}", ::getpid(), id_.text());
  std::replace(name.begin(), name.end(), '/', '_');  // an id that users chose
  FLINK_ASSIGN_OR_RETURN(directory_,
                         fs::OwnedDirectory::claim(services_.files, settings_.temporaryDirectory,
                                                   kDirectoryKind, name));
  services_.runBlocking([&files = services_.files, parent = settings_.temporaryDirectory] {
    fs::OwnedDirectory::sweep(files, parent, kDirectoryKind);
  });
  return Status::ok();
}

std::string TaskManager::jobDirectory(const JobId& job) const {
  return fmt::format("{}/{}", directory_->path(), job.toHex());
}

void TaskManager::fetchLibrary(const protocol::ProgramReference& program,
                               const std::string& blobServer,
                               std::function<void(Result<std::string>)> done) {
  if (program.library.isZero()) return done(std::string());
  blobs_->fetch(program.library, blobServer, std::move(done));
}

void TaskManager::scheduleLibraryCleanup() {
  const Duration interval = settings_.libraryCleanupInterval;
  libraryTimer_ =
      services_.loop.schedule(interval, [this, interval, alive = std::weak_ptr<int>(alive_)] {
        if (alive.expired()) return;
        std::set<BlobDigest> inUse;
        for (const auto& entry : workers_) inUse.insert(entry.second->library());
        blobStore_->removeUnused(inUse, interval);
        scheduleLibraryCleanup();
      });
}

void TaskManager::handle(protocol::CancelTasksRequest request,
                         RpcEndpoint::Responder<protocol::CancelTasksRequest> respond) {
  const auto found = workers_.find(request.job);
  if (found == workers_.end()) {
    return respond(Status(ErrorCode::kTaskNotFound,
                          "no worker of this job runs here: job=" + request.job.toHex()));
  }
  found->second->cancel(request.attempts);
  respond(Empty{});
}

void TaskManager::handle(protocol::ReleaseJobRequest request,
                         RpcEndpoint::Responder<protocol::ReleaseJobRequest> respond) {
  releaseJob(request.job, request.reason);
  if (request.awaitEnd && isEnding(request.job)) {
    awaitingEnd_.emplace(request.job, std::move(respond));
  } else {
    respond(Empty{});
  }
}

void TaskManager::handle(protocol::DeliverOperatorEventRequest request,
                         RpcEndpoint::Responder<protocol::DeliverOperatorEventRequest> respond) {
  const auto found = workers_.find(request.event.job);
  if (found == workers_.end()) {
    return respond(Status(ErrorCode::kTaskNotFound,
                          "no worker of this job runs here: job=" + request.event.job.toHex()));
  }
  const Status status = found->second->deliver(std::move(request));
  if (!status.isOk()) return respond(status);
  respond(Empty{});
}

void TaskManager::handle(protocol::TriggerCheckpointRequest request,
                         RpcEndpoint::Responder<protocol::TriggerCheckpointRequest> respond) {
  const auto found = workers_.find(request.job);
  if (found == workers_.end()) {
    return respond(Status(ErrorCode::kTaskNotFound,
                          "no worker of this job runs here: job=" + request.job.toHex()));
  }
  const Status taken = found->second->triggerCheckpoint(std::move(request));
  if (!taken.isOk()) return respond(taken);
  respond(Empty{});
}

void TaskManager::handle(protocol::NotifyCheckpointRequest request,
                         RpcEndpoint::Responder<protocol::NotifyCheckpointRequest> respond) {
  if (const auto found = workers_.find(request.job); found != workers_.end())
    found->second->notifyCheckpoint(std::move(request));
  respond(Empty{});
}

void TaskManager::handle(protocol::ReleasePartitionsRequest request,
                         RpcEndpoint::Responder<protocol::ReleasePartitionsRequest> respond) {
  if (const auto found = workers_.find(request.job); found != workers_.end()) {
    found->second->releasePartitions(std::move(request));
  }
  respond(Empty{});
}

void TaskManager::handle(protocol::ListTaskManagerLogsRequest,
                         RpcEndpoint::Responder<protocol::ListTaskManagerLogsRequest> respond) {
  services_.runBlocking([directory = logs_, respond = std::move(respond)] {
    auto logs = directory.list();
    if (!logs) return respond(std::move(logs).status());
    respond(protocol::ListLogsRequest::Response{std::move(*logs)});
  });
}

void TaskManager::handle(protocol::ReadTaskManagerLogRequest request,
                         RpcEndpoint::Responder<protocol::ReadTaskManagerLogRequest> respond) {
  services_.runBlocking([logs = logs_, request = std::move(request), respond = std::move(respond)] {
    respond(logs.read(request));
  });
}

void TaskManager::releaseJob(const JobId& job, const std::string& reason) {
  slots_.release(job);
  static_cast<void>(held_.take(job));
  if (const auto found = workers_.find(job); found != workers_.end()) {
    FLINK_INFO(kLog, "releasing job={} reason=\"{}\"", job.toHex(), reason);
    found->second->release();
    ending_.push_back(std::move(found->second));
    workers_.erase(found);
  }
}

void TaskManager::releaseEverything(const std::string& reason) {
  while (!workers_.empty()) releaseJob(workers_.begin()->first, reason);
  // Slots of jobs whose worker had died before.
  for (const auto& slot : slots_.allocated()) slots_.release(slot.job);
}

void TaskManager::onDataConnection(DataConnection connection) {
  if (stopping_) return;
  if (const auto found = workers_.find(connection.hello.job); found != workers_.end()) {
    return passOn(*found->second, std::move(connection));
  }
  const bool first = held_.size() == 0;
  held_.hold(std::move(connection), services_.clock.now());
  if (first) scheduleHeldExpiry(settings_.connectionHoldTimeout);
}

void TaskManager::passOn(JobWorker& worker, DataConnection connection) {
  if (connection.hello.token != worker.token()) {
    FLINK_WARN(kLog, "refused a data connection with a wrong token job={} peer={}",
               worker.job().toHex(), connection.peer);
    return;
  }
  worker.adopt(std::move(connection.socket),
               fmt::format("{} ({})", connection.hello.consumer, connection.peer));
}

void TaskManager::scheduleHeldExpiry(Duration after) {
  heldTimer_ = services_.loop.schedule(after, [this, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    const Duration next = held_.expire(services_.clock.now());
    if (next > Duration::zero()) scheduleHeldExpiry(next);
  });
}

void TaskManager::onTaskStateChanged(JobWorker& worker, protocol::TaskStateChangedRequest change) {
  if (protocol::isTerminal(change.state))
    slots_.taskEnded(worker.job(), worker.slotOf(change.attempt));
  jobManager_->sendReliably(change);
}

void TaskManager::onCoordinatorFailed(protocol::CoordinatorFailedRequest report) {
  jobManager_->sendReliably(report);
}

void TaskManager::onOperatorEvent(protocol::OperatorEventRequest event) {
  jobManager_->sendReliably(event);
}

void TaskManager::onCheckpointAcknowledged(protocol::AcknowledgeCheckpointRequest answer) {
  jobManager_->sendReliably(answer);
}

void TaskManager::onCheckpointDeclined(protocol::DeclineCheckpointRequest answer) {
  jobManager_->sendReliably(answer);
}

void TaskManager::onCollectedRecords(
    protocol::CollectedRecordsRequest records,
    RpcEndpoint::Responder<protocol::CollectedRecordsRequest> respond) {
  jobManager_->call(records, kCollectDeadline, std::move(respond));
}

void TaskManager::onWorkerReport(JobWorker& worker) {
  figures_.setReport(worker.job(), worker.lastReport());
}

void TaskManager::onWorkerGone(JobWorker& worker,
                               const std::optional<protocol::FailureInfo>& failure) {
  const JobId job = worker.job();
  figures_.dropReport(job);
  if (failure) {
    jobManager_->sendReliably(protocol::WorkerEndedRequest{id_, job, *failure});
  }
  if (const auto found = workers_.find(job);
      found != workers_.end() && found->second.get() == &worker) {
    slots_.workerEnded(job);
    workers_.erase(found);
  }
  std::erase_if(ending_, [&](const auto& candidate) { return candidate.get() == &worker; });
  answerEnded(job);
  cleanUpAfter(job);
  finishStopWhenIdle();
}

bool TaskManager::isEnding(const JobId& job) const {
  return std::any_of(ending_.begin(), ending_.end(),
                     [&](const auto& worker) { return worker->job() == job; });
}

void TaskManager::answerEnded(const JobId& job) {
  if (isEnding(job)) return;
  const auto [first, last] = awaitingEnd_.equal_range(job);
  for (auto asked = first; asked != last; ++asked) asked->second(Empty{});
  awaitingEnd_.erase(first, last);
}

void TaskManager::cleanUpAfter(const JobId& job) {
  std::set<JobId> inUse;
  for (const auto& entry : workers_) inUse.insert(entry.first);
  for (const auto& worker : ending_) inUse.insert(worker->job());
  services_.runBlocking([logs = logs_, inUse = std::move(inUse), job, directory = jobDirectory(job),
                         &files = services_.files] {
    if (!inUse.contains(job)) {
      if (const Status removed = files.removeAll(directory); !removed.isOk()) {
        FLINK_WARN(kLog, "cannot remove a job's temporary files path={} reason={}", directory,
                   removed.toString());
      }
    }
    logs.prune([&](const JobId& candidate) { return inUse.contains(candidate); });
  });
}

protocol::RegisterTaskManagerRequest TaskManager::makeRegistration() {
  protocol::RegisterTaskManagerRequest request;
  request.self = view();
  request.version = settings_.version;
  for (const auto& entry : workers_) request.runningJobs.push_back(entry.first);
  return request;
}

protocol::HeartbeatRequest TaskManager::makeHeartbeat() {
  protocol::HeartbeatRequest request;
  request.id = id_;
  request.self = view();
  for (const auto& entry : workers_) {
    const auto& tasks = entry.second->lastReport().tasks;
    request.tasks.insert(request.tasks.end(), tasks.begin(), tasks.end());
  }
  return request;
}

protocol::TaskManagerView TaskManager::view() {
  protocol::TaskManagerView view;
  view.id = id_;
  view.host = settings_.host;
  view.pid = ::getpid();
  view.rpcPort = rpcPort_;
  view.dataPort = dataPort_->port();
  view.lastHeartbeatMs = services_.clock.wallMs();
  view.slots = slots_.numSlots();
  view.freeSlots = slots_.numFree();
  view.assignedTasks = slots_.numTasks();
  view.total = settings_.resources;
  view.free = slots_.free();
  view.hardware = readHardware(settings_);
  view.memory = settings_.memory;
  view.allocatedSlots = slots_.allocated();
  view.metrics = figures_.restMetrics();
  return view;
}

std::vector<metrics::MetricSample> TaskManager::collectMetrics() {
  return figures_.collect();
}

void TaskManager::stop(std::function<void()> stopped) {
  stopping_ = true;
  onStopped_ = std::move(stopped);
  if (jobManager_ != nullptr) jobManager_->stop("the TaskManager was stopped");
  releaseEverything("the TaskManager was stopped");
  finishStopWhenIdle();
}

void TaskManager::finishStopWhenIdle() {
  if (!onStopped_ || !workers_.empty() || !ending_.empty()) return;
  services_.loop.cancel(heldTimer_);
  services_.loop.cancel(libraryTimer_);
  if (dataPort_ != nullptr) dataPort_->stop();
  if (rpc_ != nullptr) rpc_->stop();
  alive_.reset();
  directory_.reset();
  std::exchange(onStopped_, {})();
}

}  // namespace flink::taskmanager
