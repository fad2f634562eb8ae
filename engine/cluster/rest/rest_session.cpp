#include "cluster/rest/rest_session.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <utility>

namespace flink::rest {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

namespace {

/// A connection that has been silent for less is not taken away: its client may be about to ask.
constexpr Duration kGrace = std::chrono::seconds(1);
/// How long a refused client may go on sending.
constexpr Duration kDrainLimit = std::chrono::seconds(2);

/// Bodies up to this size are not counted: as many as there are connections fit into memory.
constexpr std::uint64_t kSmallBodyBytes = 64U << 10;
/// How many bodies of the greatest size may be under way at a time.
constexpr std::uint64_t kLargeBodies = 4;

std::chrono::milliseconds inMillis(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration);
}

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

class HttpSession final : public Session, public std::enable_shared_from_this<HttpSession> {
 public:
  /// kIdle: no byte of the next request has come. kReading: a request comes in. kHandling: the
  /// cluster works on it. kWriting: the answer goes out. kDraining: the answer to a refused request
  /// is out; what the client still sends is thrown away, so that it can read that answer.
  enum class Phase { kIdle, kReadingHeader, kReadingBody, kHandling, kWriting, kDraining };

  HttpSession(std::shared_ptr<ServerState> state, tcp::socket socket)
      : state_(std::move(state)), socket_(std::move(socket)), deadline_(*state_->io) {}

  void start() override { readRequest(); }
  void close() override;

  [[nodiscard]] bool canMakeRoom(MonotonicTime now) const override;
  [[nodiscard]] MonotonicTime since() const override { return since_; }

 private:
  using Error = beast::error_code;
  [[nodiscard]] const RestSettings& settings() const { return state_->context->settings; }
  /// Closes the connection and forgets the session.
  void finish();
  void enter(Phase phase, Duration limit);
  void onDeadline();
  void readRequest();
  void readHeader();
  /// Decides by the header alone whether the body is read.
  void onHeader();
  void readBody();
  [[nodiscard]] HttpResponse tooLarge() const;
  void onReadError(Error error);
  void handleRequest();
  void answer(std::uint64_t serial, HttpResponse response);
  /// Answers what is no complete request and closes the connection.
  void refuse(HttpResponse response);
  void send(HttpResponse response);
  void drain();

  std::shared_ptr<ServerState> state_;
  tcp::socket socket_;
  asio::steady_timer deadline_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  HttpRequest request_;          ///< what is known of the request that comes in
  std::uint64_t bodyLimit_ = 0;  ///< of that request
  std::optional<http::response<http::string_body>> response_;
  std::shared_ptr<void> responseClaim_;  ///< what the response's body takes of a ByteBudget
  Phase phase_ = Phase::kIdle;
  MonotonicTime since_{};
  std::uint64_t numPhases_ = 0;  ///< tells a deadline of an earlier phase
  std::uint64_t serial_ = 0;     ///< tells a late answer to an earlier request
  bool answered_ = false;
  bool keepAlive_ = true;
  bool headOnly_ = false;
  bool late_ = false;  ///< the request did not come in time
  bool refused_ = false;
  bool closed_ = false;
};

void HttpSession::close() {
  closed_ = true;
  Error ignored;
  socket_.shutdown(tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
  deadline_.cancel();
}

void HttpSession::finish() {
  if (closed_) return;
  const auto self = shared_from_this();
  close();
  state_->sessions.erase(self);
  if (state_->onRoom) state_->onRoom();
}

bool HttpSession::canMakeRoom(MonotonicTime now) const {
  switch (phase_) {
    case Phase::kIdle:
      return serial_ > 0 || now - since_ >= kGrace;
    case Phase::kReadingHeader:
      return now - since_ >= kGrace;
    case Phase::kDraining:
      return true;
    default:
      return false;
  }
}

void HttpSession::enter(Phase phase, Duration limit) {
  phase_ = phase;
  since_ = state_->context->services.clock->now();
  deadline_.expires_after(inMillis(limit));
  deadline_.async_wait([self = shared_from_this(), number = ++numPhases_](Error error) {
    if (!error && number == self->numPhases_ && !self->closed_) self->onDeadline();
  });
}

void HttpSession::onDeadline() {
  switch (phase_) {
    case Phase::kReadingHeader:
    case Phase::kReadingBody: {
      late_ = true;  // the read under way ends with it
      Error ignored;
      socket_.cancel(ignored);
      return;
    }
    case Phase::kHandling:
      return answer(serial_, errorResponse(504, "the cluster gave no answer in time"));
    default:
      return finish();
  }
}

void HttpSession::readRequest() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(settings().maxHeaderBytes));
  bodyLimit_ = settings().maxBodyBytes;
  parser_->body_limit(bodyLimit_);
  request_ = {};
  if (buffer_.size() > 0) return readHeader();
  enter(Phase::kIdle, settings().idleTimeout);
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](Error error) {
    if (self->closed_) return;
    if (error) return self->finish();
    self->readHeader();
  });
  if (state_->onRoom) state_->onRoom();
}

void HttpSession::readHeader() {
  enter(Phase::kReadingHeader, settings().requestTimeout);
  http::async_read_header(socket_, buffer_, *parser_,
                          [self = shared_from_this()](Error error, std::size_t) {
                            if (self->closed_) return;
                            if (error) return self->onReadError(error);
                            self->onHeader();
                          });
}

void HttpSession::onHeader() {
  const auto& header = parser_->get();
  request_.method = methodOf(header.method());
  if (!parseTarget({header.target().data(), header.target().size()}, request_))
    return refuse(errorResponse(400, "the request target is malformed"));
  const BodyRule& rule = state_->router.bodyRule(request_.method, request_.path);
  bodyLimit_ = std::min<std::uint64_t>(rule.maxBytes, bodyLimit_);
  parser_->body_limit(bodyLimit_);
  const auto announced = parser_->content_length();
  const std::uint64_t bytes = announced ? *announced : parser_->chunked() ? bodyLimit_ : 0;
  if (rule.refusal && bytes > 0) return refuse(*rule.refusal);
  if (bytes > bodyLimit_) return refuse(tooLarge());
  if (bytes > kSmallBodyBytes) {
    request_.claim = state_->largeBodies.claim(bytes);
    if (request_.claim == nullptr)
      return refuse(errorResponse(503, "too many large requests are under way: try again"));
  }
  readBody();
}

HttpResponse HttpSession::tooLarge() const {
  if (bodyLimit_ < settings().maxBodyBytes) {
    return errorResponse(413, "the request's body is too large: this resource takes at most " +
                                  std::to_string(bodyLimit_) + " bytes");
  }
  return errorResponse(413, "the request's body is too large: rest.server.max-content-length=" +
                                std::to_string(bodyLimit_));
}

void HttpSession::readBody() {
  enter(Phase::kReadingBody, settings().requestTimeout);
  http::async_read(socket_, buffer_, *parser_,
                   [self = shared_from_this()](Error error, std::size_t) {
                     if (self->closed_) return;
                     if (error) return self->onReadError(error);
                     self->handleRequest();
                   });
}

void HttpSession::onReadError(Error error) {
  if (late_) {
    return refuse(errorResponse(
        408, "the request did not come in time: rest.request-timeout=" +
                 std::to_string(inMillis(settings().requestTimeout).count()) + " ms"));
  }
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error == asio::error::operation_aborted || error == asio::error::connection_reset ||
      error == asio::error::eof) {
    return finish();
  }
  if (error == http::error::body_limit) return refuse(tooLarge());
  if (error == http::error::header_limit) {
    return refuse(errorResponse(431,
                                "the request's line and headers are too large: "
                                "rest.server.max-header-size=" +
                                    std::to_string(settings().maxHeaderBytes)));
  }
  refuse(errorResponse(400, "the request is no acceptable HTTP: " + error.message()));
}

void HttpSession::refuse(HttpResponse response) {
  keepAlive_ = false;
  refused_ = true;
  parser_.reset();
  request_ = {};
  send(std::move(response));
}

void HttpSession::handleRequest() {
  auto& message = parser_->get();
  keepAlive_ = message.keep_alive();
  headOnly_ = message.method() == http::verb::head;
  request_.contentType = std::string(message[http::field::content_type]);
  request_.body = std::move(message.body());
  answered_ = false;
  enter(Phase::kHandling, settings().requestTimeout);
  // Answers come from other threads and may come late or twice; only the first one of this
  // request counts.
  std::weak_ptr<HttpSession> weak = shared_from_this();
  state_->router.route(std::exchange(request_, {}), [weak, state = std::weak_ptr(state_),
                                                     serial = serial_](HttpResponse response) {
    const auto alive = state.lock();
    if (!alive) return;
    asio::post(*alive->io, [weak, serial, response = std::move(response)]() mutable {
      if (const auto self = weak.lock()) self->answer(serial, std::move(response));
    });
  });
}

void HttpSession::answer(std::uint64_t serial, HttpResponse response) {
  if (serial != serial_ || answered_ || closed_) return;
  answered_ = true;
  send(std::move(response));
}

void HttpSession::send(HttpResponse response) {
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
  responseClaim_ = std::move(response.claim);
  response_->content_length(length);
  enter(Phase::kWriting, settings().requestTimeout);
  http::async_write(socket_, *response_, [self = shared_from_this()](Error error, std::size_t) {
    if (self->closed_) return;
    if (error) return self->finish();
    self->response_.reset();  // a connection that waits for its next request holds no old answer
    self->responseClaim_.reset();
    if (self->keepAlive_) return self->readRequest();
    if (!self->refused_) return self->finish();
    Error ignored;
    self->socket_.shutdown(tcp::socket::shutdown_send, ignored);
    self->enter(Phase::kDraining, kDrainLimit);
    self->drain();
  });
}

void HttpSession::drain() {
  buffer_.clear();
  socket_.async_read_some(buffer_.prepare(64U << 10),
                          [self = shared_from_this()](Error error, std::size_t) {
                            if (self->closed_) return;
                            if (error) return self->finish();
                            self->drain();
                          });
}

}  // namespace

ServerState::ServerState(RestSettings settings, const RestServices& services)
    : context(std::make_shared<HandlerContext>(std::move(settings), services)),
      io(std::make_unique<asio::io_context>(1)),
      largeBodies(kLargeBodies * context->settings.maxBodyBytes) {}

ServerState::~ServerState() = default;

std::shared_ptr<Session> Session::make(std::shared_ptr<ServerState> state, OwnedFd socket) {
  tcp::socket adopted(*state->io, tcp::v4(), socket.release());
  return std::make_shared<HttpSession>(std::move(state), std::move(adopted));
}

}  // namespace flink::rest
