#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cluster/control/local_channel.h"
#include "core/base/message_transport.h"
#include "tests/simulation/kernel.h"

namespace flink::simulation {

/// How a network behaves.
struct NetworkFaults {
  Duration longestDelay = std::chrono::microseconds(500);
  double repeatFrame = 0;      ///< probability that a frame comes twice
  double breakConnection = 0;  ///< probability, per frame, that its connection breaks and loses it
  Duration reconnect = std::chrono::milliseconds(5);  ///< longest time until it is there again
};

class SimulatedMessageTransport;

/// Carries the control plane's frames between simulated processes: in order per direction of a
/// connection, in any order across connections; a broken connection loses what is under way and
/// comes back under the same names. Thread: the simulation's. Lifetime: outlives its transports.
class MessageNetwork {
 public:
  MessageNetwork(Kernel& kernel, const NetworkFaults& faults) : kernel_(kernel), faults_(faults) {}

  /// `identity` names the process towards those it connects to.
  std::unique_ptr<MessageTransport> makeTransport(const ProcessRef& process, std::string identity);
  /// Frames between two hosts get lost without anybody noticing, until heal().
  void partition(int host, int other) { partitions_.insert_or_assign(pairOf(host, other), true); }
  void heal() { partitions_.clear(); }
  /// Every connection of a process that ended breaks.
  void processEnded(const Process& process);

 private:
  friend class SimulatedMessageTransport;
  /// A client's connection to a server; the lanes live as long as the connection stands.
  struct Connection {
    std::shared_ptr<Lane> toServer, toClient;
    MonotonicTime notBefore{};
    bool broken = false;
  };
  using Key = std::pair<std::string, std::string>;  // client's identity, endpoint

  static std::pair<int, int> pairOf(int a, int b) { return {std::min(a, b), std::max(a, b)}; }
  Status send(SimulatedMessageTransport& from, const std::string& peer, Bytes frame);
  std::shared_ptr<Connection> connect(const Key& key);
  void sendWaiting();
  void breakConnection(const Key& key);
  void carry(const std::shared_ptr<Lane>& lane, std::weak_ptr<Connection> connection,
             const std::string& receiver, const std::string& sender, const Bytes& frame);

  Kernel& kernel_;
  const NetworkFaults faults_;
  std::map<std::string, SimulatedMessageTransport*> transports_;  // by identity
  std::map<std::string, std::string> servers_;                    // endpoint → identity
  std::map<Key, std::shared_ptr<Connection>> connections_;
  std::map<Key, std::vector<Bytes>> waiting_;  // for servers that are not there yet
  std::map<std::pair<int, int>, bool> partitions_;
  int nextPort_ = 30'000;
};

/// The two ends of a channel between a supervisor and its worker: never loses anything, and ends
/// when one of both does.
std::pair<std::unique_ptr<control::LocalChannel>, std::unique_ptr<control::LocalChannel>>
makeLocalChannels(Kernel& kernel, const ProcessRef& supervisor, const ProcessRef& worker);

}  // namespace flink::simulation
