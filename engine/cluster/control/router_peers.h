#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/message_transport.h"

namespace flink::control {

/// Joins what ZeroMQ tells apart: frames come with a peer's name, ends of connections with a
/// descriptor, which the next connection may have again. The monitor's events have to be told in
/// their order, and before a frame all that are there: ZeroMQ reports a connection before its
/// frames, and its end before the descriptor is free. Thread: one.
class RouterPeers {
 public:
  using PeerId = MessageTransport::PeerId;

  void accepted(int fd);
  void ended(int fd);
  /// A frame of `peer` came over `fd`.
  void frame(const PeerId& peer, int fd);
  /// The peer is gone whatever the monitor will say.
  void forget(const PeerId& peer);
  /// Peers whose connection has ended, each once. Call when all frames were read: what a peer sent
  /// last comes before its end.
  std::vector<PeerId> takeLost();

 private:
  /// One connection: the n-th that had this descriptor.
  struct Connection {
    int fd = -1;
    std::uint64_t number = 0;
    bool operator==(const Connection&) const = default;
  };
  struct Descriptor {
    std::uint64_t number = 0;
    bool open = true;
    /// Who sent frames over it. One peer, unless a frame of an earlier connection was read late.
    std::vector<PeerId> peers;
    /// The peer was known by an earlier connection: it came back, or that was a late frame.
    bool guessed = false;
  };

  void end(int fd, Descriptor& descriptor);

  std::map<int, Descriptor> descriptors_;
  std::unordered_map<PeerId, Connection> connectionOf_;
  std::vector<std::pair<PeerId, Connection>> lost_;
};

}  // namespace flink::control
