#include "cluster/control/zmq_transport.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "cluster/control/probe.h"
#include "cluster/control/router_peers.h"
#include "cluster/control/rpc.h"
#include "cluster/control/zmq_socket.h"
#include "cluster/protocol/codec.h"
#include "core/base/error_codes.h"
#include "core/base/ids.h"
#include "core/base/mutex.h"
#include "core/base/process.h"
#include "core/base/rng.h"

namespace flink::control {
namespace {

/// Frames of one peer that wait for the transport's thread or for room in ZeroMQ; more give
/// kUnavailable.
constexpr std::size_t kMaxUnsentFrames = 10'000;
/// Frames taken from one socket before the others get their turn.
constexpr int kReceiveBatch = 64;
constexpr std::size_t kMaxIdentityBytes = 200;

using TransportIdTag = struct TransportIdTag;

std::string uniqueIdentity(const std::string& name) {
  return fmt::format("{}-{}", name.substr(0, kMaxIdentityBytes),
                     Id<TransportIdTag, 4>::random(*makeSystemRng()).toHex());
}

/// MessageTransport over ZeroMQ. The sockets belong to one thread; other threads leave it orders
/// and wake it.
class ZmqTransport final : public MessageTransport {
 public:
  explicit ZmqTransport(ZmqTransportOptions options)
      : options_(std::move(options)),
        identity_(uniqueIdentity(options_.identity)),
        wakeUp_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    FLINK_CHECK(wakeUp_.valid(), "no descriptor left for the control transport");
  }
  ~ZmqTransport() override { stop(); }

  void setHandlers(Handlers handlers) override {
    FLINK_CHECK(!thread_.joinable(), "the transport gets its handlers once");
    handlers_ = std::move(handlers);
    thread_ = std::thread([this] { run(); });
  }
  Result<int> bind(const std::string& endpoint) override {
    Result<int> port = Status(ErrorCode::kUnavailable, "transport stopped");
    runOnThread([&] { port = bindHere(endpoint); });
    return port;
  }
  Result<PeerId> connect(const std::string& endpoint) override {
    Result<PeerId> peer = Status(ErrorCode::kUnavailable, "transport stopped");
    runOnThread([&] { peer = connectHere(endpoint); });
    return peer;
  }
  void disconnect(const PeerId& peer) override {
    runOnThread([&] { forget(peer); });
  }
  Status send(const PeerId& peer, Bytes frame) override;
  void stop() override;

 private:
  struct Unsent {
    PeerId peer;
    Bytes frame;
  };
  /// A connection that this side made.
  struct Dealer {
    ZmqSocket socket;
    ZmqSocket monitor;
    std::deque<Bytes> unsent;  ///< waits for room in the socket
    bool failureTold = false;
  };

  void runOnThread(std::function<void()> fn);
  void run();
  void wake();
  void poll();
  Result<int> bindHere(const std::string& endpoint);
  Result<PeerId> connectHere(const std::string& endpoint);
  void forget(const PeerId& peer);
  void obeyOrders();
  void sendHere(Unsent unsent);
  void loseRouterPeer(const PeerId& peer);
  void flush(const PeerId& peer, Dealer& dealer);
  void sent(const PeerId& peer);
  void readRouter();
  void readRouterMonitor();
  void readDealer(const PeerId& peer, Dealer& dealer);

  const ZmqTransportOptions options_;
  const std::string identity_;
  const OwnedFd wakeUp_;
  Handlers handlers_;
  std::thread thread_;

  Mutex mutex_;
  ConditionVariable ran_;
  bool stopped_ FLINK_GUARDED_BY(mutex_) = false;
  std::deque<std::function<void()>> calls_ FLINK_GUARDED_BY(mutex_);
  std::deque<Unsent> orders_ FLINK_GUARDED_BY(mutex_);
  /// Known peers and how many of their frames have not reached ZeroMQ.
  std::unordered_map<PeerId, std::size_t> unsentFrames_ FLINK_GUARDED_BY(mutex_);

  // Owned by the transport's thread; the context goes last.
  ZmqContext context_;
  std::optional<ZmqSocket> router_;
  std::optional<ZmqSocket> routerMonitor_;
  RouterPeers routerPeers_;
  std::map<PeerId, Dealer> dealers_;
  std::uint64_t numConnects_ = 0;
};

void ZmqTransport::wake() {
  const std::uint64_t one = 1;
  if (write(wakeUp_.get(), &one, sizeof one) < 0)
    FLINK_DEBUG(kTransportLog, "wake-up pending already");
}

void ZmqTransport::runOnThread(std::function<void()> fn) {
  if (std::this_thread::get_id() == thread_.get_id()) return fn();
  FLINK_CHECK(thread_.joinable(), "setHandlers() comes before bind() and connect()");
  bool done = false;
  MutexLock lock(mutex_);
  if (stopped_) return;
  calls_.push_back([&] {
    fn();
    MutexLock inner(mutex_);
    done = true;
    ran_.notifyAll();
  });
  wake();
  while (!done) ran_.wait(mutex_);
}

Status ZmqTransport::send(const PeerId& peer, Bytes frame) {
  if (frame.size() > protocol::kMaxFrameBytes) {
    return {ErrorCode::kLimitExceeded, fmt::format("frame too large: size={} limit={}",
                                                   frame.size(), protocol::kMaxFrameBytes)};
  }
  MutexLock lock(mutex_);
  if (stopped_) return {ErrorCode::kUnavailable, "transport stopped"};
  const auto known = unsentFrames_.find(peer);
  if (known == unsentFrames_.end())
    return {ErrorCode::kUnavailable, fmt::format("peer not connected: {}", peer)};
  if (known->second >= kMaxUnsentFrames) {
    return {ErrorCode::kUnavailable,
            fmt::format("peer's queue is full: peer={} frames={}", peer, known->second)};
  }
  ++known->second;
  orders_.push_back({peer, std::move(frame)});
  if (orders_.size() == 1) wake();
  return Status::ok();
}

void ZmqTransport::stop() {
  {
    MutexLock lock(mutex_);
    stopped_ = true;
  }
  wake();
  if (thread_.joinable()) thread_.join();
}

void ZmqTransport::run() {
  while (true) {
    obeyOrders();
    {
      MutexLock lock(mutex_);
      if (stopped_ && calls_.empty() && orders_.empty()) break;
    }
    poll();
  }
  // Sockets close on the thread that used them; what they hold is sent within the linger time.
  dealers_.clear();
  routerMonitor_.reset();
  router_.reset();
}

void ZmqTransport::poll() {
  std::vector<PollItem> items{{.fd = wakeUp_.get()}};
  if (router_) {
    items.push_back({.socket = &*router_});
    items.push_back({.socket = &*routerMonitor_});
  }
  std::vector<PeerId> peers;  // by value: handlers may connect and disconnect
  for (auto& [peer, dealer] : dealers_) {
    peers.push_back(peer);
    items.push_back({.socket = &dealer.socket, .wantWrite = !dealer.unsent.empty()});
    items.push_back({.socket = &dealer.monitor});
  }
  if (!pollSockets(items, -1)) return;
  if (items[0].ready) {
    std::uint64_t count = 0;
    if (read(wakeUp_.get(), &count, sizeof count) < 0) return;
  }
  if (router_) readRouter();
  for (const PeerId& peer : peers) {
    const auto it = dealers_.find(peer);
    if (it != dealers_.end()) readDealer(peer, it->second);
  }
}

Result<int> ZmqTransport::bindHere(const std::string& endpoint) {
  if (!router_) {
    router_.emplace(context_, ZmqSocket::Kind::kRouter, identity_);
    routerMonitor_.emplace(router_->monitor(context_, "router"));
  }
  return router_->bind(endpoint);
}

Result<MessageTransport::PeerId> ZmqTransport::connectHere(const std::string& endpoint) {
  const std::uint64_t number = ++numConnects_;
  // Two connections to one endpoint are two peers; the other side needs to tell them apart, too.
  ZmqSocket socket(context_, ZmqSocket::Kind::kDealer, fmt::format("{}-{}", identity_, number));
  ZmqSocket monitor = socket.monitor(context_, fmt::format("dealer-{}", number));
  FLINK_RETURN_IF_ERROR(socket.connect(endpoint));
  PeerId peer = fmt::format("{}#{}", endpoint, number);
  dealers_.emplace(peer, Dealer{std::move(socket), std::move(monitor), {}, false});
  MutexLock lock(mutex_);
  unsentFrames_.emplace(peer, 0);
  return peer;
}

void ZmqTransport::forget(const PeerId& peer) {
  dealers_.erase(peer);
  MutexLock lock(mutex_);
  unsentFrames_.erase(peer);
}

void ZmqTransport::obeyOrders() {
  std::deque<std::function<void()>> calls;
  std::deque<Unsent> orders;
  {
    MutexLock lock(mutex_);
    calls.swap(calls_);
    orders.swap(orders_);
  }
  for (auto& call : calls) call();
  for (Unsent& unsent : orders) sendHere(std::move(unsent));
}

void ZmqTransport::sendHere(Unsent unsent) {
  const auto dealer = dealers_.find(unsent.peer);
  if (dealer != dealers_.end()) {
    dealer->second.unsent.push_back(std::move(unsent.frame));
    return flush(unsent.peer, dealer->second);
  }
  const SendOutcome outcome =
      router_ ? router_->send(unsent.peer, std::move(unsent.frame)) : SendOutcome::kUnreachable;
  if (outcome == SendOutcome::kUnreachable) return loseRouterPeer(unsent.peer);
  if (outcome == SendOutcome::kFull) {
    FLINK_WARN(kTransportLog, "frame lost: the peer does not read: peer={}", unsent.peer);
  }
  sent(unsent.peer);
}

void ZmqTransport::flush(const PeerId& peer, Dealer& dealer) {
  while (!dealer.unsent.empty()) {
    // A full socket leaves the frame here until there is room.
    if (!dealer.socket.canSend()) return;
    const SendOutcome outcome = dealer.socket.send({}, std::move(dealer.unsent.front()));
    if (outcome != SendOutcome::kSent) FLINK_WARN(kTransportLog, "frame lost: peer={}", peer);
    dealer.unsent.pop_front();
    sent(peer);
  }
}

void ZmqTransport::sent(const PeerId& peer) {
  MutexLock lock(mutex_);
  const auto known = unsentFrames_.find(peer);
  if (known != unsentFrames_.end() && known->second > 0) --known->second;
}

void ZmqTransport::readRouterMonitor() {
  int fd = -1;
  while (const auto event = routerMonitor_->receiveEvent(fd)) {
    if (*event == ConnectionEvent::kAccepted) routerPeers_.accepted(fd);
    if (*event == ConnectionEvent::kDisconnected) routerPeers_.ended(fd);
  }
}

void ZmqTransport::loseRouterPeer(const PeerId& peer) {
  routerPeers_.forget(peer);
  {
    MutexLock lock(mutex_);
    unsentFrames_.erase(peer);
  }
  handlers_.onDisconnect(peer);
}

void ZmqTransport::readRouter() {
  for (int i = 0; i < kReceiveBatch; ++i) {
    auto message = router_->receive();
    readRouterMonitor();  // what led to this frame happened before it
    if (!message) {
      for (const PeerId& peer : routerPeers_.takeLost()) loseRouterPeer(peer);
      return;
    }
    if (message->identity.empty()) continue;
    routerPeers_.frame(message->identity, message->sourceFd);
    {
      MutexLock lock(mutex_);
      unsentFrames_.try_emplace(message->identity, 0);
    }
    handlers_.onFrame(message->identity, std::move(message->body));
  }
}

void ZmqTransport::readDealer(const PeerId& peer, Dealer& dealer) {
  flush(peer, dealer);
  for (int i = 0; i < kReceiveBatch; ++i) {
    auto message = dealer.socket.receive();
    if (!message) break;
    handlers_.onFrame(peer, std::move(message->body));
    if (!dealers_.contains(peer)) return;
  }
  int fd = -1;
  while (const auto event = dealer.monitor.receiveEvent(fd)) {
    if (*event == ConnectionEvent::kConnected) dealer.failureTold = false;
    if (*event == ConnectionEvent::kDisconnected) {
      dealer.failureTold = true;  // the disconnect itself says that attempts will follow
      handlers_.onDisconnect(peer);
    }
    if (*event == ConnectionEvent::kConnectFailed && !dealer.failureTold) {
      dealer.failureTold = true;
      if (options_.onConnectFailed) options_.onConnectFailed(peer);
    }
    if (!dealers_.contains(peer)) return;
  }
}

}  // namespace

std::unique_ptr<MessageTransport> makeZmqTransport(ZmqTransportOptions options) {
  return std::make_unique<ZmqTransport>(std::move(options));
}

std::unique_ptr<MessageTransport> makeZmqTransport(std::string identity) {
  return makeZmqTransport(ZmqTransportOptions{std::move(identity), nullptr});
}

}  // namespace flink::control
