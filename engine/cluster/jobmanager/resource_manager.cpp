#include "cluster/jobmanager/resource_manager.h"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/jobmanager/failures.h"
#include "core/base/error_codes.h"
#include "core/base/log.h"
#include "core/base/process_state.h"

namespace flink::jobmanager {
namespace {

Logger kLog{"flink.jobmanager.resources"};
constexpr std::int32_t kMaxSlotsPerTaskManager = 4096;
/// How often, and for how long together, the end of a process is waited for.
constexpr Duration kEndCheckPause = std::chrono::milliseconds(50);
constexpr int kEndChecks = 20;

std::int64_t toMillis(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

SlotManager::Options slotOptions(const JobManagerSettings& settings) {
  return {settings.slotIdleTimeout, settings.placement};
}

}  // namespace

ResourceManager::ResourceManager(const JobManagerSettings& settings,
                                 const JobManagerProcess& process, EventLoop& loop,
                                 const Clock& clock, Rng& rng, control::RpcEndpoint& rpc,
                                 FileSystem& files, Publish publish,
                                 std::function<void()> onSlotsChanged)
    : settings_(settings),
      process_(process),
      loop_(loop),
      clock_(clock),
      rpc_(rpc),
      files_(files),
      publish_(std::move(publish)),
      slots_(slotOptions(settings), loop, clock, rng, std::move(onSlotsChanged)) {}

ResourceManager::~ResourceManager() {
  for (const auto& [id, taskManager] : taskManagers_) {
    loop_.cancel(taskManager.timer);
    loop_.cancel(taskManager.endTimer);
  }
}

Status ResourceManager::accept(const protocol::RegisterTaskManagerRequest& request) const {
  const auto& self = request.self;
  if (request.version != process_.version) {
    return {ErrorCode::kTaskManagerRefused,
            fmt::format("TaskManager runs another release than the JobManager: taskManager={} "
                        "version={} expected={}",
                        self.id.text(), request.version, process_.version)};
  }
  if (self.id.text().empty() || self.slots < 1 || self.slots > kMaxSlotsPerTaskManager) {
    return {ErrorCode::kTaskManagerRefused,
            fmt::format("TaskManager has an impossible id or number of slots: taskManager={} "
                        "slots={} allowed=1..{}",
                        self.id.text(), self.slots, kMaxSlotsPerTaskManager)};
  }
  return Status::ok();
}

Result<protocol::RegisterTaskManagerRequest::Response> ResourceManager::registerTaskManager(
    const PeerId& peer, protocol::RegisterTaskManagerRequest request, Epoch epoch) {
  if (Status refused = accept(request); !refused.isOk()) {
    FLINK_WARN(kLog, "TaskManager refused: peer={} reason=\"{}\"", peer, refused.message());
    return refused;
  }
  const TaskManagerId id = request.self.id;
  const auto known = taskManagers_.find(id);
  if (known != taskManagers_.end() && (known->second.self.pid != request.self.pid ||
                                       known->second.self.slots != request.self.slots)) {
    lose(id, lossOf(known->second, kJobMasterException,
                    "TaskManager was replaced by a new process of the same id"));
  } else if (known != taskManagers_.end() && known->second.endTimer != EventLoop::TimerId::kNone) {
    lose(id, lossOf(known->second, kJobMasterException, "connection of TaskManager broke"));
  }
  const bool isNew = !taskManagers_.contains(id);
  TaskManager& taskManager = taskManagers_[id];
  if (!isNew) {
    loop_.cancel(taskManager.timer);
    byPeer_.erase(taskManager.peer);
    taskManager.calls->close(
        {ErrorCode::kUnavailable, "the TaskManager registered anew: taskManager=" + id.text()});
  }
  taskManager.peer = peer;
  taskManager.calls = std::make_unique<control::OrderedCalls>(
      rpc_, loop_, peer,
      [this, id](const Status& reason) { loseUnreachable(id, reason.message(), 0); });
  taskManager.self = std::move(request.self);
  byPeer_.insert_or_assign(peer, id);
  taskManager.lastHeartbeat = clock_.now();
  taskManager.lastHeartbeatMs = clock_.wallMs();
  watch(id, taskManager, settings_.heartbeatTimeout);
  // Posted: a TaskManager takes no calls before it has the answer to its registration.
  loop_.post([this, alive = std::weak_ptr<const int>(alive_), id,
              running = std::move(request.runningJobs)] {
    if (!alive.expired()) reconcileJobs(id, running);
  });
  const auto& self = taskManager.self;
  FLINK_INFO(kLog, "TaskManager registered: taskManager={} host={} pid={} slots={} again={}",
             id.text(), self.host, self.pid, self.slots, !isNew);
  publish_("taskmanager.registered", {{"taskmanager", id.text()},
                                      {"host", self.host},
                                      {"pid", fmt::to_string(self.pid)},
                                      {"slots", fmt::to_string(self.slots)}});
  if (isNew) slots_.addTaskManager({id, self.host, self.dataPort}, self.slots, self.total);
  return protocol::RegisterTaskManagerRequest::Response{
      epoch, toMillis(settings_.heartbeatInterval), toMillis(settings_.heartbeatTimeout),
      process_.blobPort};
}

void ResourceManager::reconcileJobs(const TaskManagerId& id, const std::vector<JobId>& running) {
  const auto found = taskManagers_.find(id);
  if (found == taskManagers_.end()) return;
  TaskManager& taskManager = found->second;
  for (const JobId& job : running) {
    if (taskManager.jobs.contains(job)) continue;
    sendRelease(id, {job, "the JobManager does not run this job", false}, [](const Status&) {});
  }
  const std::set<JobId> here(running.begin(), running.end());
  std::vector<JobId> lost;
  for (const JobId& job : taskManager.jobs) {
    if (!here.contains(job)) lost.push_back(job);
  }
  const auto failure =
      lossOf(taskManager, kJobMasterException, "TaskManager lost the job's worker");
  for (const JobId& job : lost) {
    taskManager.jobs.erase(job);
    listener_->onTasksLost(job, id, failure);
  }
}

Status ResourceManager::heartbeat(const PeerId& peer, protocol::HeartbeatRequest request) {
  const auto found = taskManagers_.find(request.id);
  if (found == taskManagers_.end() || found->second.peer != peer) return unknown(request.id);
  TaskManager& taskManager = found->second;
  taskManager.lastHeartbeat = clock_.now();
  taskManager.lastHeartbeatMs = clock_.wallMs();
  const auto& was = taskManager.self;
  request.self.id = request.id;
  request.self.slots = was.slots;
  request.self.total = was.total;
  request.self.pid = was.pid;
  taskManager.self = std::move(request.self);
  for (const auto& slot : taskManager.self.allocatedSlots) {
    if (taskManager.jobs.contains(slot.job)) continue;
    sendRelease(request.id, {slot.job, "the JobManager does not run this job", false},
                [](const Status&) {});
  }
  listener_->onTaskReports(request.id, std::move(request.tasks));
  return Status::ok();
}

Status ResourceManager::unregister(const PeerId& peer,
                                   const protocol::UnregisterTaskManagerRequest& request) {
  const auto found = taskManagers_.find(request.id);
  if (found == taskManagers_.end() || found->second.peer != peer) return unknown(request.id);
  lose(request.id,
       lossOf(found->second, kJobMasterException, "TaskManager has ended", request.reason));
  return Status::ok();
}

void ResourceManager::workerEnded(const TaskManagerId& id, const JobId& job) {
  if (const auto found = taskManagers_.find(id); found != taskManagers_.end())
    found->second.jobs.erase(job);
}

void ResourceManager::onPeerLost(const PeerId& peer, const Status& reason) {
  const auto id = taskManagerOf(peer);
  if (!id) return;
  loseUnreachable(*id, reason.message(), kEndChecks);
}

void ResourceManager::loseUnreachable(const TaskManagerId& id, const std::string& reason,
                                      int checksLeft) {
  TaskManager& taskManager = taskManagers_.at(id);
  if (checksLeft > 0 && isOnThisHost(taskManager) &&
      readProcessState(files_, taskManager.self.pid) == ProcessState::kAlive) {
    // A dying process closes its connections a moment before it is gone.
    loop_.cancel(taskManager.endTimer);
    taskManager.endTimer = loop_.schedule(kEndCheckPause, [this, id, reason, checksLeft] {
      loseUnreachable(id, reason, checksLeft - 1);
    });
    return;
  }
  lose(id, lossOf(taskManager, kJobMasterException,
                  "TaskManager is no longer reachable" + fateOf(taskManager), reason));
}

std::string ResourceManager::fateOf(const TaskManager& taskManager) const {
  if (!isOnThisHost(taskManager)) return {};
  const int pid = taskManager.self.pid;
  std::string_view fate = "runs and does not answer";
  switch (readProcessState(files_, pid)) {
    case ProcessState::kGone:
      fate = "is gone (ended or killed; whoever started it knows the signal)";
      break;
    case ProcessState::kStopped:
      fate = "is stopped (SIGSTOP) and does not answer";
      break;
    case ProcessState::kAlive:
      break;
  }
  return fmt::format(": process {} on host {} {}", pid, machineName(), fate);
}

void ResourceManager::watch(const TaskManagerId& id, TaskManager& taskManager, Duration after) {
  taskManager.timer = loop_.schedule(after, [this, id] {
    TaskManager& watched = taskManagers_.at(id);
    const Duration silent = clock_.now() - watched.lastHeartbeat;
    if (silent < settings_.heartbeatTimeout)
      return watch(id, watched, settings_.heartbeatTimeout - silent);
    lose(id,
         lossOf(watched, kTimeoutException, "heartbeat of TaskManager timed out" + fateOf(watched),
                fmt::format("silent for {} ms", toMillis(silent))));
  });
}

protocol::FailureInfo ResourceManager::lossOf(const TaskManager& taskManager,
                                              std::string_view exceptionName, std::string_view what,
                                              const std::string& reason) const {
  const auto& self = taskManager.self;
  std::string text =
      fmt::format("{}: taskManager={} host={} pid={}", what, self.id.text(), self.host, self.pid);
  if (!reason.empty()) text += fmt::format(" reason=\"{}\"", reason);
  return makeFailure(exceptionName, {ErrorCode::kTaskManagerLost, std::move(text)},
                     clock_.wallMs());
}

void ResourceManager::lose(const TaskManagerId& id, const protocol::FailureInfo& failure) {
  const auto found = taskManagers_.find(id);
  if (found == taskManagers_.end()) return;
  FLINK_WARN(kLog, "TaskManager lost: {}", failure.message);
  const TaskManager lost = std::move(found->second);
  loop_.cancel(lost.timer);
  loop_.cancel(lost.endTimer);
  lost.calls->close({ErrorCode::kUnavailable, failure.message});
  byPeer_.erase(lost.peer);
  taskManagers_.erase(found);
  slots_.removeTaskManager(id);
  publish_("taskmanager.lost", {{"taskmanager", id.text()},
                                {"host", lost.self.host},
                                {"pid", fmt::to_string(lost.self.pid)},
                                {"reason", failure.message}});
  for (const JobId& job : lost.jobs) listener_->onTasksLost(job, id, failure);
}

void ResourceManager::submitTasks(const TaskManagerId& id, protocol::SubmitTasks submission,
                                  const std::shared_ptr<const protocol::JobGraph>& graph,
                                  Done done) {
  const auto found = taskManagers_.find(id);
  if (found != taskManagers_.end() && found->second.jobs.insert(submission.job).second)
    submission.jobGraph = *graph;
  submission.blobServer = fmt::format("{}:{}", process_.host, process_.blobPort);
  callInOrder<protocol::SubmitTasksRequest>(
      id, {std::move(submission)},
      [done = std::move(done)](auto answer) { done(std::move(answer).status()); });
}

void ResourceManager::forceEnd(const JobId& job, const TaskManagerId& id, const std::string& reason,
                               Done done) {
  sendRelease(id, {job, reason, true}, std::move(done));
}

void ResourceManager::sendRelease(const TaskManagerId& id,
                                  const protocol::ReleaseJobRequest& request, Done done) {
  // Now, not with the answer: what is sent after this starts a worker anew, which stays.
  if (const auto found = taskManagers_.find(id); found != taskManagers_.end())
    found->second.jobs.erase(request.job);
  callInOrder<protocol::ReleaseJobRequest>(
      id, request, [id, job = request.job, done = std::move(done)](auto answer) {
        const Status status = std::move(answer).status();
        if (!status.isOk()) {
          FLINK_WARN(
              kLog,
              "TaskManager did not confirm a job's release: job={} taskManager={} error=\"{}\"",
              job.toHex(), id.text(), status.toString());
        }
        done(status);
      });
}

void ResourceManager::releaseJob(const JobId& job, const std::string& reason) {
  slots_.release(job);
  std::vector<TaskManagerId> withWorker;
  for (const auto& [id, taskManager] : taskManagers_) {
    if (taskManager.jobs.contains(job)) {
      withWorker.push_back(id);
    } else {
      slots_.free(job, id);
    }
  }
  for (const TaskManagerId& id : withWorker) {
    sendRelease(id, {job, reason, false}, [this, id, job](const Status&) { slots_.free(job, id); });
  }
}

std::optional<TaskManagerId> ResourceManager::taskManagerOf(const PeerId& peer) const {
  const auto found = byPeer_.find(peer);
  return found == byPeer_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<ResourceManager::PeerId> ResourceManager::peerOf(const TaskManagerId& id) const {
  const auto found = taskManagers_.find(id);
  return found == taskManagers_.end() ? std::nullopt : std::optional(found->second.peer);
}

Status ResourceManager::unknown(const TaskManagerId& id) {
  return {ErrorCode::kTaskManagerUnknown,
          fmt::format("no such TaskManager is registered: taskManager={}", id.text())};
}

protocol::TaskManagerView ResourceManager::viewOf(const TaskManager& taskManager) const {
  protocol::TaskManagerView view = taskManager.self;
  view.lastHeartbeatMs = taskManager.lastHeartbeatMs;
  view.freeSlots = slots_.freeSlots(view.id);
  view.free = slots_.freeResources(view.id);
  const auto assigned = listener_->assignedTasks(view.id);
  view.allocatedSlots.clear();
  view.assignedTasks = 0;
  for (const auto& slot : slots_.takenSlots(view.id)) {
    const auto found = assigned.find(slot.allocation);
    const std::int32_t tasks = found == assigned.end() ? 0 : found->second;
    view.assignedTasks += tasks;
    view.allocatedSlots.push_back({slot.job, slot.resource, tasks});
  }
  return view;
}

std::vector<protocol::TaskManagerView> ResourceManager::views() const {
  std::vector<protocol::TaskManagerView> result;
  result.reserve(taskManagers_.size());
  for (const auto& [id, taskManager] : taskManagers_) result.push_back(viewOf(taskManager));
  return result;
}

Result<protocol::TaskManagerView> ResourceManager::view(const TaskManagerId& id) const {
  const auto found = taskManagers_.find(id);
  if (found == taskManagers_.end()) return unknown(id);
  return viewOf(found->second);
}

}  // namespace flink::jobmanager
