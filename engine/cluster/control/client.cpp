#include "cluster/control/client.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "cluster/control/blob_store.h"
#include "cluster/control/event_stream.h"
#include "cluster/control/sha256.h"
#include "cluster/control/zmq_socket.h"
#include "core/base/error_codes.h"
#include "core/base/rng.h"

namespace flink::control {
namespace {

using protocol::Envelope;
using protocol::EnvelopeKind;
using protocol::Method;

/// One connection that makes one call at a time.
class CallConnection {
 public:
  CallConnection(ZmqContext& context, const Clock& clock, const std::string& sender,
                 std::string endpoint, int number)
      : clock_(clock),
        sender_(sender),
        endpoint_(std::move(endpoint)),
        socket_(context, ZmqSocket::Kind::kDealer, fmt::format("{}-{}", sender, number)),
        monitor_(socket_.monitor(context, fmt::format("client-{}", number))) {
    socket_.discardUnsentAtClose();  // whoever needed the frame has given up by then
  }

  Status connect() { return socket_.connect(endpoint_); }

  Result<Bytes> call(Method method, Bytes body, Duration deadline) {
    const MonotonicTime end = clock_.now() + deadline;
    Envelope request;
    request.method = method;
    request.requestId = ++lastRequestId_;
    request.sender = sender_;
    request.deadlineMs = std::chrono::duration_cast<std::chrono::milliseconds>(deadline).count();
    request.body = std::move(body);
    Bytes frame = protocol::encodeEnvelope(request);
    if (frame.size() > protocol::kMaxFrameBytes) {
      return {ErrorCode::kLimitExceeded, fmt::format("request too large: size={} limit={}",
                                                     frame.size(), protocol::kMaxFrameBytes)};
    }
    if (socket_.send({}, std::move(frame)) != SendOutcome::kSent) {
      return {ErrorCode::kUnavailable, fmt::format("request not sent: address={}", endpoint_)};
    }
    while (true) {
      while (auto message = socket_.receive()) {
        if (auto answer = accept(message->body)) return std::move(*answer);
      }
      FLINK_RETURN_IF_ERROR(checkConnection());
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock_.now()).count();
      if (left <= 0) return unanswered(deadline);
      std::array<PollItem, 2> items{{{.socket = &socket_}, {.socket = &monitor_}}};
      pollSockets(items, left);
    }
  }

 private:
  /// The answer to the current request; nullopt for anything else.
  std::optional<Result<Bytes>> accept(const Bytes& frame) {
    auto envelope = protocol::decodeEnvelope(asBytes(frame));
    if (!envelope) return std::move(envelope).status();
    if (envelope->kind == EnvelopeKind::kPing) {
      Envelope pong;
      pong.kind = EnvelopeKind::kPong;
      pong.sender = sender_;
      socket_.send({}, protocol::encodeEnvelope(pong));
      return std::nullopt;
    }
    if (envelope->requestId != lastRequestId_) return std::nullopt;
    if (envelope->kind == EnvelopeKind::kResponse) return std::move(envelope->body);
    if (envelope->kind != EnvelopeKind::kError) return std::nullopt;
    const auto code = errorCodeById(envelope->errorId);
    return Status(code.value_or(ErrorCode::kInternal), std::move(envelope->errorMessage));
  }

  /// An error when nobody listens or the connection broke: waiting on would be in vain.
  Status checkConnection() {
    int fd = -1;
    while (const auto event = monitor_.receiveEvent(fd)) {
      if (*event == ConnectionEvent::kConnected) connected_ = true;
      if (*event == ConnectionEvent::kConnectFailed && !connected_) {
        return {ErrorCode::kClusterUnreachable,
                fmt::format("nobody listens: address={}", endpoint_)};
      }
      if (*event == ConnectionEvent::kDisconnected) {
        return {ErrorCode::kUnavailable,
                fmt::format("the JobManager closed the connection: address={}", endpoint_)};
      }
    }
    return Status::ok();
  }

  [[nodiscard]] Status unanswered(Duration deadline) const {
    const auto waitedMs = std::chrono::duration_cast<std::chrono::milliseconds>(deadline).count();
    if (!connected_) {
      return {ErrorCode::kClusterUnreachable,
              fmt::format("no connection: address={} waitedMs={}", endpoint_, waitedMs)};
    }
    return {ErrorCode::kDeadlineExceeded,
            fmt::format("no answer: address={} waitedMs={}", endpoint_, waitedMs)};
  }

  const Clock& clock_;
  const std::string& sender_;
  const std::string endpoint_;
  ZmqSocket socket_;
  ZmqSocket monitor_;
  bool connected_ = false;
  std::uint64_t lastRequestId_ = 0;
};

Result<BlobDigest> digestOf(std::ifstream& file, const std::string& path, std::int64_t& size) {
  Sha256 content;
  std::string buffer(static_cast<std::size_t>(kBlobChunkBytes), '\0');
  size = 0;
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) ||
         file.gcount() > 0) {
    content.update(
        asBytes(std::string_view(buffer).substr(0, static_cast<std::size_t>(file.gcount()))));
    size += file.gcount();
  }
  if (file.bad()) return {ErrorCode::kFileIo, fmt::format("cannot read: path={}", path)};
  file.clear();
  file.seekg(0);
  return content.finish();
}

class ZmqClusterClient final : public ClusterClient {
 public:
  explicit ZmqClusterClient(std::string jobManager)
      : jobManager_(std::move(jobManager)),
        sender_(fmt::format("client-{}-{:x}", getpid(), makeSystemRng()->next() >> 32)) {}

  Result<Bytes> callRaw(Method method, Bytes body, Duration deadline) override {
    return callAt(jobManager_, method, std::move(body), deadline);
  }
  Result<BlobDigest> uploadFile(
      const std::string& path, std::function<void(std::uint64_t, std::uint64_t)> progress) override;
  Status followEvents(std::function<bool(const protocol::ClusterEvent&)> handler,
                      Duration timeout) override;

 private:
  template <class Request>
  Result<typename Request::Response> callTyped(const std::string& endpoint,
                                               const Request& request) {
    auto answer =
        callAt(endpoint, Request::kMethod, protocol::encode(request), std::chrono::seconds(10));
    if (!answer) return std::move(answer).status();
    return protocol::decode<typename Request::Response>(asBytes(*answer));
  }
  Result<Bytes> callAt(const std::string& endpoint, Method method, Bytes body, Duration deadline);
  /// host:port of another port of the JobManager's host.
  [[nodiscard]] std::string beside(int port) const {
    return fmt::format("{}:{}", jobManager_.substr(0, jobManager_.rfind(':')), port);
  }

  const std::string jobManager_;
  const std::string sender_;
  SystemClock clock_;
  ZmqContext context_;
  std::map<std::string, CallConnection> connections_;
  int numConnections_ = 0;
};

Result<Bytes> ZmqClusterClient::callAt(const std::string& endpoint, Method method, Bytes body,
                                       Duration deadline) {
  auto it = connections_.find(endpoint);
  if (it == connections_.end()) {
    it = connections_.try_emplace(endpoint, context_, clock_, sender_, endpoint, ++numConnections_)
             .first;
    FLINK_RETURN_IF_ERROR(it->second.connect());
  }
  auto answer = it->second.call(method, std::move(body), deadline);
  // The next call gets a fresh connection: this one may be trying in the background or hold an
  // unread answer.
  if (!answer) {
    const auto code = answer.status().code();
    if (code == ErrorCode::kClusterUnreachable || code == ErrorCode::kUnavailable)
      connections_.erase(it);
  }
  return answer;
}

Result<BlobDigest> ZmqClusterClient::uploadFile(
    const std::string& path, std::function<void(std::uint64_t, std::uint64_t)> progress) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return {ErrorCode::kFileNotFound, fmt::format("cannot open: path={}", path)};
  std::int64_t size = 0;
  FLINK_ASSIGN_OR_RETURN(const BlobDigest digest, digestOf(file, path, size));
  if (size > kMaxBlobBytes) {
    return {ErrorCode::kLimitExceeded,
            fmt::format("file too large: path={} size={} limit={}", path, size, kMaxBlobBytes)};
  }
  FLINK_ASSIGN_OR_RETURN(const auto version, callTyped(jobManager_, protocol::GetVersionRequest{}));
  const std::string server = beside(version.blobPort);
  FLINK_ASSIGN_OR_RETURN(const auto has, callTyped(server, protocol::HasBlobRequest{digest}));
  bool complete = has.present;
  for (std::int64_t offset = 0; !complete;) {
    protocol::PutBlobChunkRequest piece{digest, offset, size, {}};
    piece.data.resize(
        static_cast<std::size_t>(std::min<std::int64_t>(kBlobChunkBytes, size - offset)));
    file.read(piece.data.data(), static_cast<std::streamsize>(piece.data.size()));
    if (file.gcount() != static_cast<std::streamsize>(piece.data.size())) {
      return {ErrorCode::kFileIo, fmt::format("file changed while being sent: path={}", path)};
    }
    offset += static_cast<std::int64_t>(piece.data.size());
    FLINK_ASSIGN_OR_RETURN(const auto put, callTyped(server, piece));
    complete = put.complete;
    if (!complete && offset == size) {
      return {ErrorCode::kCorruptData,
              fmt::format("the cluster did not take the whole file: path={} size={}", path, size)};
    }
    if (progress) progress(static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(size));
  }
  return digest;
}

Status ZmqClusterClient::followEvents(std::function<bool(const protocol::ClusterEvent&)> handler,
                                      Duration timeout) {
  const MonotonicTime end = clock_.now() + timeout;
  FLINK_ASSIGN_OR_RETURN(const auto version, callTyped(jobManager_, protocol::GetVersionRequest{}));
  if (version.eventPort == 0)
    return {ErrorCode::kUnsupported, "the JobManager publishes no events"};
  ZmqSocket subscriber(context_, ZmqSocket::Kind::kSub);
  FLINK_RETURN_IF_ERROR(subscriber.connect(beside(version.eventPort)));
  bool opened = false;
  while (true) {
    while (const auto message = subscriber.receive()) {
      FLINK_ASSIGN_OR_RETURN(const Envelope envelope,
                             protocol::decodeEnvelope(asBytes(message->body)));
      FLINK_ASSIGN_OR_RETURN(const auto event,
                             protocol::decode<protocol::ClusterEvent>(asBytes(envelope.body)));
      const bool opening = event.kind == kStreamOpened;
      // Before its opening the stream may have gaps; a later one greets somebody else.
      if (opened == opening) continue;
      opened = true;
      if (!handler(event)) return Status::ok();
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock_.now()).count();
    if (left <= 0) return Status::ok();
    std::array<PollItem, 1> items{{{.socket = &subscriber}}};
    pollSockets(items, left);
  }
}

}  // namespace

Result<std::unique_ptr<ClusterClient>> ClusterClient::connect(const std::string& jobManager) {
  FLINK_RETURN_IF_ERROR(parseEndpoint(jobManager).status());
  std::unique_ptr<ClusterClient> client = std::make_unique<ZmqClusterClient>(jobManager);
  return client;
}

}  // namespace flink::control
