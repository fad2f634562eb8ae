#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"

/// Private to this module: ZeroMQ's contexts, sockets and messages with ownership, without its
/// header.
namespace flink::control {

/// Owns a ZeroMQ context. Lifetime: outlives its sockets.
class ZmqContext {
 public:
  ZmqContext();
  ~ZmqContext();
  ZmqContext(const ZmqContext&) = delete;
  ZmqContext& operator=(const ZmqContext&) = delete;
  [[nodiscard]] void* get() const { return context_; }

 private:
  void* context_;
};

enum class SendOutcome { kSent, kFull, kUnreachable };

struct ReceivedMessage {
  Bytes identity;  ///< ROUTER only
  Bytes body;
  int sourceFd = -1;
};

/// What a monitor reports about connections.
enum class ConnectionEvent { kConnected, kAccepted, kConnectFailed, kDisconnected, kOther };

/// Owns a ZeroMQ socket set up for this product: linger, high-water marks, heartbeats, keepalive,
/// frame limit. Thread: one.
class ZmqSocket {
 public:
  enum class Kind { kRouter, kDealer, kXpub, kSub, kMonitor };
  ZmqSocket(ZmqContext& context, Kind kind, const std::string& identity = {});
  ZmqSocket(ZmqSocket&& other) noexcept;
  ZmqSocket& operator=(ZmqSocket&& other) noexcept;
  ~ZmqSocket();

  /// Binds to loopback and returns the port. Errors: kPortInUse, kBindRefused, kInvalidArgument.
  Result<int> bind(const std::string& endpoint);
  /// Errors: kInvalidArgument.
  Status connect(const std::string& endpoint);
  /// `identity` is empty except for a ROUTER.
  SendOutcome send(const Bytes& identity, Bytes frame);
  /// Closing does not wait for frames that are still here.
  void discardUnsentAtClose();
  /// True when send() of a DEALER would find room.
  [[nodiscard]] bool canSend();
  /// nullopt: nothing there.
  std::optional<ReceivedMessage> receive();
  /// A socket that reports this one's connections.
  ZmqSocket monitor(ZmqContext& context, const std::string& name);
  /// REQUIRES: a monitor. `fd` is that of the connection.
  std::optional<ConnectionEvent> receiveEvent(int& fd);
  [[nodiscard]] void* get() const { return socket_; }

 private:
  void set(int option, int value);
  void allowIpv6(const std::string& host);
  void* socket_ = nullptr;
};

/// What to wait for: a socket, or a descriptor of the system.
struct PollItem {
  ZmqSocket* socket = nullptr;
  int fd = -1;
  bool wantWrite = false;  ///< besides reading
  bool ready = false;      ///< set by pollSockets
};
/// Waits until an item is ready or `timeoutMs` passed (-1: no limit); false when a signal or
/// nothing came.
bool pollSockets(std::span<PollItem> items, std::int64_t timeoutMs);

/// Splits host:port; `localhost` becomes 127.0.0.1. Errors: kInvalidArgument.
Result<std::pair<std::string, int>> parseEndpoint(const std::string& endpoint);

}  // namespace flink::control
