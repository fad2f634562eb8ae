#pragma once

#include <map>
#include <string>
#include <vector>

#include "api/program/program_session.h"
#include "core/base/error_codes.h"

namespace flink::program {

/// A cluster that finishes every job at once with prepared results.
class FakeSession final : public ProgramSession {
 public:
  Status submit(const protocol::JobGraph& graph) override {
    if (planOnly) {
      plan = graph;
      return {ErrorCode::kCancelled, "only the plan was wanted"};
    }
    submitted.push_back(graph);
    return Status::ok();
  }
  Result<protocol::WaitJobRequest::Response> wait(const JobId& job,
                                                  std::int64_t /*waitMs*/) override {
    if (runningAnswers > 0) {
      --runningAnswers;
      return protocol::WaitJobRequest::Response{protocol::JobStatus::kRunning, std::nullopt};
    }
    protocol::JobResult result = outcome;
    result.id = job;
    return protocol::WaitJobRequest::Response{result.status, result};
  }
  Status cancel(const JobId& job) override {
    cancelled.push_back(job);
    return Status::ok();
  }
  Result<protocol::CollectResultsRequest::Response> collect(
      const protocol::CollectResultsRequest& request) override {
    const auto& all = collected[request.collectId];
    protocol::CollectResultsRequest::Response response;
    const auto from = static_cast<std::size_t>(request.offset);
    response.records.assign(all.begin() + static_cast<std::ptrdiff_t>(std::min(from, all.size())),
                            all.end());
    response.finished = true;
    return response;
  }

  bool planOnly = false;
  int runningAnswers = 0;  ///< so many answers say that the job still runs
  protocol::JobGraph plan;
  protocol::JobResult outcome;
  std::vector<protocol::JobGraph> submitted;
  std::vector<JobId> cancelled;
  std::map<std::string, std::vector<std::string>> collected;
};

}  // namespace flink::program
