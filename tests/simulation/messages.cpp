#include "tests/simulation/messages.h"

#include <set>
#include <vector>

#include "core/base/check.h"
#include "core/base/error_codes.h"

namespace flink::simulation {

/// One process's end of the network.
class SimulatedMessageTransport final : public MessageTransport {
 public:
  SimulatedMessageTransport(MessageNetwork& network, ProcessRef process, std::string identity)
      : network_(network), process_(std::move(process)), identity_(std::move(identity)) {
    FLINK_CHECK(network_.transports_.emplace(identity_, this).second, "an identity is used twice");
  }
  ~SimulatedMessageTransport() override { close(); }

  void setHandlers(Handlers handlers) override { handlers_ = std::move(handlers); }
  Result<int> bind(const std::string& endpoint) override {
    const std::size_t colon = endpoint.rfind(':');
    int port = std::stoi(endpoint.substr(colon + 1));
    if (port == 0) port = network_.nextPort_++;
    const std::string bound = endpoint.substr(0, colon + 1) + std::to_string(port);
    network_.servers_[bound] = identity_;
    network_.sendWaiting();
    return port;
  }
  Result<PeerId> connect(const std::string& endpoint) override { return PeerId(endpoint); }
  void disconnect(const PeerId& peer) override { network_.breakConnection({identity_, peer}); }
  Status send(const PeerId& peer, Bytes frame) override {
    return network_.send(*this, peer, std::move(frame));
  }
  void stop() override { close(); }

 private:
  friend class MessageNetwork;
  void close() {
    if (std::exchange(closed_, true)) return;
    network_.transports_.erase(identity_);
    std::erase_if(network_.servers_, [&](const auto& entry) { return entry.second == identity_; });
    network_.processEnded(*process_);
  }

  MessageNetwork& network_;
  const ProcessRef process_;
  const std::string identity_;
  Handlers handlers_;
  bool closed_ = false;
};

std::unique_ptr<MessageTransport> MessageNetwork::makeTransport(const ProcessRef& process,
                                                                std::string identity) {
  return std::make_unique<SimulatedMessageTransport>(*this, process, std::move(identity));
}

std::shared_ptr<MessageNetwork::Connection> MessageNetwork::connect(const Key& key) {
  const auto server = servers_.find(key.second);
  if (server == servers_.end()) return nullptr;
  auto& connection = connections_[key];
  if (connection == nullptr || connection->broken) {
    const MonotonicTime notBefore =
        connection == nullptr ? kernel_.now() : kernel_.now() + kernel_.upTo(faults_.reconnect);
    connection = std::make_shared<Connection>();
    connection->toServer = kernel_.makeLane(transports_.at(server->second)->process_);
    connection->toClient = kernel_.makeLane(transports_.at(key.first)->process_);
    connection->notBefore = notBefore;
  }
  return connection;
}

Status MessageNetwork::send(SimulatedMessageTransport& from, const std::string& peer, Bytes frame) {
  if (!from.process_->alive || from.closed_) return Status::ok();  // nobody is there to be told
  const bool toServer = peer.find(':') != std::string::npos && !transports_.contains(peer);
  std::shared_ptr<Connection> connection;
  Key key;
  if (toServer) {
    key = {from.identity_, peer};
    connection = connect(key);
    if (connection == nullptr) {
      waiting_[key].push_back(std::move(frame));
      return Status::ok();
    }
  } else {
    const auto found = std::find_if(connections_.begin(), connections_.end(), [&](auto& entry) {
      const auto server = servers_.find(entry.first.second);
      return entry.first.first == peer && !entry.second->broken && server != servers_.end() &&
             server->second == from.identity_;
    });
    if (found == connections_.end() || !transports_.contains(peer))
      return {ErrorCode::kUnavailable, "no such peer: " + peer};
    key = found->first;
    connection = found->second;
  }
  const std::string receiver = toServer ? servers_.at(peer) : peer;
  if (partitions_.contains(pairOf(from.process_->host, transports_.at(receiver)->process_->host)))
    return Status::ok();
  if (kernel_.chance(faults_.breakConnection)) {
    breakConnection(key);
    return Status::ok();
  }
  const auto& lane = toServer ? connection->toServer : connection->toClient;
  const std::string sender = toServer ? from.identity_ : key.second;
  carry(lane, connection, receiver, sender, frame);
  if (kernel_.chance(faults_.repeatFrame)) carry(lane, connection, receiver, sender, frame);
  return Status::ok();
}

void MessageNetwork::sendWaiting() {
  for (auto& [key, frames] : std::exchange(waiting_, {})) {
    const auto from = transports_.find(key.first);
    if (from == transports_.end()) continue;
    for (Bytes& frame : frames)
      static_cast<void>(send(*from->second, key.second, std::move(frame)));
  }
}

void MessageNetwork::carry(const std::shared_ptr<Lane>& lane, std::weak_ptr<Connection> connection,
                           const std::string& receiver, const std::string& sender,
                           const Bytes& frame) {
  const auto standing = connection.lock();
  const Duration wait = std::max(Duration::zero(), standing->notBefore - kernel_.now());
  lane->postAfter(wait + kernel_.upTo(faults_.longestDelay),
                  [this, connection, receiver, sender, frame] {
                    const auto open = connection.lock();
                    if (open == nullptr || open->broken) return;
                    const auto found = transports_.find(receiver);
                    if (found != transports_.end() && found->second->process_->alive &&
                        found->second->handlers_.onFrame)
                      found->second->handlers_.onFrame(sender, frame);
                  });
}

void MessageNetwork::breakConnection(const Key& key) {
  const auto found = connections_.find(key);
  if (found == connections_.end() || found->second->broken) return;
  const auto connection = found->second;
  connection->broken = true;
  const auto tell = [this](const std::shared_ptr<Lane>& lane, const std::string& whom,
                           const std::string& peer) {
    lane->postAfter(kernel_.upTo(faults_.longestDelay), [this, lane, whom, peer] {
      const auto transport = transports_.find(whom);
      if (transport != transports_.end() && transport->second->handlers_.onDisconnect)
        transport->second->handlers_.onDisconnect(peer);
    });
  };
  const auto server = servers_.find(key.second);
  if (server != servers_.end()) tell(connection->toServer, server->second, key.first);
  tell(connection->toClient, key.first, key.second);
}

void MessageNetwork::processEnded(const Process& process) {
  std::vector<Key> ended;
  for (const auto& [key, connection] : connections_) {
    if (connection->toServer->process().get() == &process ||
        connection->toClient->process().get() == &process)
      ended.push_back(key);
  }
  for (const Key& key : ended) breakConnection(key);
}

// --- between a supervisor and its worker ---------------------------------------------------------

namespace {

constexpr Duration kLongestLocalDelay = std::chrono::microseconds(100);

class SimulatedChannel final : public control::LocalChannel {
 public:
  SimulatedChannel(Kernel& kernel, const ProcessRef& process)
      : kernel_(kernel), process_(process), incoming_(kernel.makeLane(process)) {}
  ~SimulatedChannel() override { stop(); }
  void pairWith(const std::shared_ptr<SimulatedChannel*>& self,
                const std::shared_ptr<SimulatedChannel*>& other, std::shared_ptr<Lane> outgoing) {
    self_ = self;
    other_ = other;
    outgoing_ = std::move(outgoing);
  }
  [[nodiscard]] const std::shared_ptr<Lane>& incoming() const { return incoming_; }

  void setHandlers(Handlers handlers) override {
    handlers_ = std::move(handlers);
    // Until now nobody read what came.
    for (auto& arrive : std::exchange(unread_, {})) incoming_->post(std::move(arrive));
  }
  Result<int> bind(const std::string&) override {
    return {ErrorCode::kUnsupported, "a local channel has no port"};
  }
  Result<PeerId> connect(const std::string&) override {
    return {ErrorCode::kUnsupported, "a local channel has only its peer"};
  }
  void disconnect(const PeerId&) override {
    if (closed_) return;
    close();
    tellEnd(incoming_, self_);
  }
  Status send(const PeerId&, Bytes frame) override { return transmit(std::move(frame), {}); }
  Status sendWithDescriptor(Bytes frame, OwnedFd descriptor) override {
    return transmit(std::move(frame), std::move(descriptor));
  }
  OwnedFd takeDescriptor() override { return std::move(current_); }
  void stop() override {
    close();
    if (self_ != nullptr) *self_ = nullptr;
  }

 private:
  Status transmit(Bytes frame, OwnedFd descriptor) {
    if (!process_->alive) return Status::ok();
    if (closed_ || *other_ == nullptr) return {ErrorCode::kUnavailable, "local channel closed"};
    auto shared = std::make_shared<OwnedFd>(std::move(descriptor));
    outgoing_->postAfter(kernel_.upTo(kLongestLocalDelay),
                         [other = other_, frame = std::move(frame), shared] {
                           if (*other != nullptr) (*other)->receive(frame, shared);
                         });
    return Status::ok();
  }
  void receive(const Bytes& frame, const std::shared_ptr<OwnedFd>& descriptor) {
    if (closed_) return;
    if (!handlers_.onFrame) {
      unread_.emplace_back([self = self_, frame, descriptor] {
        if (*self != nullptr) (*self)->receive(frame, descriptor);
      });
      return;
    }
    const auto self = self_;
    current_ = std::move(*descriptor);
    handlers_.onFrame(kPeer, frame);
    if (*self != nullptr) current_.reset();
  }
  void close() {
    if (!std::exchange(closed_, true)) tellEnd(outgoing_, other_);
  }
  void tellEnd(const std::shared_ptr<Lane>& lane, const std::shared_ptr<SimulatedChannel*>& whom) {
    lane->postAfter(kernel_.upTo(kLongestLocalDelay), [whom] {
      SimulatedChannel* const to = *whom;
      if (to == nullptr || std::exchange(to->ended_, true)) return;
      to->closed_ = true;
      if (to->handlers_.onDisconnect) to->handlers_.onDisconnect(kPeer);
    });
  }

  Kernel& kernel_;
  const ProcessRef process_;
  const std::shared_ptr<Lane> incoming_;
  std::shared_ptr<SimulatedChannel*> self_, other_;
  std::shared_ptr<Lane> outgoing_;
  Handlers handlers_;
  OwnedFd current_;
  std::vector<std::function<void()>> unread_;
  bool closed_ = false;
  bool ended_ = false;  // was told that the channel has ended
};

}  // namespace

std::pair<std::unique_ptr<control::LocalChannel>, std::unique_ptr<control::LocalChannel>>
makeLocalChannels(Kernel& kernel, const ProcessRef& supervisor, const ProcessRef& worker) {
  auto first = std::make_unique<SimulatedChannel>(kernel, supervisor);
  auto second = std::make_unique<SimulatedChannel>(kernel, worker);
  auto ofFirst = std::make_shared<SimulatedChannel*>(first.get());
  auto ofSecond = std::make_shared<SimulatedChannel*>(second.get());
  first->pairWith(ofFirst, ofSecond, second->incoming());
  second->pairWith(ofSecond, ofFirst, first->incoming());
  return {std::move(first), std::move(second)};
}

}  // namespace flink::simulation
