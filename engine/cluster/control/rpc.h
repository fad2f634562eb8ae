#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "cluster/protocol/codec.h"
#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/message_transport.h"
#include "core/base/process.h"
#include "core/base/result.h"

namespace flink::control {

class LocalChannel;

/// Sends typed requests to peers and serves theirs, over any MessageTransport.
/// Requests repeated by the transport run once; the answer is repeated.
/// Thread: call() and serve() from the owner's event loop; all callbacks and handlers run there.
/// stop() from any thread. Ownership: borrows loop, clock and transport. Lifetime: start() after
/// all serve(); stop() fails what is pending with kCancelled.
class RpcEndpoint {
 public:
  using PeerId = MessageTransport::PeerId;
  /// Answers one request, once, from any thread.
  template <class Request>
  using Responder = std::function<void(Result<typename Request::Response>)>;

  struct Options {
    std::string sender;  ///< name in envelopes and messages
    /// A peer that was called before and is silent for this long is pinged.
    Duration heartbeatInterval = std::chrono::seconds(10);
    /// A peer that was silent for this long although pinged is lost. Give heartbeat.timeout.
    Duration heartbeatTimeout = std::chrono::seconds(50);
    Duration defaultDeadline = std::chrono::seconds(10);  ///< of calls with deadline 0
    std::size_t maxPendingRequests = 10'000;  ///< in each direction; more give kLimitExceeded
  };

  RpcEndpoint(Options options, EventLoop& loop, const Clock& clock, MessageTransport& transport);
  /// The same over a channel that also carries descriptors.
  RpcEndpoint(Options options, EventLoop& loop, const Clock& clock, LocalChannel& channel);
  ~RpcEndpoint();
  RpcEndpoint(const RpcEndpoint&) = delete;
  RpcEndpoint& operator=(const RpcEndpoint&) = delete;

  void start();
  void stop();

  /// Requests with an epoch other than this (and not kNone) are answered with kStaleEpoch; ours
  /// carry it.
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
    serveRaw(Request::kMethod, [handler = std::move(handler)](const PeerId& peer, const Bytes& body,
                                                              RawResponder respond) {
      auto request = protocol::decode<Request>(asBytes(body));
      if (!request) return respond(std::move(request).status());
      handler(peer, std::move(*request),
              [respond = std::move(respond)](Result<typename Request::Response> answer) {
                if (!answer) return respond(std::move(answer).status());
                respond(protocol::encode(*answer));
              });
    });
  }
  /// A call that takes `descriptor` along. REQUIRES: over a LocalChannel.
  template <class Request>
  void callWithDescriptor(const Request& request, OwnedFd descriptor, Duration deadline,
                          std::function<void(Result<typename Request::Response>)> done) {
    callRawWithDescriptor(Request::kMethod, protocol::encode(request), std::move(descriptor),
                          deadline, [done = std::move(done)](Result<Bytes> answer) {
                            if (!answer) return done(std::move(answer).status());
                            done(protocol::decode<typename Request::Response>(asBytes(*answer)));
                          });
  }
  /// The descriptor that came with the request being handled; invalid when none. REQUIRES: called
  /// inside a handler.
  OwnedFd takeDescriptor();
  /// How long the sender of the request being handled waits for its answer. REQUIRES: called inside
  /// a handler.
  [[nodiscard]] Duration callerDeadline() const;

  /// Called when a peer's connection closes or it is silent for heartbeatTimeout. Its pending calls
  /// have failed by then.
  void onPeerLost(std::function<void(const PeerId&, Status)> handler);

  using RawResponder = std::function<void(Result<Bytes>)>;
  void callRaw(const PeerId& peer, protocol::Method method, Bytes body, Duration deadline,
               RawResponder done);
  void callRawWithDescriptor(protocol::Method method, Bytes body, OwnedFd descriptor,
                             Duration deadline, RawResponder done);
  /// Place of a request in an ordered stream; see ordered_calls.h, which is what to use.
  struct Order {
    std::uint64_t stream = 0, sequence = 0, base = 0;
  };
  /// `answered`: the peer gave this result; else the request or its answer is lost.
  using AnsweredResponder = std::function<void(Result<Bytes>, bool answered)>;
  void callInOrder(const PeerId& peer, protocol::Method method, Bytes body, const Order& order,
                   Duration deadline, AnsweredResponder done);
  /// A number for a stream that neither this endpoint nor an earlier one of its name has used.
  [[nodiscard]] std::uint64_t newStream();
  void serveRaw(protocol::Method method,
                std::function<void(const PeerId&, Bytes, RawResponder)> handler);

 private:
  struct State;
  class OneAnswer;
  std::shared_ptr<State> state_;
};

/// The real transport of the control plane: one ROUTER (bind, as often as wanted) and DEALERs
/// (connect), all on one thread. `identity` names this process in logs of its peers; a random
/// suffix makes it unique. Linger, high-water marks, heartbeats and the frame limit are set; see
/// README.md of this folder.
std::unique_ptr<MessageTransport> makeZmqTransport(std::string identity);

}  // namespace flink::control
