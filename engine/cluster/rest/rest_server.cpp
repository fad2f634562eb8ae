#include "cluster/rest/rest_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <set>
#include <thread>

#include "cluster/rest/handlers.h"
#include "core/base/error_codes.h"
#include "core/base/log.h"
#include "core/config/value_text.h"

namespace flink::rest {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

namespace {

Logger kLog{"flink.rest"};

HttpMethod methodOf(http::verb verb) {
  switch (verb) {
    case http::verb::get:
    case http::verb::head:
      return HttpMethod::kGet;
    case http::verb::post:
      return HttpMethod::kPost;
    case http::verb::put:
      return HttpMethod::kPut;
    case http::verb::patch:
      return HttpMethod::kPatch;
    case http::verb::delete_:
      return HttpMethod::kDelete;
    default:
      return HttpMethod::kOther;
  }
}

class Session;

/// What sessions share with their server. Lives as long as the last of them.
struct ServerState {
  ServerState(RestSettings settings, const RestServices& services)
      : context(std::make_shared<HandlerContext>(std::move(settings), services)) {}
  std::shared_ptr<HandlerContext> context;
  Router router;
  asio::io_context io{1};
  std::set<std::shared_ptr<Session>> sessions;  // io thread only
  std::function<void()> onSessionEnded;         // io thread only
};

/// One connection: requests one after the other.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<ServerState> state, tcp::socket socket)
      : state_(std::move(state)), stream_(std::move(socket)) {}

  void start() { readRequest(); }
  void close() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
    stream_.close();
  }

 private:
  const RestSettings& settings() const { return state_->context->settings; }

  void readRequest() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(settings().maxHeaderBytes));
    parser_->body_limit(settings().maxBodyBytes);
    stream_.expires_after(
        std::chrono::duration_cast<std::chrono::milliseconds>(settings().idleTimeout));
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](beast::error_code error, std::size_t) {
          if (error) return self->onReadError(error);
          self->stream_.expires_after(std::chrono::duration_cast<std::chrono::milliseconds>(
              self->settings().requestTimeout));
          http::async_read(self->stream_, self->buffer_, *self->parser_,
                           [self](beast::error_code bodyError, std::size_t) {
                             if (bodyError) return self->onReadError(bodyError);
                             self->handleRequest();
                           });
        });
  }

  void onReadError(beast::error_code error) {
    if (error == http::error::end_of_stream || error == beast::error::timeout ||
        error == asio::error::operation_aborted || error == asio::error::connection_reset ||
        error == asio::error::eof) {
      return finish();
    }
    const bool tooLarge = error == http::error::body_limit || error == http::error::header_limit;
    keepAlive_ = false;
    send(errorResponse(tooLarge ? (error == http::error::body_limit ? 413 : 431) : 400,
                       "the request is no acceptable HTTP: " + error.message()));
  }

  void handleRequest() {
    auto& message = parser_->get();
    keepAlive_ = message.keep_alive();
    headOnly_ = message.method() == http::verb::head;
    HttpRequest request;
    request.method = methodOf(message.method());
    request.contentType = std::string(message[http::field::content_type]);
    if (!parseTarget({message.target().data(), message.target().size()}, request)) {
      return send(errorResponse(400, "the request target is malformed"));
    }
    request.body = std::move(message.body());
    stream_.expires_never();
    answered_ = false;
    deadline_.expires_after(
        std::chrono::duration_cast<std::chrono::milliseconds>(settings().requestTimeout));
    deadline_.async_wait([self = shared_from_this(), serial = serial_](beast::error_code error) {
      if (!error) self->answer(serial, errorResponse(504, "the cluster gave no answer in time"));
    });
    // Answers come from other threads and may come late or twice; only the first one of this
    // request counts.
    std::weak_ptr<Session> weak = shared_from_this();
    state_->router.route(std::move(request), [weak, state = std::weak_ptr(state_),
                                              serial = serial_](HttpResponse response) {
      const auto alive = state.lock();
      if (!alive) return;
      asio::post(alive->io, [weak, serial, response = std::move(response)]() mutable {
        if (const auto self = weak.lock()) self->answer(serial, std::move(response));
      });
    });
  }

  void answer(std::uint64_t serial, HttpResponse response) {
    if (serial != serial_ || answered_) return;
    answered_ = true;
    deadline_.cancel();
    send(std::move(response));
  }

  void send(HttpResponse response) {
    ++serial_;
    response_.emplace();
    response_->version(11);
    response_->result(static_cast<unsigned>(response.status));
    response_->set(http::field::content_type, response.contentType);
    response_->set("X-Content-Type-Options", "nosniff");
    if (!settings().allowOrigin.empty()) {
      response_->set(http::field::access_control_allow_origin, settings().allowOrigin);
    }
    response_->keep_alive(keepAlive_);
    const std::size_t length = response.body.size();
    if (!headOnly_) response_->body() = std::move(response.body);
    response_->content_length(length);
    stream_.expires_after(
        std::chrono::duration_cast<std::chrono::milliseconds>(settings().requestTimeout));
    http::async_write(stream_, *response_,
                      [self = shared_from_this()](beast::error_code error, std::size_t) {
                        if (error || !self->keepAlive_) return self->finish();
                        self->readRequest();
                      });
  }

  void finish() {
    close();
    deadline_.cancel();
    const auto self = shared_from_this();
    state_->sessions.erase(self);
    if (state_->onSessionEnded) state_->onSessionEnded();
  }

  std::shared_ptr<ServerState> state_;
  beast::tcp_stream stream_;
  asio::steady_timer deadline_{state_->io};
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
  std::uint64_t serial_ = 0;
  bool answered_ = false;
  bool keepAlive_ = true;
  bool headOnly_ = false;
};

/// Accepts connections up to the limit; at the limit it stops accepting until one ends.
class BeastRestServer final : public RestServer {
 public:
  BeastRestServer(RestSettings settings, const RestServices& services)
      : state_(std::make_shared<ServerState>(std::move(settings), services)),
        acceptor_(state_->io) {
    addClusterRoutes(state_->router, state_->context);
    addJobRoutes(state_->router, state_->context);
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
      const tcp::endpoint endpoint(address, static_cast<std::uint16_t>(port));
      acceptor_.open(endpoint.protocol());
      acceptor_.set_option(tcp::acceptor::reuse_address(true));
      acceptor_.bind(endpoint, error);
      if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
      if (!error) {
        state_->context->port = acceptor_.local_endpoint().port();
        return Status::ok();
      }
      acceptor_.close();
    }
    return {ErrorCode::kPortInUse,
            fmt::format("port in use: ports={} reason={}", config::formatPorts(settings.ports),
                        error.message())};
  }

  void run() {
    state_->onSessionEnded = [this] { accept(); };
    accept();
    thread_ = std::thread([state = state_] { state->io.run(); });
    FLINK_INFO(kLog, "REST endpoint listens address={}:{}", state_->context->settings.bindAddress,
               port());
  }

  [[nodiscard]] int port() const override { return state_->context->port; }

  void stop() override {
    if (!thread_.joinable()) return;
    asio::post(state_->io, [this] {
      state_->onSessionEnded = nullptr;
      beast::error_code ignored;
      acceptor_.close(ignored);
      for (const auto& session : state_->sessions) session->close();
      state_->io.stop();
    });
    thread_.join();
    state_->sessions.clear();
  }

 private:
  void accept() {
    if (accepting_ || !acceptor_.is_open() ||
        static_cast<int>(state_->sessions.size()) >= state_->context->settings.maxConnections) {
      return;
    }
    accepting_ = true;
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      accepting_ = false;
      if (error == asio::error::operation_aborted) return;
      if (error) {
        // Out of descriptors, most likely: give them time to come back instead of spinning.
        FLINK_WARN(kLog, "connection not accepted reason={}", error.message());
        retry_.expires_after(std::chrono::seconds(1));
        retry_.async_wait([this](beast::error_code cancelled) {
          if (!cancelled) accept();
        });
        return;
      }
      auto session = std::make_shared<Session>(state_, std::move(socket));
      state_->sessions.insert(session);
      session->start();
      accept();
    });
  }

  std::shared_ptr<ServerState> state_;
  tcp::acceptor acceptor_;
  asio::steady_timer retry_{state_->io};
  bool accepting_ = false;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<RestServer>> RestServer::start(RestSettings settings,
                                                      const RestServices& services) {
  auto server = std::make_unique<BeastRestServer>(std::move(settings), services);
  FLINK_RETURN_IF_ERROR(server->listen());
  server->run();
  return std::unique_ptr<RestServer>(std::move(server));
}

}  // namespace flink::rest
