#include "cluster/control/zmq_socket.h"

#include <zmq.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cluster/control/port_owner.h"
#include "cluster/protocol/codec.h"
#include "core/base/error_codes.h"

namespace flink::control {
namespace {

constexpr int kLingerMs = 200;
/// Frames queued per peer before a send fails or an arriving connection is held back.
constexpr int kHighWaterMark = 10'000;
/// Only finds connections whose other end vanished without a word; the life of processes is judged
/// by heartbeat.* above.
constexpr int kHeartbeatMs = 10'000;
constexpr int kHeartbeatTimeoutMs = 60'000;
constexpr int kReconnectMs = 10;
constexpr int kReconnectMaxMs = 1'000;
/// Larger frames are handed to ZeroMQ without a copy.
constexpr std::size_t kCopyBytes = 4096;

void freeFrame(void*, void* frame) {
  delete static_cast<Bytes*>(frame);
}

/// Owns a zmq_msg_t.
class Message {
 public:
  Message() { zmq_msg_init(&message_); }
  explicit Message(Bytes bytes) {
    if (bytes.size() <= kCopyBytes) {
      const int rc = zmq_msg_init_size(&message_, bytes.size());
      FLINK_CHECK(rc == 0, "no memory for a small frame");
      std::memcpy(zmq_msg_data(&message_), bytes.data(), bytes.size());
    } else {
      auto* owned = new Bytes(std::move(bytes));
      zmq_msg_init_data(&message_, owned->data(), owned->size(), freeFrame, owned);
    }
  }
  ~Message() { zmq_msg_close(&message_); }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  zmq_msg_t* get() { return &message_; }
  [[nodiscard]] Bytes bytes() {
    return {static_cast<const char*>(zmq_msg_data(&message_)), zmq_msg_size(&message_)};
  }
  [[nodiscard]] bool more() { return zmq_msg_more(&message_) != 0; }
  [[nodiscard]] int sourceFd() { return zmq_msg_get(&message_, ZMQ_SRCFD); }

 private:
  zmq_msg_t message_;
};

bool isLoopback(const std::string& host) {
  return host.starts_with("127.") || host == "::1" || host == "[::1]";
}

std::string tcpUrl(const std::string& host, int port) {
  const bool v6 = host.find(':') != std::string::npos && host.front() != '[';
  return fmt::format(fmt::runtime(v6 ? "tcp://[{}]:{}" : "tcp://{}:{}"), host, port);
}

}  // namespace

ZmqContext::ZmqContext() : context_(zmq_ctx_new()) {
  FLINK_CHECK(context_ != nullptr, "no ZeroMQ context: out of descriptors?");
}

ZmqContext::~ZmqContext() {
  while (zmq_ctx_term(context_) != 0 && errno == EINTR) {
  }
}

ZmqSocket::ZmqSocket(ZmqContext& context, Kind kind, const std::string& identity) {
  static constexpr std::array kTypes = {ZMQ_ROUTER, ZMQ_DEALER, ZMQ_XPUB, ZMQ_SUB, ZMQ_PAIR};
  socket_ = zmq_socket(context.get(), kTypes[static_cast<std::size_t>(kind)]);
  FLINK_CHECK(socket_ != nullptr, fmt::format("no ZeroMQ socket: {}", zmq_strerror(errno)));
  set(ZMQ_LINGER, kind == Kind::kMonitor ? 0 : kLingerMs);
  if (kind == Kind::kMonitor) return;
  set(ZMQ_SNDHWM, kHighWaterMark);
  set(ZMQ_RCVHWM, kHighWaterMark);
  set(ZMQ_HEARTBEAT_IVL, kHeartbeatMs);
  set(ZMQ_HEARTBEAT_TIMEOUT, kHeartbeatTimeoutMs);
  set(ZMQ_RECONNECT_IVL, kReconnectMs);
  set(ZMQ_RECONNECT_IVL_MAX, kReconnectMaxMs);
  set(ZMQ_TCP_KEEPALIVE, 1);
  set(ZMQ_TCP_KEEPALIVE_IDLE, 60);
  const auto limit = static_cast<std::int64_t>(protocol::kMaxFrameBytes);
  zmq_setsockopt(socket_, ZMQ_MAXMSGSIZE, &limit, sizeof limit);
  if (!identity.empty()) zmq_setsockopt(socket_, ZMQ_ROUTING_ID, identity.data(), identity.size());
  if (kind == Kind::kRouter) {
    set(ZMQ_ROUTER_MANDATORY, 1);  // a send to an unknown peer is an error
    set(ZMQ_ROUTER_HANDOVER, 1);   // a peer that connects again takes its name along
  }
  if (kind == Kind::kXpub) set(ZMQ_XPUB_VERBOSE, 1);  // shows every subscription
  if (kind == Kind::kSub) zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, "", 0);
}

ZmqSocket::ZmqSocket(ZmqSocket&& other) noexcept : socket_(std::exchange(other.socket_, nullptr)) {}

ZmqSocket& ZmqSocket::operator=(ZmqSocket&& other) noexcept {
  std::swap(socket_, other.socket_);
  return *this;
}

ZmqSocket::~ZmqSocket() {
  if (socket_ != nullptr) zmq_close(socket_);
}

void ZmqSocket::set(int option, int value) {
  const int rc = zmq_setsockopt(socket_, option, &value, sizeof value);
  FLINK_CHECK(rc == 0, fmt::format("ZeroMQ refuses an option: option={} value={}", option, value));
}

void ZmqSocket::allowIpv6(const std::string& host) {
  if (host.find(':') != std::string::npos) set(ZMQ_IPV6, 1);
}

Result<int> ZmqSocket::bind(const std::string& endpoint) {
  FLINK_ASSIGN_OR_RETURN(const auto address, parseEndpoint(endpoint));
  const auto& [host, port] = address;
  if (!isLoopback(host)) {
    return {ErrorCode::kBindRefused,
            fmt::format("control port would leave loopback: endpoint={}", endpoint)};
  }
  allowIpv6(host);
  if (zmq_bind(socket_, tcpUrl(host, port).c_str()) != 0) {
    if (errno == EADDRINUSE) {
      return {ErrorCode::kPortInUse,
              fmt::format("port in use: port={} owner={}", port, portOwner(port))};
    }
    return {ErrorCode::kInvalidArgument,
            fmt::format("cannot listen: endpoint={} reason={}", endpoint, zmq_strerror(errno))};
  }
  std::array<char, 128> bound{};
  std::size_t size = bound.size();
  zmq_getsockopt(socket_, ZMQ_LAST_ENDPOINT, bound.data(), &size);
  const std::string url(bound.data());
  int boundPort = 0;
  const std::size_t colon = url.rfind(':');
  std::from_chars(url.data() + colon + 1, url.data() + url.size(), boundPort);
  return boundPort;
}

Status ZmqSocket::connect(const std::string& endpoint) {
  FLINK_ASSIGN_OR_RETURN(const auto address, parseEndpoint(endpoint));
  allowIpv6(address.first);
  if (zmq_connect(socket_, tcpUrl(address.first, address.second).c_str()) != 0) {
    return {ErrorCode::kInvalidArgument,
            fmt::format("cannot connect: endpoint={} reason={}", endpoint, zmq_strerror(errno))};
  }
  return Status::ok();
}

SendOutcome ZmqSocket::send(const Bytes& identity, Bytes frame) {
  if (!identity.empty()) {
    const auto n = zmq_send(socket_, identity.data(), identity.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    if (n < 0) return errno == EAGAIN ? SendOutcome::kFull : SendOutcome::kUnreachable;
  }
  Message message(std::move(frame));
  if (zmq_msg_send(message.get(), socket_, ZMQ_DONTWAIT) >= 0) return SendOutcome::kSent;
  return errno == EAGAIN ? SendOutcome::kFull : SendOutcome::kUnreachable;
}

void ZmqSocket::discardUnsentAtClose() {
  set(ZMQ_LINGER, 0);
}

bool ZmqSocket::canSend() {
  int events = 0;
  std::size_t size = sizeof events;
  return zmq_getsockopt(socket_, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLOUT) != 0;
}

std::optional<ReceivedMessage> ZmqSocket::receive() {
  ReceivedMessage received;
  Message first;
  if (zmq_msg_recv(first.get(), socket_, ZMQ_DONTWAIT) < 0) return std::nullopt;
  received.body = first.bytes();
  bool more = first.more();
  for (int part = 1; more;
       ++part) {  // a ROUTER's frames have two parts; whatever follows is not ours
    Message next;
    if (zmq_msg_recv(next.get(), socket_, ZMQ_DONTWAIT) < 0) break;
    more = next.more();
    if (part > 1) continue;
    received.identity = std::exchange(received.body, next.bytes());
    received.sourceFd = next.sourceFd();  // ZeroMQ does not always tell it with the identity
  }
  return received;
}

ZmqSocket ZmqSocket::monitor(ZmqContext& context, const std::string& name) {
  const std::string url = "inproc://" + name;
  zmq_socket_monitor(socket_, url.c_str(),
                     ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_ACCEPTED |
                         ZMQ_EVENT_DISCONNECTED);
  ZmqSocket monitor(context, Kind::kMonitor);
  const int rc = zmq_connect(monitor.socket_, url.c_str());
  FLINK_CHECK(rc == 0, "a monitor cannot be reached");
  return monitor;
}

std::optional<ConnectionEvent> ZmqSocket::receiveEvent(int& fd) {
  Message head;
  if (zmq_msg_recv(head.get(), socket_, ZMQ_DONTWAIT) < 0) return std::nullopt;
  const Bytes bytes = head.bytes();
  if (head.more()) {
    Message endpoint;
    zmq_msg_recv(endpoint.get(), socket_, 0);
  }
  std::uint16_t event = 0;
  std::uint32_t value = 0;
  if (bytes.size() != sizeof event + sizeof value) return ConnectionEvent::kOther;
  std::memcpy(&event, bytes.data(), sizeof event);
  std::memcpy(&value, bytes.data() + sizeof event, sizeof value);
  fd = static_cast<int>(value);
  switch (event) {
    case ZMQ_EVENT_CONNECTED:
      return ConnectionEvent::kConnected;
    case ZMQ_EVENT_ACCEPTED:
      return ConnectionEvent::kAccepted;
    case ZMQ_EVENT_CONNECT_RETRIED:
      return ConnectionEvent::kConnectFailed;
    case ZMQ_EVENT_DISCONNECTED:
      return ConnectionEvent::kDisconnected;
    default:
      return ConnectionEvent::kOther;
  }
}

bool pollSockets(std::span<PollItem> items, std::int64_t timeoutMs) {
  std::vector<zmq_pollitem_t> polled;
  polled.reserve(items.size());
  for (const PollItem& item : items) {
    const int events = ZMQ_POLLIN | (item.wantWrite ? ZMQ_POLLOUT : 0);
    polled.push_back({item.socket != nullptr ? item.socket->get() : nullptr, item.fd,
                      static_cast<short>(events), 0});
  }
  if (zmq_poll(polled.data(), static_cast<int>(polled.size()), static_cast<long>(timeoutMs)) <= 0)
    return false;
  for (std::size_t i = 0; i < items.size(); ++i) items[i].ready = polled[i].revents != 0;
  return true;
}

Result<std::pair<std::string, int>> parseEndpoint(const std::string& endpoint) {
  const std::size_t colon = endpoint.rfind(':');
  int port = -1;
  const char* end = endpoint.data() + endpoint.size();
  if (colon == std::string::npos || colon == 0 ||
      std::from_chars(endpoint.data() + colon + 1, end, port).ptr != end || port < 0 ||
      port > 65535) {
    return {ErrorCode::kInvalidArgument, fmt::format("not host:port: {}", endpoint)};
  }
  std::string host = endpoint.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  return std::pair{std::move(host), port};
}

}  // namespace flink::control
