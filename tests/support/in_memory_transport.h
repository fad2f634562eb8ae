#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error_codes.h"
#include "core/base/executor.h"
#include "core/base/message_transport.h"

namespace flink::testing {

/// Connects transports of one test inside its process: frames arrive in order, one turn of the loop
/// later. A server knows its peers by their identity, a client knows its server by the endpoint it
/// connected to. Thread: one. Lifetime: outlives its transports.
class InMemoryNetwork {
 public:
  explicit InMemoryNetwork(EventLoop& loop) : loop_(loop) {}

  std::unique_ptr<MessageTransport> makeTransport(std::string identity) {
    return std::make_unique<Transport>(*this, std::move(identity));
  }
  /// Breaks all connections of a transport, as when its process ends; both sides notice.
  void cut(const std::string& identity) {
    for (const auto& [client, server] : std::set(connections_)) {
      if (client == identity || server == identity) disconnect(client, server);
    }
  }
  /// Frames from `identity` get lost without anybody noticing, as when its process is stopped.
  void mute(const std::string& identity) { muted_.insert(identity); }
  void unmute(const std::string& identity) { muted_.erase(identity); }
  /// Frames to `identity` wait for resume(), as when its process is stopped and continued.
  void stall(const std::string& identity) { stalled_.try_emplace(identity); }
  void resume(const std::string& identity) {
    const auto found = stalled_.find(identity);
    if (found == stalled_.end()) return;
    for (auto& arrive : found->second) loop_.post(std::move(arrive));
    stalled_.erase(found);
  }

 private:
  class Transport final : public MessageTransport {
   public:
    Transport(InMemoryNetwork& network, std::string identity)
        : network_(network), identity_(std::move(identity)) {
      network_.transports_[identity_] = this;
    }
    ~Transport() override { stop(); }
    void setHandlers(Handlers handlers) override { handlers_ = std::move(handlers); }
    Result<int> bind(const std::string& endpoint) override {
      network_.servers_[endpoint] = identity_;
      return std::stoi(endpoint.substr(endpoint.rfind(':') + 1));
    }
    Result<PeerId> connect(const std::string& endpoint) override {
      endpoint_ = endpoint;
      return PeerId(endpoint);
    }
    void disconnect(const PeerId& peer) override {
      network_.disconnect(identity_, network_.serverAt(peer));
    }
    Status send(const PeerId& peer, Bytes frame) override {
      return network_.send(identity_, peer, std::move(frame));
    }
    void stop() override {
      if (network_.transports_.erase(identity_) != 0) network_.cut(identity_);
    }

   private:
    friend class InMemoryNetwork;
    InMemoryNetwork& network_;
    const std::string identity_;
    std::string endpoint_;
    Handlers handlers_;
  };

  [[nodiscard]] std::string serverAt(const std::string& endpoint) const {
    const auto found = servers_.find(endpoint);
    return found == servers_.end() ? std::string() : found->second;
  }

  Status send(const std::string& from, const std::string& peer, Bytes frame) {
    std::string to = serverAt(peer);
    std::string name = from;
    if (to.empty()) {  // a server answers one of its clients
      to = peer;
      if (!connections_.contains({to, from}))
        return {ErrorCode::kUnavailable, "no such peer: " + peer};
      name = transports_.at(to)->endpoint_;
    } else {
      connections_.insert({from, to});
    }
    if (muted_.contains(from) || muted_.contains(to)) return Status::ok();
    auto arrive = [this, to, name, frame = std::move(frame)] {
      const auto found = transports_.find(to);
      if (found != transports_.end() && found->second->handlers_.onFrame)
        found->second->handlers_.onFrame(name, frame);
    };
    if (const auto stalled = stalled_.find(to); stalled != stalled_.end()) {
      stalled->second.emplace_back(std::move(arrive));
    } else {
      loop_.post(std::move(arrive));
    }
    return Status::ok();
  }

  void disconnect(const std::string& client, const std::string& server) {
    if (connections_.erase({client, server}) == 0) return;
    const auto found = transports_.find(client);
    if (found != transports_.end()) tell(client, found->second->endpoint_);
    tell(server, client);
  }
  void tell(const std::string& whom, const std::string& peer) {
    loop_.post([this, whom, peer] {
      const auto found = transports_.find(whom);
      if (found != transports_.end() && found->second->handlers_.onDisconnect)
        found->second->handlers_.onDisconnect(peer);
    });
  }

  EventLoop& loop_;
  std::map<std::string, Transport*> transports_;
  std::map<std::string, std::string> servers_;                 // endpoint → identity
  std::set<std::pair<std::string, std::string>> connections_;  // client, server
  std::set<std::string> muted_;
  std::map<std::string, std::vector<std::function<void()>>> stalled_;
};

}  // namespace flink::testing
