#include "cluster/control/local_channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <deque>
#include <thread>

#include <fmt/format.h>

#include "cluster/control/probe.h"
#include "cluster/protocol/codec.h"
#include "core/base/error_codes.h"
#include "core/base/mutex.h"

namespace flink::control {
namespace {

/// Frame head: little-endian length; the top bit says that a descriptor belongs to the frame.
constexpr std::size_t kHeadBytes = 4;
constexpr std::uint32_t kDescriptorBit = 1U << 31;
constexpr std::size_t kMaxWaitingDescriptors = 16;
constexpr std::size_t kReadBytes = 64U << 10;
/// Unsent bytes of a channel; more give kUnavailable. Room for one frame of full size and much
/// besides.
constexpr std::size_t kMaxQueuedBytes = 2 * protocol::kMaxFrameBytes;

std::uint32_t headOf(const char* bytes) {
  std::uint32_t head = 0;
  for (int i = 3; i >= 0; --i) head = head << 8 | static_cast<std::uint8_t>(bytes[i]);
  return head;
}

Bytes withHead(Bytes frame, bool descriptor) {
  std::uint32_t head = static_cast<std::uint32_t>(frame.size()) | (descriptor ? kDescriptorBit : 0);
  std::array<char, kHeadBytes> bytes;
  for (char& byte : bytes) {
    byte = static_cast<char>(head & 0xff);
    head >>= 8;
  }
  frame.insert(0, bytes.data(), bytes.size());
  return frame;
}

/// Sends a part of `bytes`; the descriptor, if any, goes with its first byte.
ssize_t sendPart(int socket, std::string_view bytes, int descriptor) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  if (descriptor >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
  }
  return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

class SocketLocalChannel final : public LocalChannel {
 public:
  explicit SocketLocalChannel(OwnedFd socket)
      : socket_(std::move(socket)), wakeUp_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    FLINK_CHECK(wakeUp_.valid(), "no descriptor left for a local channel");
  }
  ~SocketLocalChannel() override { stop(); }

  void setHandlers(Handlers handlers) override {
    FLINK_CHECK(!reader_.joinable(), "a local channel gets its handlers once");
    handlers_ = std::move(handlers);
    reader_ = std::thread([this] { run(); });
  }
  Result<int> bind(const std::string&) override {
    return {ErrorCode::kUnsupported, "a local channel has no port"};
  }
  Result<PeerId> connect(const std::string&) override {
    return {ErrorCode::kUnsupported, "a local channel has only the peer that it was made with"};
  }
  void disconnect(const PeerId&) override { shutdown(socket_.get(), SHUT_RDWR); }
  Status send(const PeerId& peer, Bytes frame) override {
    if (peer != kPeer) return {ErrorCode::kUnavailable, fmt::format("unknown peer: {}", peer)};
    return enqueue(std::move(frame), {});
  }
  Status sendWithDescriptor(Bytes frame, OwnedFd descriptor) override {
    return enqueue(std::move(frame), std::move(descriptor));
  }
  OwnedFd takeDescriptor() override { return std::move(current_); }
  void stop() override;

 private:
  struct Unsent {
    Bytes bytes;
    std::size_t sent = 0;
    OwnedFd descriptor;
  };

  Status enqueue(Bytes frame, OwnedFd descriptor);
  /// Writes what the socket takes; false when the peer is gone.
  bool flush() FLINK_REQUIRES(mutex_);
  void run();
  /// False at the end of the connection.
  bool receive();
  bool deliverFrames();

  const OwnedFd socket_;
  const OwnedFd wakeUp_;
  Handlers handlers_;
  std::thread reader_;
  std::atomic<bool> stopping_{false};

  Mutex mutex_;
  std::deque<Unsent> unsent_ FLINK_GUARDED_BY(mutex_);
  std::size_t unsentBytes_ FLINK_GUARDED_BY(mutex_) = 0;
  bool closed_ FLINK_GUARDED_BY(mutex_) = false;

  // Owned by the reader thread.
  Bytes received_;
  std::deque<OwnedFd> descriptors_;
  OwnedFd current_;
};

Status SocketLocalChannel::enqueue(Bytes frame, OwnedFd descriptor) {
  if (frame.size() > protocol::kMaxFrameBytes) {
    return {ErrorCode::kLimitExceeded, fmt::format("frame too large: size={} limit={}",
                                                   frame.size(), protocol::kMaxFrameBytes)};
  }
  MutexLock lock(mutex_);
  if (closed_) return {ErrorCode::kUnavailable, "local channel closed"};
  if (unsentBytes_ > kMaxQueuedBytes) {
    return {ErrorCode::kUnavailable,
            fmt::format("local channel full: unsentBytes={}", unsentBytes_)};
  }
  const bool first = unsent_.empty();
  const bool carries = descriptor.valid();
  unsent_.push_back({withHead(std::move(frame), carries), 0, std::move(descriptor)});
  unsentBytes_ += unsent_.back().bytes.size();
  if (first && flush() && !unsent_.empty()) {
    const std::uint64_t one = 1;  // the reader thread writes the rest
    if (write(wakeUp_.get(), &one, sizeof one) < 0)
      FLINK_DEBUG(kTransportLog, "wake-up pending already");
  }
  return Status::ok();
}

bool SocketLocalChannel::flush() {
  while (!unsent_.empty()) {
    Unsent& next = unsent_.front();
    const ssize_t n = sendPart(socket_.get(), std::string_view(next.bytes).substr(next.sent),
                               next.descriptor.get());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    if (n < 0) {
      closed_ = true;
      unsent_.clear();
      unsentBytes_ = 0;
      return false;
    }
    next.descriptor.reset();
    next.sent += static_cast<std::size_t>(n);
    if (next.sent < next.bytes.size()) continue;
    unsentBytes_ -= next.bytes.size();
    unsent_.pop_front();
  }
  return true;
}

void SocketLocalChannel::run() {
  bool open = true;
  while (open && !stopping_.load()) {
    bool wantWrite = false;
    {
      MutexLock lock(mutex_);
      wantWrite = !unsent_.empty();
    }
    std::array<pollfd, 2> polled{
        {{socket_.get(), static_cast<short>(POLLIN | (wantWrite ? POLLOUT : 0)), 0},
         {wakeUp_.get(), POLLIN, 0}}};
    if (poll(polled.data(), polled.size(), -1) < 0) continue;  // EINTR
    if ((polled[1].revents & POLLIN) != 0) {
      std::uint64_t count = 0;
      if (read(wakeUp_.get(), &count, sizeof count) < 0) continue;
    }
    if ((polled[0].revents & POLLOUT) != 0) {
      MutexLock lock(mutex_);
      flush();
    }
    if ((polled[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) open = receive();
  }
  {
    MutexLock lock(mutex_);
    closed_ = true;
  }
  if (!stopping_.load() && handlers_.onDisconnect) handlers_.onDisconnect(kPeer);
}

bool SocketLocalChannel::receive() {
  const std::size_t before = received_.size();
  received_.resize(before + kReadBytes);
  iovec part{received_.data() + before, kReadBytes};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t n = recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  received_.resize(before + (n > 0 ? static_cast<std::size_t>(n) : 0));
  if (n == 0) return false;
  if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr;
       head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(head), sizeof descriptor);
    descriptors_.emplace_back(descriptor);
  }
  if (descriptors_.size() > kMaxWaitingDescriptors) {
    FLINK_WARN(kTransportLog, "local channel broken: descriptors without frames={}",
               descriptors_.size());
    return false;
  }
  return deliverFrames();
}

bool SocketLocalChannel::deliverFrames() {
  std::size_t position = 0;
  while (received_.size() - position >= kHeadBytes) {
    const std::uint32_t head = headOf(received_.data() + position);
    const std::size_t size = head & ~kDescriptorBit;
    const bool carries = (head & kDescriptorBit) != 0;
    if (size > protocol::kMaxFrameBytes || (carries && descriptors_.empty())) {
      FLINK_WARN(kTransportLog, "local channel broken: frameBytes={} limit={} descriptors={}", size,
                 protocol::kMaxFrameBytes, descriptors_.size());
      return false;
    }
    if (received_.size() - position - kHeadBytes < size) break;
    if (carries) {
      current_ = std::move(descriptors_.front());
      descriptors_.pop_front();
    }
    handlers_.onFrame(kPeer, received_.substr(position + kHeadBytes, size));
    current_.reset();
    position += kHeadBytes + size;
  }
  received_.erase(0, position);
  if (received_.empty() && received_.capacity() > 4 * kReadBytes) received_.shrink_to_fit();
  return true;
}

void SocketLocalChannel::stop() {
  if (stopping_.exchange(true)) return;
  shutdown(socket_.get(), SHUT_RDWR);
  const std::uint64_t one = 1;
  if (write(wakeUp_.get(), &one, sizeof one) < 0)
    FLINK_DEBUG(kTransportLog, "wake-up pending already");
  if (reader_.joinable()) reader_.join();
  MutexLock lock(mutex_);
  closed_ = true;
}

}  // namespace

Result<std::pair<std::unique_ptr<LocalChannel>, OwnedFd>> makeLocalChannelPair() {
  std::array<int, 2> sockets{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0) {
    return {ErrorCode::kUnavailable, fmt::format("no socket pair: {}", std::strerror(errno))};
  }
  std::unique_ptr<LocalChannel> channel = std::make_unique<SocketLocalChannel>(OwnedFd(sockets[0]));
  return std::pair{std::move(channel), OwnedFd(sockets[1])};
}

std::unique_ptr<LocalChannel> adoptLocalChannel(OwnedFd socket) {
  // Came through exec; what this process starts must not inherit it again.
  fcntl(socket.get(), F_SETFD, FD_CLOEXEC);
  return std::make_unique<SocketLocalChannel>(std::move(socket));
}

}  // namespace flink::control
