#include "cluster/rest/rest_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/error.hpp>
#include <thread>

#include "cluster/control/port_owner.h"
#include "cluster/rest/rest_session.h"
#include "core/base/error_codes.h"
#include "core/base/log.h"
#include "core/config/value_text.h"

namespace flink::rest {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

namespace {

Logger kLog{"flink.rest"};

/// How soon a connection that waits for a place looks again.
constexpr std::chrono::milliseconds kAdmissionRetry{100};

/// Accepts connections up to the limit. At the limit the next one waits for the place of a
/// connection that ends or on which no request is under way; the rest waits in the system's queue.
class BeastRestServer final : public RestServer {
 public:
  BeastRestServer(RestSettings settings, const RestServices& services)
      : state_(std::make_shared<ServerState>(std::move(settings), services)),
        acceptor_(*state_->io) {
    addClusterRoutes(state_->router, state_->context);
    addJobRoutes(state_->router, state_->context);
    addCheckpointRoutes(state_->router, state_->context);
    addDisposalRoutes(state_->router, state_->context);
    addVertexRoutes(state_->router, state_->context);
    addLogRoutes(state_->router, state_->context);
    addJarRoutes(state_->router, state_->context);
  }
  ~BeastRestServer() override { BeastRestServer::stop(); }

  Status listen() {
    const RestSettings& settings = state_->context->settings;
    beast::error_code error;
    const std::string host =
        settings.bindAddress == "localhost" ? "127.0.0.1" : settings.bindAddress;
    const auto address = asio::ip::make_address(host, error);
    if (error || !address.is_loopback()) {
      return {ErrorCode::kBindRefused,
              "the REST port may leave loopback only with its own protection: rest.bind-address=" +
                  settings.bindAddress};
    }
    for (const int port : settings.ports) {
      error = bindTo(tcp::endpoint(address, static_cast<std::uint16_t>(port)));
      if (!error) {
        state_->context->port = acceptor_.local_endpoint().port();
        return Status::ok();
      }
      if (error != asio::error::address_in_use) {
        return {ErrorCode::kBindRefused,
                fmt::format("the REST port cannot be opened: address={}:{} reason={}", host, port,
                            error.message())};
      }
    }
    return {ErrorCode::kPortInUse,
            fmt::format("port in use: ports={} owner={}", config::formatPorts(settings.ports),
                        control::portOwner(settings.ports.front()))};
  }

  void run() {
    state_->onRoom = [this] { accept(); };
    accept();
    thread_ = std::thread([state = state_] { state->io->run(); });
    FLINK_INFO(kLog, "REST endpoint listens address={}:{}", state_->context->settings.bindAddress,
               port());
  }

  [[nodiscard]] int port() const override { return state_->context->port; }

  void stop() override {
    if (!thread_.joinable()) return;
    asio::post(*state_->io, [this] {
      state_->onRoom = nullptr;
      beast::error_code ignored;
      acceptor_.close(ignored);
      waiting_.reset();
      for (const auto& session : state_->sessions) session->close();
      state_->io->stop();
    });
    thread_.join();
    state_->sessions.clear();
  }

 private:
  beast::error_code bindTo(const tcp::endpoint& endpoint) {
    beast::error_code error;
    beast::error_code ignored;
    acceptor_.close(ignored);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    return error;
  }

  void accept() {
    if (waiting_ && !admitWaiting()) return;
    if (accepting_ || !acceptor_.is_open()) return;
    accepting_ = true;
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      accepting_ = false;
      if (error == asio::error::operation_aborted) return;
      if (error) {
        // Out of descriptors, most likely: give them time to come back instead of spinning.
        FLINK_WARN(kLog, "connection not accepted reason={}", error.message());
        return retryIn(std::chrono::seconds(1));
      }
      beast::error_code lost;
      const int fd = socket.release(lost);
      if (!lost) waiting_.emplace(fd);
      accept();
    });
  }

  /// Makes the waiting connection a session if there is a place or one can be freed.
  bool admitWaiting() {
    const auto most = static_cast<std::size_t>(state_->context->settings.maxConnections);
    if (state_->sessions.size() >= most && !freePlace()) {
      retryIn(kAdmissionRetry);
      return false;
    }
    auto session = Session::make(state_, std::move(*waiting_));
    waiting_.reset();
    state_->sessions.insert(session);
    session->start();
    return true;
  }

  /// Closes the connection that has kept its place for longest without a request under way.
  bool freePlace() {
    const MonotonicTime now = state_->context->services.clock->now();
    std::shared_ptr<Session> oldest;
    for (const auto& session : state_->sessions) {
      if (session->canMakeRoom(now) && (!oldest || session->since() < oldest->since()))
        oldest = session;
    }
    if (!oldest) return false;
    FLINK_DEBUG(kLog, "connection closed for another one limit={}",
                state_->context->settings.maxConnections);
    state_->sessions.erase(oldest);
    oldest->close();
    return true;
  }

  void retryIn(std::chrono::milliseconds delay) {
    retry_.expires_after(delay);
    retry_.async_wait([this](beast::error_code cancelled) {
      if (!cancelled) accept();
    });
  }

  std::shared_ptr<ServerState> state_;
  tcp::acceptor acceptor_;
  asio::steady_timer retry_{*state_->io};
  bool accepting_ = false;
  std::optional<OwnedFd> waiting_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<RestServer>> RestServer::start(RestSettings settings,
                                                      const RestServices& services) {
  try {
    auto server = std::make_unique<BeastRestServer>(std::move(settings), services);
    FLINK_RETURN_IF_ERROR(server->listen());
    server->run();
    return std::unique_ptr<RestServer>(std::move(server));
  } catch (const std::runtime_error& error) {  // no descriptors or threads are left
    return Status(ErrorCode::kBindRefused,
                  fmt::format("the REST server cannot start: reason={}", error.what()));
  }
}

}  // namespace flink::rest
