#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace flink {

/// The seam under the control plane: whole frames between peers. Frames may be lost, delayed or
/// repeated by a reconnect; never torn. Real: ZeroMQ (cluster/control). Simulated: tests/simulator.
/// Thread: send from any thread; handlers are called on the transport's own thread and must only
/// hand over.
class MessageTransport {
 public:
  /// Names one peer for the lifetime of the transport (ZeroMQ: routing id).
  using PeerId = std::string;
  struct Handlers {
    std::function<void(const PeerId&, Bytes frame)> onFrame;
    /// The connection to a peer broke or closed; it may come back under the same id.
    std::function<void(const PeerId&)> onDisconnect;
  };
  virtual ~MessageTransport() = default;
  /// REQUIRES: called once, before bind or connect.
  virtual void setHandlers(Handlers handlers) = 0;
  /// `endpoint` is host:port or host:0; returns the bound port. Errors: kPortInUse (with the
  /// owner), kBindRefused.
  virtual Result<int> bind(const std::string& endpoint) = 0;
  /// Connects (and reconnects with back-off) to a bound endpoint; returns the peer's id for send().
  virtual Result<PeerId> connect(const std::string& endpoint) = 0;
  virtual void disconnect(const PeerId& peer) = 0;
  /// Errors: kUnavailable when the peer is unknown or its queue is full (high-water mark),
  /// kLimitExceeded.
  virtual Status send(const PeerId& peer, Bytes frame) = 0;
  virtual void stop() = 0;
};

}  // namespace flink
