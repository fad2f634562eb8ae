#include "connectors/socket/socket_text_source.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/error_codes.h"
#include "dataflow/operators/operator_failure.h"

namespace flink::connectors {

namespace {

constexpr int kRetryDelayMs = 500;
constexpr int kConnectTimeoutMs = 10'000;
constexpr std::size_t kReadBytes = 64 << 10;
/// A stream without delimiters must not take all memory.
constexpr std::size_t kMaxRecordBytes = 64U << 20;

struct AddressListDelete {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

[[noreturn]] void fail(const std::string& host, std::int32_t port, std::string_view reason) {
  throw operators::OperatorFailure(Status(
      ErrorCode::kConnectionLost,
      fmt::format("the text socket cannot be read: {}: host={} port={}", reason, host, port)));
}

}  // namespace

SocketTextSource::CancelSignal::CancelSignal() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void SocketTextSource::CancelSignal::raise() {
  const std::uint64_t one = 1;
  (void)!::write(event_.get(), &one, sizeof one);
}

SocketTextSource::SocketTextSource(std::string host, std::int32_t port, std::string delimiter,
                                   std::int64_t maxRetries)
    : host_(std::move(host)),
      port_(port),
      delimiter_(std::move(delimiter)),
      maxRetries_(maxRetries) {
  if (delimiter_.empty() || port < 1 || port > 65535) {
    throw operators::OperatorFailure(Status(
        ErrorCode::kInvalidArgument,
        fmt::format("a text socket needs a delimiter and a port in 1..65535: host={} port={}",
                    host_, port)));
  }
}

void SocketTextSource::cancel() {
  cancelled_.raise();
}

void SocketTextSource::run(SourceContext<std::string>& context) {
  for (std::int64_t attempt = 0;; ++attempt) {
    try {
      const OwnedFd connection = connectTo();
      if (!connection.valid() || !readAll(connection.get(), context)) return;  // cancelled
      attempt = 0;  // the connection stood: its end starts the count again
    } catch (const operators::OperatorFailure&) {
      if (maxRetries_ >= 0 && attempt >= maxRetries_) throw;
    }
    if (maxRetries_ >= 0 && attempt >= maxRetries_) break;
    if (waitFor(-1, 0, kRetryDelayMs) == Wait::kCancelled) return;
  }
  if (!pending_.empty()) context.collect(std::exchange(pending_, {}));
}

SocketTextSource::Wait SocketTextSource::waitFor(int socket, short events, int timeoutMs) const {
  pollfd polled[2] = {{cancelled_.descriptor(), POLLIN, 0}, {socket, events, 0}};
  for (;;) {
    const int ready = ::poll(polled, 2, timeoutMs);
    if (ready < 0 && errno == EINTR) continue;
    if (polled[0].revents != 0) return Wait::kCancelled;
    return ready > 0 ? Wait::kReady : Wait::kTimeout;
  }
}

OwnedFd SocketTextSource::connectTo() const {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host_.c_str(), std::to_string(port_).c_str(), &hints, &found);
  if (error != 0) fail(host_, port_, ::gai_strerror(error));
  const std::unique_ptr<addrinfo, AddressListDelete> addresses(found);
  std::string reason = "no address";
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    OwnedFd connection(::socket(address->ai_family,
                                address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                                address->ai_protocol));
    if (!connection.valid()) continue;
    int result =
        ::connect(connection.get(), address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    if (result == EINPROGRESS) {
      const Wait wait = waitFor(connection.get(), POLLOUT, kConnectTimeoutMs);
      if (wait == Wait::kCancelled) return {};
      socklen_t size = sizeof result;
      if (wait == Wait::kTimeout)
        result = ETIMEDOUT;
      else if (::getsockopt(connection.get(), SOL_SOCKET, SO_ERROR, &result, &size) != 0)
        result = errno;
    }
    if (result == 0) return connection;
    reason = std::strerror(result);
  }
  fail(host_, port_, reason);
}

bool SocketTextSource::readAll(int socket, SourceContext<std::string>& context) {
  for (;;) {
    if (waitFor(socket, POLLIN, -1) == Wait::kCancelled) return false;
    const std::size_t before = pending_.size();
    pending_.resize(before + kReadBytes);
    const ssize_t got = ::read(socket, pending_.data() + before, kReadBytes);
    pending_.resize(before + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got == 0) return true;
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR) continue;
      fail(host_, port_, std::strerror(errno));
    }
    emitComplete(before, context);
    if (pending_.size() > kMaxRecordBytes)
      fail(host_, port_, "a record has no delimiter within 64 MiB");
  }
}

void SocketTextSource::emitComplete(std::size_t searched, SourceContext<std::string>& context) {
  std::size_t begin = 0;
  // A delimiter may have begun in what was there before.
  std::size_t from = searched < delimiter_.size() ? 0 : searched - delimiter_.size() + 1;
  for (std::size_t end; (end = pending_.find(delimiter_, from)) != std::string::npos;
       from = begin = end + delimiter_.size()) {
    std::size_t size = end - begin;
    if (delimiter_ == "\n" && size > 0 && pending_[end - 1] == '\r') --size;
    context.collect(pending_.substr(begin, size));
  }
  pending_.erase(0, begin);
}

}  // namespace flink::connectors
