#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "cluster/protocol/codec.h"
#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/message_transport.h"
#include "core/base/result.h"

namespace flink::control {

/// Sends typed requests to peers and serves theirs, over any MessageTransport.
/// Thread: call(), notify() and serve() from the owner's event loop; all callbacks and handlers run there.
/// Ownership: borrows loop, clock and transport. Lifetime: start() after all serve(); stop() fails what is pending with
/// kCancelled.
class RpcEndpoint {
 public:
  using PeerId = MessageTransport::PeerId;
  /// Answers one request, once, from any thread.
  template <class Request>
  using Responder = std::function<void(Result<typename Request::Response>)>;

  struct Options {
    std::string sender;                                  ///< name in envelopes and messages
    Duration heartbeatInterval = std::chrono::seconds(2);  ///< ping of idle peers
    Duration defaultDeadline = std::chrono::seconds(10);
    std::size_t maxPendingRequests = 10'000;
  };

  RpcEndpoint(Options options, EventLoop& loop, const Clock& clock, MessageTransport& transport);
  ~RpcEndpoint();

  void start();
  void stop();

  /// Requests with an epoch other than this (and not kNone) are answered with kStaleEpoch; ours carry it.
  void setEpoch(Epoch epoch);

  template <class Request>
  void call(const PeerId& peer, const Request& request, Duration deadline,
            std::function<void(Result<typename Request::Response>)> done) {
    callRaw(peer, Request::kMethod, protocol::encode(request), deadline,
            [done = std::move(done)](Result<Bytes> answer) {
              if (!answer) return done(std::move(answer).status());
              done(protocol::decode<typename Request::Response>(asBytes(*answer)));
            });
  }
  template <class Request>
  void serve(std::function<void(const PeerId&, Request, Responder<Request>)> handler) {
    serveRaw(Request::kMethod, [handler = std::move(handler)](const PeerId& peer, Bytes body, RawResponder respond) {
      auto request = protocol::decode<Request>(asBytes(body));
      if (!request) return respond(std::move(request).status());
      handler(peer, std::move(*request), [respond = std::move(respond)](Result<typename Request::Response> answer) {
        if (!answer) return respond(std::move(answer).status());
        respond(protocol::encode(*answer));
      });
    });
  }
  /// Called when a peer's connection closes or two of its heartbeats are missing.
  void onPeerLost(std::function<void(const PeerId&, Status)> handler);

  using RawResponder = std::function<void(Result<Bytes>)>;
  void callRaw(const PeerId& peer, protocol::Method method, Bytes body, Duration deadline, RawResponder done);
  void serveRaw(protocol::Method method, std::function<void(const PeerId&, Bytes, RawResponder)> handler);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// The real transport of the control plane: one ROUTER (bind) and DEALERs (connect), all on one thread.
/// Linger, high-water marks, heartbeats and the frame limit are set; see README.md of this folder.
std::unique_ptr<MessageTransport> makeZmqTransport(std::string identity);

}  // namespace flink::control
