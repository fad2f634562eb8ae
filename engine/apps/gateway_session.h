#pragma once

#include <future>
#include <memory>
#include <utility>

#include "api/program/program_session.h"
#include "cluster/jobmanager/gateway.h"

namespace flink::apps {

/// Asks a JobManager of this process and waits for the answer. REQUIRES: not on the JobManager's
/// loop.
template <class Request>
Result<typename Request::Response> callGateway(jobmanager::JobManagerGateway& gateway,
                                               Request request) {
  auto answer = std::make_shared<std::promise<Result<typename Request::Response>>>();
  gateway.handle(std::move(request), [answer](Result<typename Request::Response> result) {
    answer->set_value(std::move(result));
  });
  return answer->get_future().get();
}

/// A program's way to a JobManager of the same process. Thread: the program's.
class GatewaySession final : public program::ProgramSession {
 public:
  explicit GatewaySession(jobmanager::JobManagerGateway& gateway) : gateway_(gateway) {}

  Status submit(const protocol::JobGraph& graph) override {
    return callGateway(gateway_, protocol::SubmitJobRequest{graph}).status();
  }
  Result<protocol::WaitJobRequest::Response> wait(const JobId& job, std::int64_t waitMs) override {
    return callGateway(gateway_, protocol::WaitJobRequest{job, waitMs});
  }
  Status cancel(const JobId& job) override {
    return callGateway(gateway_, protocol::CancelJobRequest{job}).status();
  }
  Result<protocol::CollectResultsRequest::Response> collect(
      const protocol::CollectResultsRequest& request) override {
    return callGateway(gateway_, request);
  }

 private:
  jobmanager::JobManagerGateway& gateway_;
};

}  // namespace flink::apps
