#include "cluster/taskmanager/data_port.h"

#include <array>
#include <set>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <boost/asio.hpp>

#include "cluster/control/port_owner.h"
#include "cluster/taskmanager/probe.h"
#include "core/base/error_codes.h"

namespace flink::taskmanager {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// Reads one hello. Keeps itself alive through its handlers.
class HelloReader : public std::enable_shared_from_this<HelloReader> {
 public:
  using Done = std::function<void(const std::shared_ptr<HelloReader>&)>;
  HelloReader(tcp::socket socket, const std::function<void(DataConnection)>& handler, Done done)
      : socket_(std::move(socket)),
        timer_(socket_.get_executor()),
        handler_(handler),
        done_(std::move(done)) {}

  void start(Duration timeout) {
    error_code error;
    const auto remote = socket_.remote_endpoint(error);
    if (!error) peer_ = fmt::format("{}:{}", remote.address().to_string(), remote.port());
    timer_.expires_after(timeout);
    timer_.async_wait([self = shared_from_this()](const error_code& failed) {
      if (!failed) self->finish("no hello in time");
    });
    asio::async_read(socket_, asio::buffer(head_),
                     [self = shared_from_this()](const error_code& failed, std::size_t) {
                       self->onHead(failed);
                     });
  }

  void stop() { finish("the TaskManager stops"); }

 private:
  void onHead(const error_code& error) {
    if (finished_) return;
    if (error) return finish(error.message());
    auto nameBytes = protocol::decodeDataHelloHead(std::as_bytes(std::span(head_)), hello_);
    if (!nameBytes) return finish(nameBytes.status().toString());
    if (*nameBytes > protocol::kMaxConsumerNameBytes)
      return finish("the consumer's name is too long");
    hello_.consumer.resize(*nameBytes);
    asio::async_read(socket_, asio::buffer(hello_.consumer),
                     [self = shared_from_this()](const error_code& failed, std::size_t) {
                       if (self->finished_) return;
                       self->finish(failed ? failed.message() : std::string());
                     });
  }

  void finish(const std::string& problem) {
    if (finished_) return;
    finished_ = true;
    timer_.cancel();
    error_code error;
    if (problem.empty()) {
      DataConnection connection{std::move(hello_), OwnedFd(socket_.release(error)),
                                std::move(peer_)};
      if (connection.socket.valid()) handler_(std::move(connection));
    } else {
      FLINK_WARN(kLog, "refused a data connection peer={} reason={}", peer_, problem);
      socket_.close(error);
    }
    std::exchange(done_, {})(shared_from_this());
  }

  tcp::socket socket_;
  asio::steady_timer timer_;
  const std::function<void(DataConnection)>& handler_;
  Done done_;
  std::array<char, protocol::kDataHelloHeadBytes> head_{};
  protocol::DataHello hello_;
  std::string peer_ = "(unknown)";
  bool finished_ = false;
};

Result<tcp::endpoint> resolve(asio::io_context& io, const std::string& host, int port) {
  error_code error;
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(tcp::v4(), host, std::to_string(port), error);
  if (error || found.empty()) {
    return Status(
        ErrorCode::kBindRefused,
        fmt::format("cannot resolve the address: host={} key=taskmanager.bind-host reason={}", host,
                    error.message()));
  }
  const tcp::endpoint endpoint = *found.begin();
  if (!endpoint.address().is_loopback()) {
    return Status(
        ErrorCode::kBindRefused,
        fmt::format("the data port would leave loopback: host={} key=taskmanager.bind-host", host));
  }
  return endpoint;
}

/// The acceptor and the connections that still owe their hello. Everything but the thread handle is
/// touched on the io thread only. Handlers hold the State, so stop() has to cancel all of them.
struct State : std::enable_shared_from_this<State> {
  State(DataPort::Settings s, DataPort::Handler h)
      : settings(std::move(s)), handler(std::move(h)), acceptor(io), pause(io) {}

  void accept();
  void onAccepted(const error_code& error, tcp::socket socket);
  void close();

  DataPort::Settings settings;
  DataPort::Handler handler;
  asio::io_context io{1};
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  std::set<std::shared_ptr<HelloReader>> unread;
  bool accepting = false;
  int boundPort = 0;
  std::thread thread;
};

void State::accept() {
  if (accepting || unread.size() >= settings.maxUnread || !acceptor.is_open()) return;
  accepting = true;
  acceptor.async_accept([self = shared_from_this()](const error_code& error, tcp::socket socket) {
    self->accepting = false;
    self->onAccepted(error, std::move(socket));
  });
}

void State::onAccepted(const error_code& error, tcp::socket socket) {
  if (!acceptor.is_open()) return;
  if (error) {
    // Out of descriptors: the connection stays in the backlog until some are free again.
    FLINK_WARN(kLog, "cannot accept data connections for now reason={}", error.message());
    pause.expires_after(std::chrono::seconds(1));
    pause.async_wait([self = shared_from_this()](const error_code& failed) {
      if (!failed) self->accept();
    });
    return;
  }
  auto reader = std::make_shared<HelloReader>(
      std::move(socket), handler,
      [self = shared_from_this()](const std::shared_ptr<HelloReader>& done) {
        self->unread.erase(done);
        self->accept();
      });
  unread.insert(reader);
  reader->start(settings.helloTimeout);
  accept();
}

void State::close() {
  error_code error;
  acceptor.close(error);
  pause.cancel();
  const auto readers = unread;
  for (const auto& reader : readers) reader->stop();
}

class AsioDataPort final : public DataPort {
 public:
  explicit AsioDataPort(std::shared_ptr<State> state) : state_(std::move(state)) {
    state_->thread = std::thread([raw = state_.get()] { raw->io.run(); });
  }
  ~AsioDataPort() override { close(); }
  AsioDataPort(const AsioDataPort&) = delete;
  AsioDataPort& operator=(const AsioDataPort&) = delete;

  [[nodiscard]] int port() const override { return state_->boundPort; }
  void stop() override { close(); }

 private:
  void close() {
    if (!state_->thread.joinable()) return;
    asio::post(state_->io, [raw = state_.get()] { raw->close(); });
    state_->thread.join();  // it runs out of work
  }

  const std::shared_ptr<State> state_;
};

}  // namespace

Result<std::unique_ptr<DataPort>> DataPort::listen(const Settings& settings, Handler handler) {
  auto state = std::make_shared<State>(settings, std::move(handler));
  FLINK_ASSIGN_OR_RETURN(const tcp::endpoint endpoint,
                         resolve(state->io, settings.host, settings.port));
  error_code error;
  state->acceptor.open(endpoint.protocol(), error);
  if (!error) state->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) state->acceptor.bind(endpoint, error);
  if (!error) state->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    const bool inUse = error == asio::error::address_in_use;
    return Status(inUse ? ErrorCode::kPortInUse : ErrorCode::kBindRefused,
                  fmt::format("cannot listen: port={} key=taskmanager.data.port {}", settings.port,
                              inUse ? "owner=" + control::portOwner(settings.port)
                                    : "reason=" + error.message()));
  }
  state->boundPort = state->acceptor.local_endpoint(error).port();
  state->accept();
  return std::unique_ptr<DataPort>(std::make_unique<AsioDataPort>(std::move(state)));
}

}  // namespace flink::taskmanager
