#include "cluster/jobmanager/job_manager.h"

#include <utility>

#include "cluster/jobmanager/failures.h"
#include "core/base/error_codes.h"
#include "core/base/log.h"
#include "dataflow/checkpoint/storage.h"

namespace flink::jobmanager {
namespace {

Logger kLog{"flink.jobmanager"};
const std::string kJobManagerProcessName = "jobmanager";
constexpr int kEpochRandomBits = 10;

/// Wall time first, so that a later JobManager has a larger one; a few random bits tell two of one
/// millisecond apart.
Epoch makeEpoch(const Clock& clock, Rng& rng) {
  const auto wallMs = static_cast<std::uint64_t>(clock.wallMs());
  return static_cast<Epoch>((wallMs << kEpochRandomBits) | rng.below(1U << kEpochRandomBits) | 1U);
}

template <class Request>
void answer(const Responder<Request>& responder, Status status) {
  if (!status.isOk()) return responder(std::move(status));
  responder(protocol::Empty{});
}

}  // namespace

JobManager::JobManager(JobManagerSettings settings, JobManagerProcess process,
                       Environment environment)
    : settings_(settings),
      process_(std::move(process)),
      environment_(std::move(environment)),
      epoch_(makeEpoch(environment_.clock, environment_.rng)),
      metricGroup_(environment_.metrics.root("jobmanager", {{"host", process_.host}})),
      probe_(*metricGroup_),
      logs_(environment_.files, process_.logPrefix),
      resources_(
          settings_, process_, environment_.loop, environment_.clock, environment_.rng,
          environment_.rpc, environment_.files,
          [this](std::string kind, std::map<std::string, std::string> attributes) {
            publish(std::move(kind), std::move(attributes));
          },
          [this] { updateProbe(); }),
      dispatcher_({settings_, environment_.loop, environment_.clock, environment_.rng, resources_,
                   *metricGroup_,
                   [this](std::string kind, std::map<std::string, std::string> attributes) {
                     publish(std::move(kind), std::move(attributes));
                   },
                   epoch_, environment_.files, environment_.runBlocking}) {
  resources_.setListener(dispatcher_);
}

JobManager::~JobManager() {
  metricGroup_->close();
}

void JobManager::start() {
  environment_.rpc.setEpoch(epoch_);
  serveClients<protocol::GetVersionRequest>();
  serveClients<protocol::SubmitJobRequest>();
  serveClients<protocol::ListJobsRequest>();
  serveClients<protocol::GetJobRequest>();
  serveClients<protocol::CancelJobRequest>();
  serveClients<protocol::WaitJobRequest>();
  serveClients<protocol::GetOverviewRequest>();
  serveClients<protocol::TriggerSnapshotRequest>();
  serveClients<protocol::WaitSnapshotRequest>();
  serveClients<protocol::GetCheckpointsRequest>();
  serveClients<protocol::DisposeSavepointRequest>();
  serveClients<protocol::ListTaskManagersRequest>();
  serveClients<protocol::GetTaskManagerRequest>();
  serveClients<protocol::ListLogsRequest>();
  serveClients<protocol::ReadLogRequest>();
  serveClients<protocol::GetMetricsRequest>();
  serveClients<protocol::CollectResultsRequest>();
  serveTaskManagers();
  FLINK_INFO(kLog, "JobManager is ready: epoch={} version={}", static_cast<std::uint64_t>(epoch_),
             process_.version);
}

void JobManager::stop() {
  stopped_ = true;
  dispatcher_.suspendAll();
  FLINK_INFO(kLog, "JobManager stops");
}

void JobManager::onLoop(std::function<void()> fn) {
  if (environment_.loop.inLoop()) return fn();
  environment_.loop.post([alive = std::weak_ptr<const int>(alive_), fn = std::move(fn)] {
    if (!alive.expired()) fn();
  });
}

void JobManager::announceRest(std::string address) {
  onLoop([this, address = std::move(address)] { restAddress_ = address; });
}

void JobManager::listLibraries(std::function<void(std::set<BlobDigest>)> done) {
  onLoop([this, done = std::move(done)] { done(dispatcher_.librariesInUse()); });
}

void JobManager::publish(std::string kind, std::map<std::string, std::string> attributes) {
  updateProbe();
  if (!environment_.publish) return;
  protocol::ClusterEvent event;
  event.epoch = epoch_;
  event.timestampMs = environment_.clock.wallMs();
  event.kind = std::move(kind);
  event.attributes = std::move(attributes);
  environment_.publish(std::move(event));
}

void JobManager::updateProbe() {
  const auto slots = resources_.slots().totals();
  probe_.slots(slots.free, slots.slots);
  probe_.taskManagers(resources_.numTaskManagers());
  probe_.runningJobs(dispatcher_.numRunningJobs());
}

// --- serving
// ------------------------------------------------------------------------------------------------------

template <class Request>
void JobManager::serveClients() {
  environment_.rpc.serve<Request>(
      [this](const PeerId&, Request request, Responder<Request> responder) {
        handle(std::move(request), std::move(responder));
      });
}

template <class Request, class Handler>
void JobManager::serveRegistered(Handler handler) {
  environment_.rpc.serve<Request>(
      [this, handler = std::move(handler)](const PeerId& peer, Request request,
                                           Responder<Request> responder) {
        const auto taskManager = resources_.taskManagerOf(peer);
        if (!taskManager) {
          return responder(Status(ErrorCode::kTaskManagerUnknown,
                                  "the sender is not a registered TaskManager: peer=" + peer));
        }
        handler(*taskManager, std::move(request), std::move(responder));
      });
}

void JobManager::serveTaskManagers() {
  auto& rpc = environment_.rpc;
  rpc.onPeerLost(
      [this](const PeerId& peer, const Status& reason) { resources_.onPeerLost(peer, reason); });
  rpc.serve<protocol::RegisterTaskManagerRequest>(
      [this](const PeerId& peer, auto request, auto responder) {
        if (stopped_)
          return responder(Status(ErrorCode::kUnavailable, "the JobManager is stopping"));
        responder(resources_.registerTaskManager(peer, std::move(request), epoch_));
      });
  rpc.serve<protocol::HeartbeatRequest>([this](const PeerId& peer, auto request, auto responder) {
    answer<protocol::HeartbeatRequest>(responder, resources_.heartbeat(peer, std::move(request)));
  });
  rpc.serve<protocol::UnregisterTaskManagerRequest>([this](const PeerId& peer, auto request,
                                                           auto responder) {
    answer<protocol::UnregisterTaskManagerRequest>(responder, resources_.unregister(peer, request));
  });
  serveRegistered<protocol::TaskStateChangedRequest>(
      [this](const auto& sender, auto request, auto responder) {
        answer<protocol::TaskStateChangedRequest>(
            responder, dispatcher_.onTaskStateChanged(sender, std::move(request)));
      });
  serveRegistered<protocol::WorkerEndedRequest>(
      [this](const auto& sender, auto request, auto responder) {
        resources_.workerEnded(sender, request.job);
        dispatcher_.onTasksLost(request.job, sender, withFlinkName(std::move(request.failure)));
        responder(protocol::Empty{});
      });
  serveRegistered<protocol::CoordinatorFailedRequest>(
      [this](const auto& sender, auto request, auto responder) {
        answer<protocol::CoordinatorFailedRequest>(
            responder, dispatcher_.onCoordinatorFailed(sender, std::move(request)));
      });
  serveRegistered<protocol::AcknowledgeCheckpointRequest>(
      [this](const auto& sender, auto request, auto responder) {
        answer<protocol::AcknowledgeCheckpointRequest>(responder,
                                                       dispatcher_.onAcknowledge(sender, request));
      });
  serveRegistered<protocol::DeclineCheckpointRequest>([this](const auto& sender, auto request,
                                                             auto responder) {
    answer<protocol::DeclineCheckpointRequest>(responder, dispatcher_.onDecline(sender, request));
  });
  serveRegistered<protocol::OperatorEventRequest>(
      [this](const auto&, auto request, auto responder) {
        dispatcher_.onOperatorEvent(std::move(request.event), std::move(responder));
      });
  serveRegistered<protocol::CollectedRecordsRequest>(
      [this](const auto&, auto request, auto responder) {
        dispatcher_.onCollectedRecords(std::move(request), std::move(responder));
      });
}

// --- the gateway
// --------------------------------------------------------------------------------------------------

void JobManager::handle(protocol::GetVersionRequest,
                        Responder<protocol::GetVersionRequest> responder) {
  onLoop([this, responder = std::move(responder)] {
    const auto slots = resources_.slots().totals();
    protocol::GetVersionRequest::Response response;
    response.version = process_.version;
    response.commit = process_.commit;
    response.abi = process_.abi;
    response.epoch = epoch_;
    response.restAddress = restAddress_;
    response.blobPort = process_.blobPort;
    response.eventPort = process_.eventPort;
    response.taskManagers = resources_.numTaskManagers();
    response.slotsTotal = slots.slots;
    response.pid = process_.pid;
    response.configDirectory = process_.configDirectory;
    responder(std::move(response));
  });
}

void JobManager::handle(protocol::SubmitJobRequest request,
                        Responder<protocol::SubmitJobRequest> responder) {
  onLoop([this, request = std::move(request), responder = std::move(responder)]() mutable {
    if (stopped_) return responder(Status(ErrorCode::kUnavailable, "the JobManager is stopping"));
    answer<protocol::SubmitJobRequest>(responder, dispatcher_.submit(std::move(request.graph)));
  });
}

void JobManager::handle(protocol::ListJobsRequest, Responder<protocol::ListJobsRequest> responder) {
  onLoop([this, responder = std::move(responder)] {
    responder(protocol::ListJobsRequest::Response{dispatcher_.overviews()});
  });
}

void JobManager::handle(protocol::GetJobRequest request,
                        Responder<protocol::GetJobRequest> responder) {
  onLoop([this, request, responder = std::move(responder)] {
    responder(dispatcher_.details(request.job));
  });
}

void JobManager::handle(protocol::CancelJobRequest request,
                        Responder<protocol::CancelJobRequest> responder) {
  onLoop([this, request, responder = std::move(responder)] {
    answer<protocol::CancelJobRequest>(responder, dispatcher_.cancel(request.job));
  });
}

void JobManager::handle(protocol::WaitJobRequest request,
                        Responder<protocol::WaitJobRequest> responder) {
  onLoop(
      [this, request, responder = std::move(responder)] { dispatcher_.wait(request, responder); });
}

void JobManager::handle(protocol::GetOverviewRequest,
                        Responder<protocol::GetOverviewRequest> responder) {
  onLoop([this, responder = std::move(responder)] {
    protocol::ClusterOverview overview;
    const auto slots = resources_.slots().totals();
    overview.taskManagers = resources_.numTaskManagers();
    overview.slotsTotal = slots.slots;
    overview.slotsAvailable = slots.free;
    overview.version = process_.version;
    overview.commit = process_.commit;
    dispatcher_.countJobs(overview);
    responder(std::move(overview));
  });
}

void JobManager::handle(protocol::ListTaskManagersRequest,
                        Responder<protocol::ListTaskManagersRequest> responder) {
  onLoop([this, responder = std::move(responder)] {
    responder(protocol::ListTaskManagersRequest::Response{resources_.views()});
  });
}

void JobManager::handle(protocol::GetTaskManagerRequest request,
                        Responder<protocol::GetTaskManagerRequest> responder) {
  onLoop([this, request = std::move(request), responder = std::move(responder)] {
    responder(resources_.view(request.id));
  });
}

void JobManager::handle(protocol::ListLogsRequest request,
                        Responder<protocol::ListLogsRequest> responder) {
  if (request.process == kJobManagerProcessName) {
    return environment_.runBlocking(
        [logs = logs_, responder = std::move(responder)] { responder(logs.list()); });
  }
  onLoop([this, request = std::move(request), responder = std::move(responder)] {
    resources_.call<protocol::ListTaskManagerLogsRequest>(TaskManagerId(request.process), {},
                                                          responder);
  });
}

void JobManager::handle(protocol::ReadLogRequest request,
                        Responder<protocol::ReadLogRequest> responder) {
  if (request.process == kJobManagerProcessName) {
    return environment_.runBlocking(
        [logs = logs_, request = std::move(request), responder = std::move(responder)] {
          responder(logs.read(request));
        });
  }
  onLoop([this, request = std::move(request), responder = std::move(responder)] {
    resources_.call<protocol::ReadTaskManagerLogRequest>(
        TaskManagerId(request.process), {request.name, request.offset, request.maxBytes},
        responder);
  });
}

void JobManager::handle(protocol::GetMetricsRequest request,
                        Responder<protocol::GetMetricsRequest> responder) {
  onLoop([this, request, responder = std::move(responder)] {
    responder(dispatcher_.metrics(request));
  });
}

void JobManager::handle(protocol::TriggerSnapshotRequest request,
                        Responder<protocol::TriggerSnapshotRequest> responder) {
  onLoop([this, request = std::move(request), responder = std::move(responder)] {
    responder(dispatcher_.triggerSnapshot(request));
  });
}

void JobManager::handle(protocol::WaitSnapshotRequest request,
                        Responder<protocol::WaitSnapshotRequest> responder) {
  onLoop([this, request, responder = std::move(responder)] {
    dispatcher_.waitSnapshot(request, responder);
  });
}

void JobManager::handle(protocol::GetCheckpointsRequest request,
                        Responder<protocol::GetCheckpointsRequest> responder) {
  onLoop([this, request, responder = std::move(responder)] {
    responder(dispatcher_.checkpoints(request));
  });
}

void JobManager::handle(protocol::DisposeSavepointRequest request,
                        Responder<protocol::DisposeSavepointRequest> responder) {
  environment_.runBlocking([&files = environment_.files, &loop = environment_.loop,
                            request = std::move(request), responder = std::move(responder)] {
    const Status status = checkpoint::disposeSavepoint(files, request.path);
    loop.post(
        [status, responder] { answer<protocol::DisposeSavepointRequest>(responder, status); });
  });
}

void JobManager::handle(protocol::CollectResultsRequest request,
                        Responder<protocol::CollectResultsRequest> responder) {
  onLoop([this, request = std::move(request), responder = std::move(responder)] {
    dispatcher_.collectResults(request, responder);
  });
}

}  // namespace flink::jobmanager
