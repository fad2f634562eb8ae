#include "cluster/control/ordered_calls.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "cluster/control/ordered_inbox.h"
#include "core/base/error_codes.h"

namespace flink::control {
namespace {

/// A request without an answer for so long is sent again.
constexpr Duration kRepeatAfter = std::chrono::seconds(10);
/// After a frame that could not even leave.
constexpr Duration kPause = std::chrono::milliseconds(100);
/// Bodies that wait for their answer. A peer that is this far behind is given up.
constexpr std::size_t kMaxWaitingBytes = 256U << 20;
constexpr std::size_t kMaxWaitingCalls = 1'000'000;

}  // namespace

struct OrderedCalls::State : std::enable_shared_from_this<OrderedCalls::State> {
  struct Call {
    protocol::Method method;
    Bytes body;
    RpcEndpoint::RawResponder done;
  };

  State(RpcEndpoint& r, EventLoop& l, RpcEndpoint::PeerId p, std::function<void(Status)> broken)
      : rpc(r), loop(l), peer(std::move(p)), onBroken(std::move(broken)), stream(r.newStream()) {}

  void add(protocol::Method method, Bytes body, RpcEndpoint::RawResponder done);
  void pump();
  void send(std::uint64_t sequence);
  void onResult(std::uint64_t sequence, Result<Bytes> result, bool answered);
  void close(const Status& reason);
  void breakOff(const Status& reason);

  RpcEndpoint& rpc;
  EventLoop& loop;
  const RpcEndpoint::PeerId peer;
  std::function<void(Status)> onBroken;
  const std::uint64_t stream;
  std::uint64_t lastSequence = 0;
  std::map<std::uint64_t, Call> calls;  ///< without an answer, by sequence
  std::set<std::uint64_t> unsent;       ///< of these, those that are not on their way
  std::size_t waitingBytes = 0;
  EventLoop::TimerId timer = EventLoop::TimerId::kNone;
  std::optional<Status> closed;
};

OrderedCalls::OrderedCalls(RpcEndpoint& rpc, EventLoop& loop, RpcEndpoint::PeerId peer,
                           std::function<void(Status)> onBroken)
    : state_(std::make_shared<State>(rpc, loop, std::move(peer), std::move(onBroken))) {}

OrderedCalls::~OrderedCalls() {
  state_->loop.cancel(state_->timer);
}

void OrderedCalls::callRaw(protocol::Method method, Bytes body, RpcEndpoint::RawResponder done) {
  state_->add(method, std::move(body), std::move(done));
}

void OrderedCalls::close(const Status& reason) {
  state_->close(reason);
}

void OrderedCalls::State::add(protocol::Method method, Bytes body, RpcEndpoint::RawResponder done) {
  if (closed) {
    loop.post([done = std::move(done), reason = *closed] { done(reason); });
    return;
  }
  waitingBytes += body.size();
  calls.emplace(++lastSequence, Call{method, std::move(body), std::move(done)});
  unsent.insert(lastSequence);
  if (waitingBytes > kMaxWaitingBytes || calls.size() > kMaxWaitingCalls) {
    return breakOff({ErrorCode::kLimitExceeded,
                     fmt::format("the peer is too far behind: peer={} calls={} bytes={} limit={}",
                                 peer, calls.size(), waitingBytes, kMaxWaitingBytes)});
  }
  pump();
}

void OrderedCalls::State::pump() {
  while (!closed && timer == EventLoop::TimerId::kNone && !unsent.empty()) {
    const std::uint64_t sequence = *unsent.begin();
    if (sequence - calls.begin()->first >= OrderedInbox::kWindow) return;
    unsent.erase(unsent.begin());
    send(sequence);
  }
}

void OrderedCalls::State::send(std::uint64_t sequence) {
  const Call& call = calls.at(sequence);
  rpc.callInOrder(peer, call.method, call.body, {stream, sequence, calls.begin()->first},
                  kRepeatAfter,
                  [weak = weak_from_this(), sequence](Result<Bytes> result, bool answered) {
                    if (auto self = weak.lock())
                      self->onResult(sequence, std::move(result), answered);
                  });
}

void OrderedCalls::State::onResult(std::uint64_t sequence, Result<Bytes> result, bool answered) {
  const auto found = calls.find(sequence);
  if (closed || found == calls.end()) return;
  if (answered) {
    if (!result && result.status().code() == ErrorCode::kStaleEpoch)
      return breakOff(result.status());
    const Call call = std::move(found->second);
    calls.erase(found);
    waitingBytes -= call.body.size();
    pump();
    return call.done(std::move(result));
  }
  if (result.status().code() == ErrorCode::kCancelled) return close(result.status());
  unsent.insert(sequence);
  if (result.status().code() == ErrorCode::kDeadlineExceeded) return pump();
  if (timer != EventLoop::TimerId::kNone) return;
  timer = loop.schedule(kPause, [weak = weak_from_this()] {
    auto self = weak.lock();
    if (!self) return;
    self->timer = EventLoop::TimerId::kNone;
    self->pump();
  });
}

void OrderedCalls::State::close(const Status& reason) {
  if (closed) return;
  closed = reason;
  loop.cancel(timer);
  unsent.clear();
  // Posted: what is called back may end the owner.
  for (auto& [sequence, call] : std::exchange(calls, {}))
    loop.post([done = std::move(call.done), reason] { done(reason); });
}

void OrderedCalls::State::breakOff(const Status& reason) {
  close(reason);
  if (onBroken)
    loop.post([weak = weak_from_this(), reason] {
      if (auto self = weak.lock()) self->onBroken(reason);
    });
}

}  // namespace flink::control
