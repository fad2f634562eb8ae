#pragma once

#include <string>

#include "cluster/protocol/messages.h"
#include "core/base/result.h"

namespace flink::program {

/// A program's way to its cluster: flink-program's channel to whoever spawned it, or a MiniCluster
/// in the same process.
/// Thread: the program's.
class ProgramSession {
 public:
  virtual ~ProgramSession() = default;
  /// kCancelled: only the plan was wanted; the program ends without an error.
  virtual Status submit(const protocol::JobGraph& graph) = 0;
  /// The job's result once it is over; else its status after `waitMs`.
  virtual Result<protocol::WaitJobRequest::Response> wait(const JobId& job,
                                                          std::int64_t waitMs) = 0;
  virtual Status cancel(const JobId& job) = 0;
  virtual Result<protocol::CollectResultsRequest::Response> collect(
      const protocol::CollectResultsRequest& request) = 0;
};

}  // namespace flink::program
