#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "cluster/control/ordered_calls.h"
#include "cluster/control/rpc.h"
#include "cluster/protocol/messages.h"
#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/message_transport.h"

namespace flink::taskmanager {

/// Keeps this TaskManager registered at the JobManager: registers with back-off, sends heartbeats,
/// notices the JobManager's death and starts over. States: away → registering → registered → away.
/// Moves: start() or a loss leads to registering; its answer to registered; a closed connection, a
/// heartbeat without answer or a stale epoch to away and, after a pause, registering again. Thread:
/// the supervisor's loop. Ownership: borrows everything it is given.
class JobManagerConnection {
 public:
  struct Callbacks {
    std::function<protocol::RegisterTaskManagerRequest()> makeRegistration;
    std::function<protocol::HeartbeatRequest()> makeHeartbeat;
    std::function<void(const protocol::RegisterTaskManagerRequest::Response&)> onRegistered;
    /// Everything the JobManager owned here has to end. Called once per registration.
    std::function<void(const Status& reason)> onLost;
    /// No JobManager for the whole registration timeout.
    std::function<void(Status reason)> onGivenUp;
  };
  struct Settings {
    TaskManagerId id;        ///< of this TaskManager
    std::string jobManager;  ///< host:port
    Duration registrationTimeout = std::chrono::minutes(5);
    Duration initialPause = std::chrono::milliseconds(100);
    Duration maxPause = std::chrono::seconds(5);
  };

  JobManagerConnection(Settings settings, EventLoop& loop, const Clock& clock,
                       MessageTransport& transport, control::RpcEndpoint& rpc, Callbacks callbacks);
  ~JobManagerConnection();

  /// Errors: kInvalidArgument (malformed address).
  Status start();
  /// Tells the JobManager good-bye when registered; nothing is called back afterwards.
  void stop(const std::string& reason);
  [[nodiscard]] bool registered() const;
  /// True when `peer` is the JobManager we are registered at.
  [[nodiscard]] bool isJobManager(const control::RpcEndpoint::PeerId& peer) const;
  void onPeerLost(const control::RpcEndpoint::PeerId& peer, const Status& reason);

  /// What the JobManager has to know: it takes each of these once and in this order, or this
  /// registration ends, and with it everything that the JobManager owns here.
  template <class Request>
  void sendReliably(const Request& request) {
    if (calls_ == nullptr) return;
    calls_->call<Request>(request, [](const auto& answer) {
      if (!answer.isOk()) logRefusal(answer.status());
    });
  }
  /// One call with the JobManager's answer; fails at once when it is away.
  template <class Request>
  void call(const Request& request, Duration deadline,
            std::function<void(Result<typename Request::Response>)> done) {
    if (!registered()) return done(awayStatus());
    rpc_.call<Request>(peer_, request, deadline, std::move(done));
  }

 private:
  enum class Stage : std::uint8_t { kAway, kRegistering, kRegistered, kStopped };
  static constexpr Duration kAnswerDeadline = std::chrono::seconds(10);

  void registerNow();
  void onRegistrationAnswer(Result<protocol::RegisterTaskManagerRequest::Response> answer);
  void pauseThenRegister(const Status& reason);
  void scheduleHeartbeat();
  void sendHeartbeat();
  void lose(const Status& reason);
  [[nodiscard]] Status awayStatus() const;
  static void logRefusal(const Status& status);

  Settings settings_;
  EventLoop& loop_;
  const Clock& clock_;
  MessageTransport& transport_;
  control::RpcEndpoint& rpc_;
  Callbacks callbacks_;
  Stage stage_ = Stage::kAway;
  control::RpcEndpoint::PeerId peer_;
  std::unique_ptr<control::OrderedCalls> calls_;  ///< of this registration
  std::uint64_t registration_ =
      0;  ///< grows with every attempt; answers to earlier ones are ignored
  MonotonicTime awaySince_{};
  Duration pause_{};
  Duration heartbeatInterval_{}, heartbeatTimeout_{};
  MonotonicTime lastAnswer_{};
  EventLoop::TimerId timer_ = EventLoop::TimerId::kNone;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace flink::taskmanager
