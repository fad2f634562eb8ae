#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cluster/control/blob_store.h"
#include "cluster/control/rpc.h"
#include "core/base/ids.h"

namespace flink::control {

/// Serves a store's blobs on an endpoint: kHasBlob, kPutBlobChunk, kGetBlobChunk.
/// Thread: the endpoint's loop. Ownership: borrows both; construct before the endpoint's start().
class BlobServer {
 public:
  BlobServer(RpcEndpoint& endpoint, BlobStore& store);
};

/// Brings blobs from a server into a store of this process. Fetches of one blob at the same time
/// share the transfer. Thread: the endpoint's loop. Ownership: borrows endpoint, transport and
/// store. Lifetime: until the endpoint is stopped.
class BlobCache {
 public:
  using Done = std::function<void(Result<std::string> path)>;
  BlobCache(RpcEndpoint& endpoint, MessageTransport& transport, BlobStore& store);

  /// Calls `done`, at once if the blob is here, with its path. `server` is host:port. Errors:
  /// kNotFound, kUnavailable, kDeadlineExceeded, kCorruptData, errors of the file system.
  void fetch(const BlobDigest& digest, const std::string& server, Done done);
  /// Closes the connections to all servers; what is being fetched fails with `reason`.
  void disconnect(const Status& reason);

 private:
  void requestPiece(const BlobDigest& digest, const RpcEndpoint::PeerId& peer, std::int64_t offset);
  void onPiece(const BlobDigest& digest, const RpcEndpoint::PeerId& peer, std::int64_t offset,
               Result<protocol::GetBlobChunkRequest::Response> piece);
  void finish(const BlobDigest& digest, const Status& status);
  Result<RpcEndpoint::PeerId> peerOf(const std::string& server);

  RpcEndpoint& endpoint_;
  MessageTransport& transport_;
  BlobStore& store_;
  std::map<std::string, RpcEndpoint::PeerId> servers_;
  std::map<BlobDigest, std::vector<Done>> waiting_;
  std::uint64_t session_ = 0;  ///< grows with disconnect(); answers of earlier ones are ignored
};

}  // namespace flink::control
