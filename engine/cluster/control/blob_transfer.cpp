#include "cluster/control/blob_transfer.h"

#include <utility>

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::control {

using protocol::GetBlobChunkRequest;
using protocol::HasBlobRequest;
using protocol::PutBlobChunkRequest;
using PeerId = RpcEndpoint::PeerId;

BlobServer::BlobServer(RpcEndpoint& endpoint, BlobStore& store) {
  endpoint.serve<HasBlobRequest>([&store](const PeerId&, const HasBlobRequest& request,
                                          const RpcEndpoint::Responder<HasBlobRequest>& respond) {
    respond(HasBlobRequest::Response{store.contains(request.digest)});
  });
  endpoint.serve<PutBlobChunkRequest>(
      [&store](const PeerId&, const PutBlobChunkRequest& request,
               const RpcEndpoint::Responder<PutBlobChunkRequest>& respond) {
        auto complete = store.put(request.digest, request.offset, request.totalSize, request.data);
        if (!complete) return respond(std::move(complete).status());
        respond(PutBlobChunkRequest::Response{*complete});
      });
  endpoint.serve<GetBlobChunkRequest>(
      [&store](const PeerId&, const GetBlobChunkRequest& request,
               const RpcEndpoint::Responder<GetBlobChunkRequest>& respond) {
        auto size = store.sizeOf(request.digest);
        if (!size) return respond(std::move(size).status());
        auto data = store.read(request.digest, request.offset, request.maxBytes);
        if (!data) return respond(std::move(data).status());
        respond(GetBlobChunkRequest::Response{std::move(*data), *size});
      });
}

BlobCache::BlobCache(RpcEndpoint& endpoint, MessageTransport& transport, BlobStore& store)
    : endpoint_(endpoint), transport_(transport), store_(store) {}

void BlobCache::fetch(const BlobDigest& digest, const std::string& server, Done done) {
  if (store_.contains(digest)) return done(store_.pathOf(digest));
  auto peer = peerOf(server);
  if (!peer) return done(std::move(peer).status());
  std::vector<Done>& waiting = waiting_[digest];
  waiting.push_back(std::move(done));
  if (waiting.size() == 1) requestPiece(digest, *peer, 0);
}

Result<PeerId> BlobCache::peerOf(const std::string& server) {
  if (const auto it = servers_.find(server); it != servers_.end()) return it->second;
  FLINK_ASSIGN_OR_RETURN(PeerId peer, transport_.connect(server));
  servers_.emplace(server, peer);
  return peer;
}

void BlobCache::disconnect(const Status& reason) {
  ++session_;
  for (const auto& server : servers_) transport_.disconnect(server.second);
  servers_.clear();
  while (!waiting_.empty()) finish(waiting_.begin()->first, reason);
}

void BlobCache::requestPiece(const BlobDigest& digest, const PeerId& peer, std::int64_t offset) {
  endpoint_.call(peer, GetBlobChunkRequest{digest, offset, kBlobChunkBytes}, Duration::zero(),
                 std::function<void(Result<GetBlobChunkRequest::Response>)>(
                     [this, digest, peer, offset,
                      session = session_](Result<GetBlobChunkRequest::Response> piece) {
                       if (session == session_) onPiece(digest, peer, offset, std::move(piece));
                     }));
}

void BlobCache::onPiece(const BlobDigest& digest, const PeerId& peer, std::int64_t offset,
                        Result<GetBlobChunkRequest::Response> piece) {
  if (!piece) return finish(digest, std::move(piece).status());
  if (piece->data.empty() && offset < piece->totalSize) {
    return finish(digest, {ErrorCode::kCorruptData,
                           fmt::format("blob server sent nothing: digest={} offset={}",
                                       digest.toHex(), offset)});
  }
  auto complete = store_.put(digest, offset, piece->totalSize, piece->data);
  if (!complete || *complete) return finish(digest, std::move(complete).status());
  requestPiece(digest, peer, offset + static_cast<std::int64_t>(piece->data.size()));
}

void BlobCache::finish(const BlobDigest& digest, const Status& status) {
  const auto node = waiting_.extract(digest);
  const std::vector<Done>& waiting = node.mapped();
  for (const Done& done : waiting) {
    if (status) {
      done(store_.pathOf(digest));
    } else {
      done(Status(status));
    }
  }
}

}  // namespace flink::control
