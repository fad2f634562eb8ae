// ThreadSanitizer knows no fences; Asio's handlers are ordered by its locks as well.
#ifdef __SANITIZE_THREAD__
#define BOOST_ASIO_DISABLE_FENCED_BLOCK
#endif

#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <fmt/format.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/error_codes.h"
#include "dataflow/network/network_environment.h"

namespace flink::network {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::basic_stream_socket<asio::generic::stream_protocol,
                                         asio::strand<asio::io_context::executor_type>>;
using Tcp = asio::ip::tcp;

Status lost(const std::string& peer, const error_code& error) {
  if (error == asio::error::eof)
    return {ErrorCode::kConnectionLost,
            fmt::format("connection closed by the peer: peer={}", peer)};
  return {ErrorCode::kConnectionLost,
          fmt::format("connection broke: peer={} error={}", peer, error.message())};
}

/// The socket and what is under way on it; all access on its strand.
class AsioSocket final : public std::enable_shared_from_this<AsioSocket> {
 public:
  AsioSocket(Socket socket, std::string peer)
      : socket_(std::move(socket)), peer_(std::move(peer)) {}

  void read(MutableByteView dst, StreamConnection::Done done) {
    run([this, dst, done = std::move(done)]() mutable {
      asio::async_read(socket_, asio::buffer(dst.data(), dst.size()),
                       [self = shared_from_this(), done = std::move(done)](const error_code& error,
                                                                           std::size_t) {
                         done(error ? lost(self->peer_, error) : Status::ok());
                       });
    });
  }

  void readSome(MutableByteView dst, std::function<void(Result<std::size_t>)> done) {
    run([this, dst, done = std::move(done)]() mutable {
      socket_.async_read_some(asio::buffer(dst.data(), dst.size()),
                              [self = shared_from_this(), done = std::move(done)](
                                  const error_code& error, std::size_t size) {
                                if (error) {
                                  done(lost(self->peer_, error));
                                } else {
                                  done(size);
                                }
                              });
    });
  }

  void write(std::span<const ByteView> parts, StreamConnection::Done done) {
    // The caller keeps the bytes, not the span.
    parts_.clear();
    for (const ByteView part : parts) parts_.emplace_back(part.data(), part.size());
    firstPart_ = 0;
    writeDone_ = std::move(done);
    run([this] { writeSome(); });
  }

  void close() {
    run([this] {
      error_code ignored;
      socket_.shutdown(Socket::shutdown_both, ignored);
      socket_.close(ignored);
    });
  }

  [[nodiscard]] const std::string& peer() const { return peer_; }

 private:
  /// The buffers still to write, as a sequence that copies in constant time: one system call takes
  /// up to 64 of them.
  class RestOfParts {
   public:
    using value_type = asio::const_buffer;
    using const_iterator = const asio::const_buffer*;
    RestOfParts(const_iterator begin, const_iterator end) : begin_(begin), end_(end) {}
    [[nodiscard]] const_iterator begin() const { return begin_; }
    [[nodiscard]] const_iterator end() const { return end_; }

   private:
    const_iterator begin_;
    const_iterator end_;
  };

  template <class F>
  void run(F f) {
    asio::dispatch(socket_.get_executor(),
                   [self = shared_from_this(), f = std::move(f)]() mutable { f(); });
  }

  void writeSome() {
    socket_.async_write_some(
        RestOfParts(parts_.data() + firstPart_, parts_.data() + parts_.size()),
        [self = shared_from_this()](const error_code& error, std::size_t size) {
          self->onWritten(error, size);
        });
  }

  void onWritten(const error_code& error, std::size_t size) {
    if (!error) {
      while (firstPart_ < parts_.size() && size >= parts_[firstPart_].size())
        size -= parts_[firstPart_++].size();
      if (firstPart_ < parts_.size()) {
        parts_[firstPart_] += size;
        writeSome();
        return;
      }
    }
    const StreamConnection::Done done = std::exchange(writeDone_, nullptr);
    done(error ? lost(peer_, error) : Status::ok());
  }

  Socket socket_;
  const std::string peer_;
  std::vector<asio::const_buffer> parts_;
  std::size_t firstPart_ = 0;
  StreamConnection::Done writeDone_;
};

class AsioConnection final : public StreamConnection {
 public:
  explicit AsioConnection(std::shared_ptr<AsioSocket> socket) : socket_(std::move(socket)) {}
  ~AsioConnection() override { socket_->close(); }
  void read(MutableByteView dst, Done done) override { socket_->read(dst, std::move(done)); }
  void readSome(MutableByteView dst, std::function<void(Result<std::size_t>)> done) override {
    socket_->readSome(dst, std::move(done));
  }
  void write(std::span<const ByteView> parts, Done done) override {
    socket_->write(parts, std::move(done));
  }
  void close() override { socket_->close(); }
  [[nodiscard]] std::string peerName() const override { return socket_->peer(); }

 private:
  const std::shared_ptr<AsioSocket> socket_;
};

using OnConnected = std::function<void(Result<std::unique_ptr<StreamConnection>>)>;

/// One attempt to connect: resolve, connect, or the timeout, whichever is first.
class Connecting final : public std::enable_shared_from_this<Connecting> {
 public:
  Connecting(asio::io_context& context, std::string host, int port, OnConnected done)
      : strand_(asio::make_strand(context)),
        resolver_(strand_),
        socket_(strand_),
        timer_(strand_),
        host_(std::move(host)),
        port_(port),
        done_(std::move(done)) {}

  void start(Duration timeout) {
    asio::post(strand_, [self = shared_from_this(), timeout] { self->begin(timeout); });
  }

 private:
  void begin(Duration timeout) {
    timer_.expires_after(std::chrono::duration_cast<asio::steady_timer::duration>(timeout));
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error)
        self->finish(
            Status(ErrorCode::kDeadlineExceeded,
                   fmt::format("no connection in time: address={}:{}", self->host_, self->port_)));
    });
    // Names that need no resolver do not start its thread.
    error_code notLiteral;
    const auto literal =
        asio::ip::make_address(host_ == "localhost" ? "127.0.0.1" : host_, notLiteral);
    if (!notLiteral) {
      connectTo({Tcp::endpoint(literal, static_cast<std::uint16_t>(port_))});
      return;
    }
    resolver_.async_resolve(
        host_, std::to_string(port_),
        [self = shared_from_this()](const error_code& error,
                                    const Tcp::resolver::results_type& results) {
          if (error) {
            self->finish(Status(ErrorCode::kConnectionLost,
                                fmt::format("host does not resolve: host={} error={}", self->host_,
                                            error.message())));
            return;
          }
          std::vector<Tcp::endpoint> endpoints;
          for (const auto& result : results) endpoints.push_back(result.endpoint());
          self->connectTo(std::move(endpoints));
        });
  }

  void connectTo(std::vector<Tcp::endpoint> endpoints) {
    if (done_ == nullptr) return;
    std::vector<asio::generic::stream_protocol::endpoint> generic(endpoints.begin(),
                                                                  endpoints.end());
    connectNext(std::move(generic), 0, asio::error::host_not_found);
  }

  void connectNext(std::vector<asio::generic::stream_protocol::endpoint> endpoints,
                   std::size_t index, error_code last) {
    if (done_ == nullptr) return;
    if (index == endpoints.size()) {
      finish(Status(
          ErrorCode::kConnectionLost,
          fmt::format("cannot connect: address={}:{} error={}", host_, port_, last.message())));
      return;
    }
    error_code ignored;
    socket_.close(ignored);
    const auto endpoint = endpoints[index];
    socket_.async_connect(endpoint, [self = shared_from_this(), endpoints = std::move(endpoints),
                                     index](const error_code& error) mutable {
      if (error) {
        self->connectNext(std::move(endpoints), index + 1, error);
      } else {
        self->finish(Status::ok());
      }
    });
  }

  void finish(Status status) {
    if (done_ == nullptr) return;
    const OnConnected done = std::exchange(done_, nullptr);
    timer_.cancel();
    resolver_.cancel();
    if (!status.isOk()) {
      error_code ignored;
      socket_.close(ignored);
      done(std::move(status));
      return;
    }
    const int on = 1;
    ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    done(std::unique_ptr<StreamConnection>(std::make_unique<AsioConnection>(
        std::make_shared<AsioSocket>(std::move(socket_), fmt::format("{}:{}", host_, port_)))));
  }

  asio::strand<asio::io_context::executor_type> strand_;
  Tcp::resolver resolver_;
  Socket socket_;
  asio::steady_timer timer_;
  const std::string host_;
  const int port_;
  OnConnected done_;
};

/// A connected socket of any stream family. TCP ones do not wait to fill packets: buffers are large
/// already.
Result<std::string> describePeer(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return Status(ErrorCode::kConnectionLost,
                  fmt::format("socket is not connected: errno={}", errno));
  }
  if (address.ss_family != AF_INET && address.ss_family != AF_INET6)
    return std::string("local socket");
  Tcp::endpoint endpoint;
  endpoint.resize(size);
  std::memcpy(endpoint.data(), &address, size);
  return fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
}

class AsioTransport final : public StreamTransport {
 public:
  explicit AsioTransport(int numThreads)
      : context_(std::max(numThreads, 1)), work_(asio::make_work_guard(context_)) {
    for (int i = 0; i < std::max(numThreads, 1); ++i) {
      threads_.emplace_back([this] { context_.run(); });
      ::pthread_setname_np(threads_.back().native_handle(), "flink-network");
    }
  }
  ~AsioTransport() override { stop(); }

  void connect(const std::string& host, int port, Duration timeout, OnConnected done) override {
    std::make_shared<Connecting>(context_, host, port, std::move(done))->start(timeout);
  }

  Result<std::unique_ptr<StreamConnection>> adopt(int fd) override {
    OwnedSocket owned{fd};
    FLINK_ASSIGN_OR_RETURN(const std::string peer, describePeer(fd));
    int family = 0;
    socklen_t size = sizeof family;
    ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
    if (family == AF_INET || family == AF_INET6) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    Socket socket(asio::make_strand(context_));
    error_code error;
    socket.assign(asio::generic::stream_protocol(family, 0), fd, error);
    if (error)
      return Status(ErrorCode::kConnectionLost,
                    fmt::format("socket cannot be taken over: {}", error.message()));
    owned.fd = -1;
    return std::unique_ptr<StreamConnection>(
        std::make_unique<AsioConnection>(std::make_shared<AsioSocket>(std::move(socket), peer)));
  }

  void post(std::function<void()> fn) override { asio::post(context_, std::move(fn)); }

  void schedule(Duration after, std::function<void()> fn) override {
    auto timer = std::make_shared<asio::steady_timer>(
        context_, std::chrono::duration_cast<asio::steady_timer::duration>(after));
    timer->async_wait([timer, fn = std::move(fn)](const error_code& error) {
      if (!error) fn();
    });
  }

  void stop() override {
    context_.stop();
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  struct OwnedSocket {
    int fd;
    ~OwnedSocket() {
      if (fd >= 0) ::close(fd);
    }
  };

  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<StreamTransport> makeAsioStreamTransport(int numThreads) {
  return std::make_unique<AsioTransport>(numThreads);
}

}  // namespace flink::network
