#pragma once

#include <functional>
#include <memory>

#include "cluster/control/rpc.h"

namespace flink::control {

/// Calls one peer so that every request runs there once and in the order of the calls, although
/// frames get lost, come late, come twice or overtake each other: numbers the requests of a stream
/// and repeats those without an answer; the peer's endpoint runs them by their numbers.
/// The stream is over when it is closed, or when the peer does not know it (any more), which
/// onBroken tells once; its owner ends the session with the peer then.
/// Thread: the endpoint's loop. Ownership: borrows endpoint and loop. Lifetime: one per session.
class OrderedCalls {
 public:
  OrderedCalls(RpcEndpoint& rpc, EventLoop& loop, RpcEndpoint::PeerId peer,
               std::function<void(Status)> onBroken);
  ~OrderedCalls();
  OrderedCalls(const OrderedCalls&) = delete;
  OrderedCalls& operator=(const OrderedCalls&) = delete;

  /// `done` gets the peer's answer, however long it takes, or the reason of close().
  template <class Request>
  void call(const Request& request, std::function<void(Result<typename Request::Response>)> done) {
    callRaw(Request::kMethod, protocol::encode(request),
            [done = std::move(done)](Result<Bytes> answer) {
              if (!answer) return done(std::move(answer).status());
              done(protocol::decode<typename Request::Response>(asBytes(*answer)));
            });
  }
  /// Fails what has no answer, and every later call, with `reason`.
  void close(const Status& reason);

 private:
  struct State;
  void callRaw(protocol::Method method, Bytes body, RpcEndpoint::RawResponder done);
  std::shared_ptr<State> state_;
};

}  // namespace flink::control
