#include "cluster/control/rpc.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <deque>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cluster/control/local_channel.h"
#include "cluster/control/ordered_inbox.h"
#include "cluster/control/probe.h"
#include "core/base/error_codes.h"
#include "core/base/mutex.h"

namespace flink::control {
namespace {

using protocol::Envelope;
using protocol::EnvelopeKind;
using protocol::Method;

/// Keeps deadlines of hostile frames within the clock's range.
constexpr std::int64_t kMaxDeadlineMs = std::int64_t{1} << 40;
/// Streams that one endpoint can begin within a millisecond and still number by the clock.
constexpr int kStreamNumberBits = 20;

std::int64_t toMs(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

/// Remembers the answers to recent requests, so that a repeated request does not run twice.
/// Only small answers are kept: requests that change something have those.
class RecentAnswers {
 public:
  void add(const std::string& key, const Bytes& frame) {
    if (frame.size() > kMaxFrame) return;
    if (!frames_.emplace(key, frame).second) return;
    order_.push_back(key);
    if (order_.size() <= kMaxAnswers) return;
    frames_.erase(order_.front());
    order_.pop_front();
  }
  [[nodiscard]] const Bytes* find(const std::string& key) const {
    const auto it = frames_.find(key);
    return it == frames_.end() ? nullptr : &it->second;
  }

 private:
  static constexpr std::size_t kMaxFrame = 1024;
  static constexpr std::size_t kMaxAnswers = 1024;
  std::unordered_map<std::string, Bytes> frames_;
  std::deque<std::string> order_;
};

Status errorOf(const Envelope& envelope) {
  const auto code = errorCodeById(envelope.errorId);
  if (code) return {*code, envelope.errorMessage};
  return {ErrorCode::kInternal,
          fmt::format("{} (unknown error id: {})", envelope.errorMessage, envelope.errorId)};
}

RpcEndpoint::AnsweredResponder withoutAnswered(RpcEndpoint::RawResponder done) {
  return [done = std::move(done)](Result<Bytes> result, bool) { done(std::move(result)); };
}

std::string messageWithCauses(const Status& status) {
  std::string text = status.message();
  for (const Status* cause = status.cause(); cause != nullptr; cause = cause->cause()) {
    text += fmt::format("; caused by: {}: {}", cause->id(), cause->message());
  }
  return text;
}

}  // namespace

struct RpcEndpoint::State : std::enable_shared_from_this<RpcEndpoint::State> {
  struct Pending {
    PeerId peer;
    Method method;
    AnsweredResponder done;
    EventLoop::TimerId timer = EventLoop::TimerId::kNone;
  };

  State(Options o, EventLoop& l, const Clock& c, MessageTransport& t, LocalChannel* channel)
      : options(std::move(o)), loop(l), clock(c), transport(t), localChannel(channel) {}

  void start();
  void stop();
  void call(const PeerId& peer, Method method, Bytes body, OwnedFd descriptor, Order order,
            Duration deadline, AnsweredResponder done);

  // On the transport's thread.
  void onFrame(const PeerId& peer, const Bytes& frame);
  // On the loop.
  void onEnvelope(const PeerId& peer, Envelope envelope, OwnedFd descriptor);
  void onRequest(const PeerId& peer, Envelope request, OwnedFd descriptor);
  void onOrderedRequest(const PeerId& peer, Envelope request);
  void handle(const PeerId& peer, const std::string& key, Envelope request, OwnedFd descriptor);
  void refuseStale(const PeerId& peer, const Envelope& request, const std::string& reason);
  void sendAnswer(const PeerId& peer, Bytes frame);
  void answer(const PeerId& peer, const std::string& key, Envelope reply, Result<Bytes> result);
  void onAnswer(Envelope envelope);
  void finish(std::map<std::uint64_t, Pending>::iterator it, Result<Bytes> result,
              bool answered = false);
  void losePeer(const PeerId& peer, const Status& reason);
  void failPending(const std::function<bool(const Pending&)>& which, const Status& reason);
  void beat();
  void scheduleBeat();

  /// Runs `fn` on the loop unless stopped. Thread: any.
  template <class Fn>
  void post(Fn fn) {
    MutexLock lock(lifecycle);
    if (stopped) return;
    loop.post([self = this->shared_from_this(), fn = std::move(fn)]() mutable { fn(*self); });
  }
  bool isStopped() {
    MutexLock lock(lifecycle);
    return stopped;
  }
  /// Under the lock, because the loop may be gone after stop().
  bool runningInLoop() {
    MutexLock lock(lifecycle);
    return !stopped && loop.inLoop();
  }
  Envelope envelope(EnvelopeKind kind, Method method, std::uint64_t requestId) const {
    Envelope e;
    e.kind = kind;
    e.method = method;
    e.requestId = requestId;
    e.sender = options.sender;
    return e;
  }

  const Options options;
  EventLoop& loop;
  const Clock& clock;
  MessageTransport& transport;
  LocalChannel* const localChannel;

  Mutex lifecycle;
  bool stopped FLINK_GUARDED_BY(lifecycle) = false;
  std::atomic<std::size_t> requestsInside{0};
  std::atomic<std::uint64_t> framesDropped{0};

  // Owned by the loop's thread.
  Epoch epoch = Epoch::kNone;
  std::uint64_t nextRequestId = 1;
  std::map<std::uint64_t, Pending> pending;
  std::unordered_map<std::uint16_t, std::function<void(const PeerId&, Bytes, RawResponder)>>
      handlers;
  std::unordered_set<std::string> running;  ///< keys of requests whose handler has not answered
  RecentAnswers recent;
  OrderedInbox inbox;
  std::uint64_t lastStream = 0;
  std::map<PeerId, MonotonicTime> lastHeard;  ///< of peers that were called
  bool beating = false;
  std::function<void(const PeerId&, Status)> peerLost;
  OwnedFd currentDescriptor;
  Duration currentDeadline{};
};

/// What a handler answers through. A handler that forgets to answer is answered for.
class RpcEndpoint::OneAnswer {
 public:
  /// `reply` is the answer without its content.
  OneAnswer(std::weak_ptr<State> state, PeerId peer, std::string key, Envelope reply)
      : state_(std::move(state)),
        peer_(std::move(peer)),
        key_(std::move(key)),
        reply_(std::move(reply)) {}
  ~OneAnswer() {
    if (!given_) give(Status(ErrorCode::kUnavailable, "the request was dropped unanswered"));
  }
  OneAnswer(const OneAnswer&) = delete;
  OneAnswer& operator=(const OneAnswer&) = delete;

  /// Thread: any. Only the first call counts.
  void give(Result<Bytes> result) {
    auto state = state_.lock();
    if (given_.exchange(true) || !state) return;
    if (state->runningInLoop()) return state->answer(peer_, key_, reply_, std::move(result));
    auto box = std::make_shared<Result<Bytes>>(std::move(result));
    state->post([box, peer = peer_, key = key_, reply = reply_](State& self) {
      self.answer(peer, key, reply, std::move(*box));
    });
  }

 private:
  std::weak_ptr<State> state_;
  PeerId peer_;
  std::string key_;
  Envelope reply_;
  std::atomic<bool> given_{false};
};

RpcEndpoint::RpcEndpoint(Options options, EventLoop& loop, const Clock& clock,
                         MessageTransport& transport)
    : state_(std::make_shared<State>(std::move(options), loop, clock, transport, nullptr)) {}

RpcEndpoint::RpcEndpoint(Options options, EventLoop& loop, const Clock& clock,
                         LocalChannel& channel)
    : state_(std::make_shared<State>(std::move(options), loop, clock, channel, &channel)) {}

RpcEndpoint::~RpcEndpoint() {
  stop();
}

void RpcEndpoint::start() {
  state_->start();
}
void RpcEndpoint::stop() {
  state_->stop();
}
void RpcEndpoint::setEpoch(Epoch epoch) {
  state_->epoch = epoch;
}
void RpcEndpoint::onPeerLost(std::function<void(const PeerId&, Status)> handler) {
  state_->peerLost = std::move(handler);
}
OwnedFd RpcEndpoint::takeDescriptor() {
  return std::move(state_->currentDescriptor);
}
Duration RpcEndpoint::callerDeadline() const {
  return state_->currentDeadline;
}

void RpcEndpoint::callRaw(const PeerId& peer, Method method, Bytes body, Duration deadline,
                          RawResponder done) {
  state_->call(peer, method, std::move(body), {}, {}, deadline, withoutAnswered(std::move(done)));
}

std::uint64_t RpcEndpoint::newStream() {
  // Larger than those of an earlier process of the same name, which the peer may remember.
  const auto fromClock = static_cast<std::uint64_t>(state_->clock.wallMs()) << kStreamNumberBits;
  return state_->lastStream = std::max(state_->lastStream + 1, fromClock);
}

void RpcEndpoint::callInOrder(const PeerId& peer, Method method, Bytes body, const Order& order,
                              Duration deadline, AnsweredResponder done) {
  state_->call(peer, method, std::move(body), {}, order, deadline, std::move(done));
}

void RpcEndpoint::callRawWithDescriptor(Method method, Bytes body, OwnedFd descriptor,
                                        Duration deadline, RawResponder done) {
  FLINK_CHECK(state_->localChannel != nullptr, "descriptors travel over a LocalChannel only");
  state_->call(LocalChannel::kPeer, method, std::move(body), std::move(descriptor), {}, deadline,
               withoutAnswered(std::move(done)));
}

void RpcEndpoint::serveRaw(Method method,
                           std::function<void(const PeerId&, Bytes, RawResponder)> handler) {
  const bool added =
      state_->handlers.emplace(static_cast<std::uint16_t>(method), std::move(handler)).second;
  FLINK_CHECK(added, "a method is served twice");
}

void RpcEndpoint::State::start() {
  std::weak_ptr<State> weak = weak_from_this();
  transport.setHandlers({.onFrame =
                             [weak](const PeerId& peer, Bytes frame) {
                               if (auto self = weak.lock()) self->onFrame(peer, frame);
                             },
                         .onDisconnect =
                             [weak](const PeerId& peer) {
                               auto self = weak.lock();
                               if (!self) return;
                               self->post([peer](State& state) {
                                 state.losePeer(peer,
                                                {ErrorCode::kUnavailable,
                                                 fmt::format("connection closed: peer={}", peer)});
                               });
                             }});
}

void RpcEndpoint::State::stop() {
  {
    MutexLock lock(lifecycle);
    if (stopped) return;
    stopped = true;
  }
  auto failAll = [self = shared_from_this()] {
    self->failPending(
        [](const Pending&) { return true; },
        {ErrorCode::kCancelled, fmt::format("endpoint stopped: {}", self->options.sender)});
    self->handlers.clear();
    self->peerLost = nullptr;
  };
  if (loop.inLoop()) {
    failAll();
  } else {
    loop.post(failAll);
  }
}

void RpcEndpoint::State::call(const PeerId& peer, Method method, Bytes body, OwnedFd descriptor,
                              Order order, Duration deadline, AnsweredResponder done) {
  if (deadline <= Duration::zero()) deadline = options.defaultDeadline;
  auto fail = [&](Status status) {
    loop.post([done = std::move(done), status = std::move(status)] { done(status, false); });
  };
  if (isStopped())
    return fail({ErrorCode::kCancelled, fmt::format("endpoint stopped: {}", options.sender)});
  if (pending.size() >= options.maxPendingRequests) {
    return fail({ErrorCode::kLimitExceeded, fmt::format("too many pending calls: limit={} peer={}",
                                                        options.maxPendingRequests, peer)});
  }
  const std::uint64_t id = nextRequestId++;
  Envelope request = envelope(EnvelopeKind::kRequest, method, id);
  request.epoch = epoch;
  request.deadlineMs = toMs(deadline);
  request.stream = order.stream;
  request.sequence = order.sequence;
  request.streamBase = order.base;
  request.body = std::move(body);
  Bytes frame = protocol::encodeEnvelope(request);
  Status sent = descriptor.valid()
                    ? localChannel->sendWithDescriptor(std::move(frame), std::move(descriptor))
                    : transport.send(peer, std::move(frame));
  if (!sent) return fail(std::move(sent));
  const auto timer = loop.schedule(deadline, [weak = weak_from_this(), id, deadline] {
    auto self = weak.lock();
    if (!self) return;
    const auto it = self->pending.find(id);
    if (it == self->pending.end()) return;
    self->finish(
        it, Status(ErrorCode::kDeadlineExceeded,
                   fmt::format("no answer in time: peer={} method={} waitedMs={}", it->second.peer,
                               static_cast<int>(it->second.method), toMs(deadline))));
  });
  pending.emplace(id, Pending{peer, method, std::move(done), timer});
  lastHeard.try_emplace(peer, clock.now());
  scheduleBeat();
}

void RpcEndpoint::State::onFrame(const PeerId& peer, const Bytes& frame) {
  OwnedFd descriptor = localChannel != nullptr ? localChannel->takeDescriptor() : OwnedFd{};
  auto decoded = protocol::decodeEnvelope(asBytes(frame));
  if (!decoded) {
    if (const auto refusal = protocol::refusalOfOtherVersion(asBytes(frame)))
      sendAnswer(peer, protocol::encodeEnvelope(*refusal));
    // A peer that sends nonsense must not fill the log: the 1st, 2nd, 4th, 8th, ... are told.
    if (const auto n = framesDropped.fetch_add(1) + 1; std::has_single_bit(n)) {
      FLINK_WARN(kRpcLog, "frame dropped: peer={} error={} droppedSoFar={}", peer,
                 decoded.status().toString(), n);
    }
    return;
  }
  if (decoded->kind == EnvelopeKind::kPing) {
    // Answered here, so that a busy loop is not taken for a dead process.
    const Status sent =
        transport.send(peer, protocol::encodeEnvelope(envelope(EnvelopeKind::kPong, decoded->method,
                                                               decoded->requestId)));
    if (!sent) FLINK_DEBUG(kRpcLog, "ping not answered: peer={} error={}", peer, sent.toString());
    return;
  }
  if (decoded->kind == EnvelopeKind::kRequest &&
      requestsInside.fetch_add(1) >= options.maxPendingRequests) {
    requestsInside.fetch_sub(1);
    if (decoded->stream != 0) {  // an answer would be final; its sender repeats it
      FLINK_WARN(kRpcLog, "request of a stream has to come again: peer={} limit={}", peer,
                 options.maxPendingRequests);
      return;
    }
    Envelope refusal = envelope(EnvelopeKind::kError, decoded->method, decoded->requestId);
    refusal.errorId = errorInfo(ErrorCode::kLimitExceeded).id;
    refusal.errorMessage =
        fmt::format("too many requests at once: limit={}", options.maxPendingRequests);
    const Status sent = transport.send(peer, protocol::encodeEnvelope(refusal));
    FLINK_WARN(kRpcLog, "request refused: peer={} reason={} sent={}", peer, refusal.errorMessage,
               sent.isOk());
    return;
  }
  // std::function wants copyable captures; the pair travels in a shared box.
  auto box =
      std::make_shared<std::pair<Envelope, OwnedFd>>(std::move(*decoded), std::move(descriptor));
  post([peer, box](State& state) {
    state.onEnvelope(peer, std::move(box->first), std::move(box->second));
  });
}

void RpcEndpoint::State::onEnvelope(const PeerId& peer, Envelope envelope, OwnedFd descriptor) {
  if (const auto it = lastHeard.find(peer); it != lastHeard.end()) it->second = clock.now();
  switch (envelope.kind) {
    case EnvelopeKind::kRequest:
      return onRequest(peer, std::move(envelope), std::move(descriptor));
    case EnvelopeKind::kResponse:
    case EnvelopeKind::kError:
      return onAnswer(std::move(envelope));
    case EnvelopeKind::kEvent:
    case EnvelopeKind::kPing:
    case EnvelopeKind::kPong:
      return;
  }
}

void RpcEndpoint::State::onRequest(const PeerId& peer, Envelope request, OwnedFd descriptor) {
  if (request.stream != 0) return onOrderedRequest(peer, std::move(request));
  const std::string key = fmt::format("{}/{}", request.requestId, peer);
  if (const Bytes* frame = recent.find(key); frame != nullptr) {
    requestsInside.fetch_sub(1);
    return sendAnswer(peer, *frame);
  }
  if (!running.insert(key).second) {
    requestsInside.fetch_sub(1);
    return;
  }
  handle(peer, key, std::move(request), std::move(descriptor));
}

void RpcEndpoint::State::onOrderedRequest(const PeerId& peer, Envelope request) {
  requestsInside.fetch_sub(1);  // what runs is counted again
  if (request.epoch != Epoch::kNone && request.epoch != epoch)
    return refuseStale(peer, request, "stale epoch");
  const Envelope head = envelope(EnvelopeKind::kRequest, request.method, request.requestId);
  OrderedInbox::Arrival arrival = inbox.arrive(peer, std::move(request));
  if (arrival.stale) return refuseStale(peer, head, "the stream is over");
  if (arrival.answer) sendAnswer(peer, protocol::encodeEnvelope(*arrival.answer));
  for (Envelope& ready : arrival.run) {
    const std::string key = fmt::format("{}.{}/{}", ready.stream, ready.sequence, peer);
    if (!running.insert(key).second) continue;  // of a stream that was forgotten meanwhile
    requestsInside.fetch_add(1);
    handle(peer, key, std::move(ready), {});
  }
}

void RpcEndpoint::State::refuseStale(const PeerId& peer, const Envelope& request,
                                     const std::string& reason) {
  Envelope refusal = envelope(EnvelopeKind::kError, request.method, request.requestId);
  refusal.errorId = errorInfo(ErrorCode::kStaleEpoch).id;
  refusal.errorMessage = fmt::format(
      "{}: method={} epoch={} current={} sender={}", reason, static_cast<int>(request.method),
      static_cast<std::uint64_t>(request.epoch), static_cast<std::uint64_t>(epoch), request.sender);
  sendAnswer(peer, protocol::encodeEnvelope(refusal));
}

void RpcEndpoint::State::handle(const PeerId& peer, const std::string& key, Envelope request,
                                OwnedFd descriptor) {
  const Method method = request.method;
  Envelope reply = envelope(EnvelopeKind::kResponse, method, request.requestId);
  reply.stream = request.stream;
  reply.sequence = request.sequence;
  auto once = std::make_shared<OneAnswer>(weak_from_this(), peer, key, std::move(reply));
  auto respond = [once](Result<Bytes> result) { once->give(std::move(result)); };
  if (request.epoch != Epoch::kNone && request.epoch != epoch) {
    return respond(
        Status(ErrorCode::kStaleEpoch,
               fmt::format("stale epoch: method={} epoch={} current={} sender={}",
                           static_cast<int>(method), static_cast<std::uint64_t>(request.epoch),
                           static_cast<std::uint64_t>(epoch), request.sender)));
  }
  const auto handler = handlers.find(static_cast<std::uint16_t>(method));
  if (handler == handlers.end()) {
    return respond(
        Status(ErrorCode::kUnknownMethod, fmt::format("call not served here: method={} server={}",
                                                      static_cast<int>(method), options.sender)));
  }
  currentDescriptor = std::move(descriptor);
  currentDeadline =
      std::chrono::milliseconds(std::min<std::int64_t>(request.deadlineMs, kMaxDeadlineMs));
  handler->second(peer, std::move(request.body), std::move(respond));
  currentDescriptor.reset();
}

void RpcEndpoint::State::answer(const PeerId& peer, const std::string& key, Envelope reply,
                                Result<Bytes> result) {
  if (running.erase(key) == 0) return;
  requestsInside.fetch_sub(1);
  if (result && result->size() + 1024 > protocol::kMaxFrameBytes) {
    result =
        Status(ErrorCode::kLimitExceeded, fmt::format("answer too large: size={} limit={}",
                                                      result->size(), protocol::kMaxFrameBytes));
  }
  reply.epoch = epoch;
  if (result) {
    reply.body = std::move(*result);
  } else {
    const Status status = result.status();
    reply.kind = EnvelopeKind::kError;
    reply.errorId = status.id();
    reply.errorMessage = messageWithCauses(status);
  }
  if (reply.stream != 0) {
    inbox.answered(peer, reply);
    return sendAnswer(peer, protocol::encodeEnvelope(reply));
  }
  Bytes frame = protocol::encodeEnvelope(reply);
  recent.add(key, frame);
  sendAnswer(peer, std::move(frame));
}

void RpcEndpoint::State::sendAnswer(const PeerId& peer, Bytes frame) {
  const Status sent = transport.send(peer, std::move(frame));
  if (!sent) FLINK_DEBUG(kRpcLog, "answer not sent: peer={} error={}", peer, sent.toString());
}

void RpcEndpoint::State::onAnswer(Envelope envelope) {
  const auto it = pending.find(envelope.requestId);
  if (it == pending.end()) return;  // too late, or repeated
  if (envelope.kind == EnvelopeKind::kError) return finish(it, errorOf(envelope), true);
  finish(it, std::move(envelope.body), true);
}

void RpcEndpoint::State::finish(std::map<std::uint64_t, Pending>::iterator it, Result<Bytes> result,
                                bool answered) {
  Pending call = std::move(it->second);
  pending.erase(it);
  loop.cancel(call.timer);
  call.done(std::move(result), answered);
}

void RpcEndpoint::State::failPending(const std::function<bool(const Pending&)>& which,
                                     const Status& reason) {
  std::vector<std::uint64_t> ids;
  for (const auto& [id, call] : pending) {
    if (which(call)) ids.push_back(id);
  }
  for (const std::uint64_t id : ids) {
    if (const auto it = pending.find(id); it != pending.end()) finish(it, reason);
  }
}

void RpcEndpoint::State::losePeer(const PeerId& peer, const Status& reason) {
  lastHeard.erase(peer);
  inbox.forget(peer);
  failPending([&](const Pending& call) { return call.peer == peer; }, reason);
  if (peerLost) peerLost(peer, reason);
}

void RpcEndpoint::State::scheduleBeat() {
  if (beating || lastHeard.empty() || options.heartbeatInterval <= Duration::zero()) return;
  beating = true;
  loop.schedule(options.heartbeatInterval, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->beat();
  });
}

void RpcEndpoint::State::beat() {
  beating = false;
  if (isStopped()) return;
  const MonotonicTime now = clock.now();
  std::vector<PeerId> lost;
  for (const auto& [peer, heard] : lastHeard) {
    if (now - heard >= options.heartbeatTimeout) {
      lost.push_back(peer);
    } else if (now - heard >= options.heartbeatInterval) {
      const Status sent = transport.send(
          peer, protocol::encodeEnvelope(envelope(EnvelopeKind::kPing, Method::kGetVersion, 0)));
      if (!sent) FLINK_DEBUG(kRpcLog, "ping not sent: peer={} error={}", peer, sent.toString());
    }
  }
  for (const PeerId& peer : lost) {
    losePeer(peer, {ErrorCode::kUnavailable, fmt::format("peer silent: peer={} silentMs={}", peer,
                                                         toMs(options.heartbeatTimeout))});
  }
  scheduleBeat();
}

}  // namespace flink::control
