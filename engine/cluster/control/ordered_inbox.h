#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "cluster/protocol/codec.h"
#include "core/base/message_transport.h"

namespace flink::control {

/// Puts the requests of ordered streams back into order and tells repeated ones: the receiving half
/// of OrderedCalls. A stream begins with its first request that comes, whatever its number, as long
/// as its sender has no answer yet; it is over when its peer is lost.
/// Thread: the owner's.
class OrderedInbox {
 public:
  using PeerId = MessageTransport::PeerId;

  /// Requests of one stream that may be without an answer at a time.
  static constexpr std::uint64_t kWindow = 256;

  /// What follows from a request that came. Nothing of it: it is too early or too late.
  struct Arrival {
    std::vector<protocol::Envelope> run;       ///< to be run now, in this order
    std::optional<protocol::Envelope> answer;  ///< it ran before, and this was its answer
    bool stale = false;                        ///< its stream is not known (any more)
  };
  [[nodiscard]] Arrival arrive(const PeerId& peer, protocol::Envelope request);
  /// Keeps the answer to a request that ran, and gives it the request id that its sender used last.
  void answered(const PeerId& peer, protocol::Envelope& answer);
  void forget(const PeerId& peer);

 private:
  /// Streams per peer; the one that was silent for longest goes first.
  static constexpr std::size_t kMaxStreams = 64;
  /// Bodies that wait for an earlier request; more are dropped and come again.
  static constexpr std::size_t kMaxEarlyBytes = 64U << 20;

  struct Taken {
    std::uint64_t requestId = 0;
    std::optional<protocol::Envelope> answer;
  };
  struct Stream {
    std::uint64_t base = 1;                             ///< below it the sender has every answer
    std::uint64_t next = 1;                             ///< the first that has not run
    std::map<std::uint64_t, protocol::Envelope> early;  ///< by sequence, all above `next`
    std::size_t earlyBytes = 0;
    std::map<std::uint64_t, Taken> taken;  ///< ran; the sender may still ask for the answer
    std::uint64_t lastUse = 0;
  };
  using Streams = std::map<std::uint64_t, Stream>;

  static void takeReady(Stream& stream, Arrival& arrival);
  static void keepEarly(Stream& stream, protocol::Envelope request);
  static void makeRoom(Streams& streams);

  std::map<PeerId, Streams> peers_;
  std::uint64_t uses_ = 0;
};

}  // namespace flink::control
