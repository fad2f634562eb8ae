#include "cluster/taskmanager/job_worker.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "cluster/taskmanager/probe.h"
#include "cluster/taskmanager/worker_failure.h"
#include "core/base/error_codes.h"
#include "core/base/process_state.h"

namespace flink::taskmanager {

namespace {

using control::LocalChannel;
using protocol::ExecutionState;

/// Running the job's program again may read files of the user; a worker that hangs in it still
/// answers heartbeats.
constexpr Duration kStartDeadline = std::chrono::minutes(10);
constexpr Duration kAnswerDeadline = std::chrono::minutes(1);
/// Between the end of a worker's channel and the reaping of its process.
constexpr Duration kReapGrace = std::chrono::seconds(1);
/// Data connections and calls that wait for one worker's start.
constexpr std::size_t kMaxWaiting = 10'000;
constexpr std::int64_t kErrorTailBytes = 2048;

}  // namespace

JobWorker::JobWorker(Services services, Limits limits, WorkerLaunch launch, std::string host)
    : services_(services), limits_(limits), launch_(std::move(launch)), host_(std::move(host)) {}

JobWorker::~JobWorker() {
  if (process_ != nullptr && stage_ != Stage::kGone) process_->kill(SIGKILL);
  for (const auto timer : {cancellationTimer_, stopTimer_, unreapedTimer_})
    services_.loop.cancel(timer);
  if (rpc_ != nullptr) rpc_->stop();
}

Status JobWorker::start(protocol::StartWorkerRequest start, const std::string& blobServer) {
  jobName_ = start.graph.name;
  libraryName_ = start.graph.program.libraryName;
  token_ = start.token;
  library_ = start.graph.program.library;
  // An earlier worker of the job may have written to the same file.
  if (const auto written = services_.files.status(launch_.errFile))
    errorBegin_ = static_cast<std::int64_t>(written->size);
  auto process = services_.launcher.launch(
      launch_, [weak = weak_from_this(), &loop = services_.loop](WorkerExit exit) {
        loop.post([weak, exit = std::move(exit)]() mutable {
          if (auto self = weak.lock()) self->onExit(std::move(exit));
        });
      });
  if (!process) {
    stage_ = Stage::kGone;
    return std::move(process).status();
  }
  process_ = std::move(process).value();
  FLINK_INFO(kLog, "started worker job={} name=\"{}\" pid={}", launch_.job.toHex(), jobName_,
             process_->pid());
  control::RpcEndpoint::Options options;
  options.sender = launch_.taskManager.text();
  options.heartbeatInterval = limits_.heartbeatTimeout / 4;
  options.heartbeatTimeout = limits_.heartbeatTimeout;
  rpc_ = std::make_unique<control::RpcEndpoint>(options, services_.loop, services_.clock,
                                                process_->channel());
  serveWorker();
  rpc_->start();
  calls_ = std::make_unique<control::OrderedCalls>(
      *rpc_, services_.loop, LocalChannel::kPeer,
      [this](const Status& reason) { onStreamBroken(reason); });

  start_ = std::move(start);
  services_.fetchLibrary(start_->graph.program, blobServer,
                         [weak = weak_from_this()](Result<std::string> path) {
                           if (auto self = weak.lock()) self->onLibrary(std::move(path));
                         });
  return Status::ok();
}

void JobWorker::serveWorker() {
  // The endpoint dies with this object, so its handlers may use `this`.
  rpc_->serve<protocol::TaskStateChangedRequest>([this](const auto&, auto request, auto respond) {
    respond(protocol::Empty{});
    onTaskStateChanged(std::move(request));
  });
  rpc_->serve<protocol::CoordinatorFailedRequest>([this](const auto&, auto request, auto respond) {
    respond(protocol::Empty{});
    services_.listener.onCoordinatorFailed(std::move(request));
  });
  rpc_->serve<protocol::OperatorEventRequest>([this](const auto&, auto request, auto respond) {
    respond(protocol::Empty{});
    services_.listener.onOperatorEvent(std::move(request));
  });
  rpc_->serve<protocol::AcknowledgeCheckpointRequest>(
      [this](const auto&, auto request, auto respond) {
        respond(protocol::Empty{});
        services_.listener.onCheckpointAcknowledged(std::move(request));
      });
  rpc_->serve<protocol::DeclineCheckpointRequest>([this](const auto&, auto request, auto respond) {
    respond(protocol::Empty{});
    services_.listener.onCheckpointDeclined(std::move(request));
  });
  rpc_->serve<protocol::CollectedRecordsRequest>([this](const auto&, auto request, auto respond) {
    services_.listener.onCollectedRecords(std::move(request), std::move(respond));
  });
  rpc_->serve<protocol::WorkerReportRequest>([this](const auto&, auto request, auto respond) {
    respond(protocol::Empty{});
    report_ = std::move(request);
    services_.listener.onWorkerReport(*this);
  });
  rpc_->onPeerLost([this](const auto&, const Status& reason) { onSilent(reason); });
}

void JobWorker::onLibrary(Result<std::string> path) {
  if (stage_ != Stage::kStarting) return;
  if (!path) {
    // Posted: what fails at once comes before the tasks that it is to fail.
    return services_.loop.post([weak = weak_from_this(), reason = path.status()] {
      if (auto self = weak.lock()) self->failStart(reason);
    });
  }
  protocol::StartWorkerRequest start = std::move(*start_);
  start_.reset();
  start.libraryPath = std::move(*path);
  rpc_->call<protocol::StartWorkerRequest>(LocalChannel::kPeer, start, kStartDeadline,
                                           [weak = weak_from_this()](auto answer) {
                                             if (auto self = weak.lock())
                                               self->onStarted(answer.status());
                                           });
}

void JobWorker::onStarted(const Status& status) {
  if (stage_ != Stage::kStarting) return;
  if (!status.isOk()) {
    if (status.code() != ErrorCode::kUnavailable) return failStart(status);
    // A worker that died while starting is reported by onExit, which knows more.
    services_.loop.schedule(2 * kReapGrace, [weak = weak_from_this(), status] {
      if (auto self = weak.lock()) self->failStart(status);
    });
    return;
  }
  stage_ = Stage::kRunning;
  auto waiting = std::exchange(waiting_, {});
  for (auto& action : waiting) action();
}

void JobWorker::failStart(const Status& reason) {
  if (stage_ != Stage::kStarting) return;
  FLINK_WARN(kLog, "worker did not start job={} reason={}", launch_.job.toHex(), reason.toString());
  failAll(reason);
  release();
}

Status JobWorker::whenRunning(std::function<void()> action) {
  if (stage_ == Stage::kRunning) {
    action();
    return Status::ok();
  }
  if (stage_ != Stage::kStarting) {
    return {ErrorCode::kTaskNotFound,
            fmt::format("the job's worker is ending: job={} pid={}", launch_.job.toHex(), pid())};
  }
  if (waiting_.size() >= kMaxWaiting) {
    return {ErrorCode::kLimitExceeded,
            fmt::format("too much waits for the start of a worker: job={} pid={} limit={}",
                        launch_.job.toHex(), pid(), kMaxWaiting)};
  }
  waiting_.push_back(std::move(action));
  return Status::ok();
}

template <class Request>
void JobWorker::tell(const Request& request) {
  calls_->call<Request>(request, [](auto&&) {});
}

void JobWorker::onStreamBroken(const Status& reason) {
  if (stage_ != Stage::kGone)
    killBecause(fmt::format("does not follow its TaskManager ({})", reason.message()));
}

void JobWorker::submit(protocol::SubmitTasks submission) {
  submission.jobGraph.reset();
  std::vector<ExecutionAttemptId> attempts;
  for (const auto& task : submission.tasks) {
    active_[task.attempt] = {task.slot, std::nullopt};
    attempts.push_back(task.attempt);
  }
  protocol::SubmitTasksRequest request{std::move(submission)};
  const Status taken = whenRunning([this, request = std::move(request), attempts] {
    calls_->call<protocol::SubmitTasksRequest>(
        request, [weak = weak_from_this(), attempts](auto answer) {
          auto self = weak.lock();
          if (self == nullptr || answer.isOk() || self->stage_ != Stage::kRunning) return;
          self->failAttempts(attempts, answer.status());
        });
  });
  if (taken.isOk()) return;
  // Posted: the caller's own answer goes first.
  services_.loop.post([weak = weak_from_this(), attempts = std::move(attempts), taken] {
    if (auto self = weak.lock()) self->failAttempts(attempts, taken);
  });
}

void JobWorker::cancel(const std::vector<ExecutionAttemptId>& attempts) {
  bool any = false;
  const MonotonicTime endsBy = services_.clock.now() + limits_.cancellationTimeout;
  for (auto& [id, attempt] : active_) {
    if (attempts.empty() || std::find(attempts.begin(), attempts.end(), id) != attempts.end()) {
      any = true;
      if (!attempt.endsBy) attempt.endsBy = endsBy;
    }
  }
  if (!any) return;
  watchCancellation();
  const Status taken = whenRunning([this, attempts] {
    tell(protocol::CancelTasksRequest{launch_.job, attempts});
  });
  if (!taken.isOk() && !ending()) killBecause("cannot be told to cancel: " + taken.message());
}

void JobWorker::watchCancellation() {
  if (limits_.cancellationTimeout <= Duration::zero()) return;
  services_.loop.cancel(cancellationTimer_);
  cancellationTimer_ = EventLoop::TimerId::kNone;
  std::optional<MonotonicTime> next;
  for (const auto& entry : active_) {
    const auto& endsBy = entry.second.endsBy;
    if (endsBy && (!next || *endsBy < *next)) next = endsBy;
  }
  if (next)
    schedule(cancellationTimer_, *next - services_.clock.now(), &JobWorker::onCancellationTimeout);
}

void JobWorker::onCancellationTimeout() {
  cancellationTimer_ = EventLoop::TimerId::kNone;
  const MonotonicTime now = services_.clock.now();
  const auto stuck = std::count_if(active_.begin(), active_.end(), [now](const auto& entry) {
    return entry.second.endsBy && *entry.second.endsBy <= now;
  });
  if (ending()) return;
  if (stuck == 0) return watchCancellation();
  killBecause(fmt::format(
      "did not end {} cancelled task(s) within {} s (task.cancellation.timeout)", stuck,
      std::chrono::duration_cast<std::chrono::seconds>(limits_.cancellationTimeout).count()));
}

Status JobWorker::deliver(protocol::DeliverOperatorEventRequest event) {
  Status taken = whenRunning([this, event = std::move(event)] { tell(event); });
  // Without this event the job would wait for ever.
  if (!taken.isOk() && !ending()) killBecause("cannot be told an event: " + taken.message());
  return taken;
}

Status JobWorker::triggerCheckpoint(protocol::TriggerCheckpointRequest request) {
  return whenRunning([this, request = std::move(request)] { tell(request); });
}

void JobWorker::notifyCheckpoint(protocol::NotifyCheckpointRequest request) {
  const Status taken = whenRunning([this, request = std::move(request)] { tell(request); });
  if (!taken.isOk()) FLINK_DEBUG(kLog, "nobody hears of a checkpoint: {}", taken.toString());
}

void JobWorker::releasePartitions(protocol::ReleasePartitionsRequest request) {
  const Status taken = whenRunning([this, request = std::move(request)] { tell(request); });
  if (!taken.isOk()) FLINK_DEBUG(kLog, "partitions end with their worker: {}", taken.toString());
}

void JobWorker::adopt(OwnedFd connection, std::string peer) {
  // Functions that wait have to be copyable; the descriptor closes itself when they are dropped.
  auto shared = std::make_shared<OwnedFd>(std::move(connection));
  const Status taken = whenRunning([this, shared, peer] {
    rpc_->callWithDescriptor<protocol::AdoptConnectionRequest>(
        {peer}, std::move(*shared), kAnswerDeadline, [job = launch_.job, peer](auto answer) {
          if (answer.isOk()) return;
          FLINK_WARN(kLog, "could not pass a data connection on job={} peer={} reason={}",
                     job.toHex(), peer, answer.status().toString());
        });
  });
  if (!taken.isOk()) {  // closed with its descriptor: the consumer asks again
    FLINK_WARN(kLog, "closed a data connection peer={} reason={}", peer, taken.toString());
  }
}

void JobWorker::release() {
  if (ending()) return;
  stage_ = Stage::kEnding;
  waiting_.clear();
  services_.loop.cancel(cancellationTimer_);
  rpc_->call<protocol::StopWorkerRequest>(LocalChannel::kPeer, {}, limits_.stopTimeout,
                                          [](auto&&) {});
  schedule(stopTimer_, limits_.stopTimeout, &JobWorker::onStopTimeout);
}

void JobWorker::onStopTimeout() {
  if (stage_ != Stage::kEnding) return;
  killBecause(
      fmt::format("did not end within {} s (taskmanager.worker.stop-timeout)",
                  std::chrono::duration_cast<std::chrono::seconds>(limits_.stopTimeout).count()));
}

void JobWorker::onSilent(const Status& reason) {
  if (stage_ == Stage::kGone) return;
  // A closed channel mostly means that it is dying: its exit status says more.
  silence_ = reason.message();
  schedule(unreapedTimer_, kReapGrace, &JobWorker::onUnreapedTimeout);
}

void JobWorker::onUnreapedTimeout() {
  if (stage_ == Stage::kGone) return;
  if (readProcessState(services_.files, pid()) == ProcessState::kStopped) {
    return killBecause(fmt::format(
        "was stopped by signal 19 (SIGSTOP), did not answer for {} s "
        "(taskmanager.worker.heartbeat-timeout)",
        std::chrono::duration_cast<std::chrono::seconds>(limits_.heartbeatTimeout).count()));
  }
  killBecause(fmt::format("left its TaskManager without an answer ({})", silence_));
}

void JobWorker::killBecause(std::string reason) {
  FLINK_WARN(kLog, "killing worker job={} pid={}: it {}", launch_.job.toHex(), pid(), reason);
  if (killedBecause_.empty()) killedBecause_ = std::move(reason);
  process_->kill(SIGKILL);
}

void JobWorker::onTaskStateChanged(protocol::TaskStateChangedRequest change) {
  const auto found = active_.find(change.attempt);
  if (found == active_.end()) return;  // reported as failed before
  services_.listener.onTaskStateChanged(*this, change);
  if (protocol::isTerminal(change.state)) active_.erase(change.attempt);
}

void JobWorker::failAttempts(const std::vector<ExecutionAttemptId>& attempts,
                             const Status& reason) {
  const std::int64_t now = services_.clock.wallMs();
  for (const auto& attempt : attempts) {
    protocol::TaskStateChangedRequest change;
    change.attempt = attempt;
    change.state = ExecutionState::kFailed;
    change.timestampMs = now;
    change.failure = describeStatus(reason, now);
    onTaskStateChanged(std::move(change));
  }
}

void JobWorker::failAll(const Status& reason) {
  std::vector<ExecutionAttemptId> attempts;
  for (const auto& entry : active_) attempts.push_back(entry.first);
  failAttempts(attempts, reason);
}

void JobWorker::onExit(WorkerExit exit) {
  const auto self = shared_from_this();  // the listener drops its reference
  const bool asked = stage_ == Stage::kEnding;
  stage_ = Stage::kGone;
  waiting_.clear();
  for (const auto timer : {cancellationTimer_, stopTimer_, unreapedTimer_})
    services_.loop.cancel(timer);
  std::optional<protocol::FailureInfo> failure;
  if (!asked) {
    failure = describeWorkerEnd({launch_.job, jobName_, libraryName_, host_, process_->pid(), exit,
                                 killedBecause_, errorTail(), services_.clock.wallMs()});
    FLINK_WARN(kLog, "{}", failure->message);
  } else {
    FLINK_INFO(kLog, "worker ended job={} pid={} {}", launch_.job.toHex(), process_->pid(),
               exit.status.toString());
  }
  services_.listener.onWorkerGone(*this, failure);
}

std::string JobWorker::errorTail() const {
  if (launch_.errFile.empty()) return {};
  auto file = services_.files.openRead(launch_.errFile);
  if (!file) return {};
  const auto size = static_cast<std::int64_t>((*file)->size());
  const std::int64_t begin = errorBegin_ <= size ? errorBegin_ : 0;  // a shorter one was rotated
  const std::int64_t offset = std::max(begin, size - kErrorTailBytes);
  std::string text(static_cast<std::size_t>(size - offset), '\0');
  const auto read =
      (*file)->readAt(static_cast<std::uint64_t>(offset), std::as_writable_bytes(std::span(text)));
  text.resize(read ? *read : 0);
  return text;
}

int JobWorker::slotOf(const ExecutionAttemptId& attempt) const {
  const auto found = active_.find(attempt);
  return found == active_.end() ? -1 : found->second.slot;
}

void JobWorker::schedule(EventLoop::TimerId& timer, Duration after, void (JobWorker::*action)()) {
  timer = services_.loop.schedule(after, [weak = weak_from_this(), action] {
    if (auto self = weak.lock()) (self.get()->*action)();
  });
}

}  // namespace flink::taskmanager
