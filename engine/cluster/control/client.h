#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cluster/protocol/codec.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"

namespace flink::control {

/// A blocking client of one cluster, used by flinkctl, the console's session and tests.
/// Thread: one caller at a time; a call never outlives its deadline.
class ClusterClient {
 public:
  /// `jobManager` is host:port of the RPC port. Does not wait for the cluster. Errors:
  /// kInvalidArgument.
  static Result<std::unique_ptr<ClusterClient>> connect(const std::string& jobManager);
  virtual ~ClusterClient() = default;

  template <class Request>
  Result<typename Request::Response> call(const Request& request,
                                          Duration deadline = std::chrono::seconds(10)) {
    auto answer = callRaw(Request::kMethod, protocol::encode(request), deadline);
    if (!answer) return std::move(answer).status();
    return protocol::decode<typename Request::Response>(asBytes(*answer));
  }
  /// Sends the file unless the cluster has its digest; returns the digest. `progress` gets (sent,
  /// total) bytes.
  virtual Result<BlobDigest> uploadFile(
      const std::string& path, std::function<void(std::uint64_t, std::uint64_t)> progress) = 0;
  /// Follows the event stream, beginning with its kStreamOpened (event_stream.h), until `handler`
  /// returns false or `timeout` passes.
  virtual Status followEvents(std::function<bool(const protocol::ClusterEvent&)> handler,
                              Duration timeout) = 0;
  /// call() for a message that is encoded already (relays).
  virtual Result<Bytes> callRaw(protocol::Method method, Bytes body, Duration deadline) = 0;
};

}  // namespace flink::control
