#pragma once

#include <memory>

#include "api/program/program_session.h"
#include "cluster/control/rpc.h"
#include "core/base/executor.h"

namespace flink::apps {

/// A program's calls as blocking requests to whoever spawned flink-program, which passes them on to
/// the cluster. Thread: the program's; the answers come on the loop. Ownership: borrows loop and
/// endpoint.
class ChannelSession final : public program::ProgramSession {
 public:
  ChannelSession(EventLoop& loop, control::RpcEndpoint& rpc) : loop_(loop), rpc_(rpc) {}

  Status submit(const protocol::JobGraph& graph) override;
  Result<protocol::WaitJobRequest::Response> wait(const JobId& job, std::int64_t waitMs) override;
  Status cancel(const JobId& job) override;
  Result<protocol::CollectResultsRequest::Response> collect(
      const protocol::CollectResultsRequest& request) override;
  /// Tells the spawner how the program ended.
  Status finish(const protocol::ProgramFinishedRequest& request);

 private:
  template <class Request>
  Result<typename Request::Response> call(const Request& request, Duration deadline);

  EventLoop& loop_;
  control::RpcEndpoint& rpc_;
};

}  // namespace flink::apps
