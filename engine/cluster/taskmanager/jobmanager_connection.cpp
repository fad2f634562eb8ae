#include "cluster/taskmanager/jobmanager_connection.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "cluster/taskmanager/probe.h"
#include "core/base/error_codes.h"

namespace flink::taskmanager {

using std::chrono::milliseconds;

JobManagerConnection::JobManagerConnection(Settings settings, EventLoop& loop, const Clock& clock,
                                           MessageTransport& transport, control::RpcEndpoint& rpc,
                                           Callbacks callbacks)
    : settings_(std::move(settings)),
      loop_(loop),
      clock_(clock),
      transport_(transport),
      rpc_(rpc),
      callbacks_(std::move(callbacks)),
      pause_(settings_.initialPause) {}

JobManagerConnection::~JobManagerConnection() {
  loop_.cancel(timer_);
}

Status JobManagerConnection::start() {
  FLINK_ASSIGN_OR_RETURN(peer_, transport_.connect(settings_.jobManager));
  awaySince_ = clock_.now();
  registerNow();
  return Status::ok();
}

void JobManagerConnection::stop(const std::string& reason) {
  if (stage_ == Stage::kRegistered) {
    rpc_.call<protocol::UnregisterTaskManagerRequest>(peer_, {settings_.id, reason},
                                                      kAnswerDeadline, [](auto&&) {});
  }
  stage_ = Stage::kStopped;
  calls_.reset();
  loop_.cancel(timer_);
  alive_.reset();
}

bool JobManagerConnection::registered() const {
  return stage_ == Stage::kRegistered;
}

bool JobManagerConnection::isJobManager(const control::RpcEndpoint::PeerId& peer) const {
  return registered() && peer == peer_;
}

void JobManagerConnection::registerNow() {
  if (stage_ == Stage::kStopped) return;
  stage_ = Stage::kRegistering;
  const std::uint64_t registration = ++registration_;
  rpc_.call<protocol::RegisterTaskManagerRequest>(
      peer_, callbacks_.makeRegistration(), kAnswerDeadline,
      [this, alive = std::weak_ptr<int>(alive_), registration](auto answer) {
        if (alive.expired() || registration != registration_) return;
        onRegistrationAnswer(std::move(answer));
      });
}

void JobManagerConnection::onRegistrationAnswer(
    Result<protocol::RegisterTaskManagerRequest::Response> answer) {
  if (stage_ != Stage::kRegistering) return;
  if (!answer) return pauseThenRegister(answer.status());
  stage_ = Stage::kRegistered;
  pause_ = settings_.initialPause;
  rpc_.setEpoch(answer->epoch);
  calls_ = std::make_unique<control::OrderedCalls>(rpc_, loop_, peer_,
                                                   [this](const Status& reason) { lose(reason); });
  heartbeatInterval_ =
      std::max<Duration>(milliseconds(answer->heartbeatIntervalMs), milliseconds(10));
  heartbeatTimeout_ =
      std::max<Duration>(milliseconds(answer->heartbeatTimeoutMs), heartbeatInterval_);
  lastAnswer_ = clock_.now();
  FLINK_INFO(kLog, "registered at the JobManager address={} epoch={}", settings_.jobManager,
             static_cast<std::uint64_t>(answer->epoch));
  callbacks_.onRegistered(*answer);
  scheduleHeartbeat();
}

void JobManagerConnection::pauseThenRegister(const Status& reason) {
  stage_ = Stage::kAway;
  const Duration away = clock_.now() - awaySince_;
  if (settings_.registrationTimeout > Duration::zero() && away >= settings_.registrationTimeout) {
    stage_ = Stage::kStopped;
    return callbacks_.onGivenUp(
        Status(ErrorCode::kUnavailable,
               fmt::format("no JobManager answered: address={} waited={}s key={}",
                           settings_.jobManager,
                           std::chrono::duration_cast<std::chrono::seconds>(away).count(),
                           "taskmanager.registration.timeout"))
            .causedBy(reason));
  }
  if (pause_ == settings_.initialPause) {
    FLINK_INFO(kLog, "the JobManager is away, trying again address={} reason={}",
               settings_.jobManager, reason.toString());
  }
  timer_ = loop_.schedule(pause_, [this, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) registerNow();
  });
  pause_ = std::min(pause_ * 2, settings_.maxPause);
}

void JobManagerConnection::scheduleHeartbeat() {
  loop_.cancel(timer_);
  timer_ = loop_.schedule(heartbeatInterval_, [this, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) sendHeartbeat();
  });
}

void JobManagerConnection::sendHeartbeat() {
  if (stage_ != Stage::kRegistered) return;
  if (clock_.now() - lastAnswer_ >= heartbeatTimeout_) {
    return lose(Status(
        ErrorCode::kDeadlineExceeded,
        fmt::format("the JobManager did not answer heartbeats: address={} for={}ms",
                    settings_.jobManager,
                    std::chrono::duration_cast<milliseconds>(clock_.now() - lastAnswer_).count())));
  }
  const std::uint64_t registration = registration_;
  rpc_.call<protocol::HeartbeatRequest>(
      peer_, callbacks_.makeHeartbeat(), heartbeatTimeout_,
      [this, alive = std::weak_ptr<int>(alive_), registration](auto answer) {
        if (alive.expired() || registration != registration_ || stage_ != Stage::kRegistered)
          return;
        if (answer) {
          lastAnswer_ = clock_.now();
          return;
        }
        // Answers that are errors come from a JobManager that does not know us any more; silence
        // shows in lastAnswer_.
        const ErrorCode code = answer.status().code();
        if (code != ErrorCode::kDeadlineExceeded && code != ErrorCode::kUnavailable)
          lose(answer.status());
      });
  scheduleHeartbeat();
}

void JobManagerConnection::onPeerLost(const control::RpcEndpoint::PeerId& peer,
                                      const Status& reason) {
  if (peer != peer_) return;
  if (stage_ == Stage::kRegistered) return lose(reason);
  if (stage_ == Stage::kRegistering) {
    ++registration_;  // its answer cannot come any more
    pauseThenRegister(reason);
  }
}

void JobManagerConnection::lose(const Status& reason) {
  FLINK_WARN(kLog, "lost the JobManager address={} reason={}", settings_.jobManager,
             reason.toString());
  loop_.cancel(timer_);
  calls_.reset();
  ++registration_;
  rpc_.setEpoch(Epoch::kNone);
  awaySince_ = clock_.now();
  stage_ = Stage::kAway;
  callbacks_.onLost(reason);
  pauseThenRegister(reason);
}

Status JobManagerConnection::awayStatus() const {
  return Status(ErrorCode::kUnavailable,
                "not registered at the JobManager: address=" + settings_.jobManager);
}

void JobManagerConnection::logRefusal(const Status& status) {
  if (status.code() == ErrorCode::kJobNotFound || status.code() == ErrorCode::kCancelled) {
    // Late news of a job that has ended, and left the job store, meanwhile; or this process ends.
    FLINK_DEBUG(kLog, "the JobManager does not want a message any more reason={}",
                status.toString());
  } else {
    FLINK_WARN(kLog, "the JobManager refused a message reason={}", status.toString());
  }
}

}  // namespace flink::taskmanager
