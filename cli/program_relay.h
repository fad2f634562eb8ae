#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cluster/control/program_runner.h"
#include "cluster/control/rpc.h"
#include "core/base/clock.h"
#include "core/base/executor.h"

namespace flink::cli {

/// Passes the calls of one program on to the cluster, all at the same time, and tells the user what
/// becomes of its jobs.
/// Thread: relay() on `loop`, libraryUploaded() on any; jobs() and results() once the loop has
/// stopped. Ownership: borrows loop, clock and options.
class ProgramRelay {
 public:
  /// A call may take `timeout`, and as long as the program lets the cluster wait on top.
  /// `watchJobs`: says what keeps a job from starting.
  ProgramRelay(EventLoop& loop, const Clock& clock, const GlobalOptions& global, Duration timeout,
               bool watchJobs);
  ~ProgramRelay();
  ProgramRelay(const ProgramRelay&) = delete;
  ProgramRelay& operator=(const ProgramRelay&) = delete;

  /// `jobManager` is host:port; before everything else. Errors: kInvalidArgument.
  Status connect(const std::string& jobManager);
  void relay(protocol::Method method, Bytes body, const control::ProgramRunner::Answer& answer);
  /// Submissions wait for this.
  void libraryUploaded(Result<BlobDigest> digest);

  /// In the order of submission.
  [[nodiscard]] const std::vector<JobId>& jobs() const { return jobs_; }
  /// In the order of their ends.
  [[nodiscard]] const std::vector<protocol::JobResult>& results() const { return results_; }

 private:
  void submit(const Bytes& body, const control::ProgramRunner::Answer& answer);
  void noteSubmitted(const JobId& id);
  void noteResult(const Bytes& body);
  void watch(const JobId& id);
  void noteDetails(const JobId& id, const protocol::JobDetails& job);

  EventLoop& loop_;
  const GlobalOptions& global_;
  const Duration timeout_;
  const bool watchJobs_;
  std::unique_ptr<MessageTransport> transport_;
  control::RpcEndpoint rpc_;
  control::RpcEndpoint::PeerId jobManager_;
  std::optional<Result<BlobDigest>> library_;
  std::vector<std::function<void()>> waitingForLibrary_;
  std::vector<JobId> jobs_;
  std::vector<protocol::JobResult> results_;
};

}  // namespace flink::cli
