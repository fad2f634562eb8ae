#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "cluster/control/rpc.h"
#include "cluster/jobmanager/dispatcher.h"
#include "cluster/jobmanager/gateway.h"
#include "cluster/jobmanager/log_files.h"
#include "cluster/jobmanager/probe.h"
#include "cluster/jobmanager/resource_manager.h"
#include "cluster/jobmanager/settings.h"
#include "core/base/fs.h"
#include "core/metrics/registry.h"

namespace flink::jobmanager {

/// Wires Dispatcher and ResourceManager, serves clients and TaskManagers over the RPC endpoint, and
/// is the gateway for those in the same process. Thread: everything runs on `loop`; handle() and
/// announceRest() from any thread. Ownership: borrows what it is given. Lifetime: start() before
/// the endpoint's start(), both with the endpoint stopped or on the loop; stop() and the destructor
/// on the loop, or after it has stopped, with the endpoint stopped first.
class JobManager final : public JobManagerGateway {
 public:
  struct Environment {
    EventLoop& loop;
    const Clock& clock;
    Rng& rng;
    control::RpcEndpoint& rpc;
    FileSystem& files;
    metrics::MetricRegistry& metrics;
    /// Runs work that waits for the disk (log files, checkpoints) off the loop.
    std::function<void(std::function<void()>)> runBlocking;
    /// Takes the events of the cluster's event stream and numbers them; may be empty.
    std::function<void(protocol::ClusterEvent)> publish;
  };

  JobManager(JobManagerSettings settings, JobManagerProcess process, Environment environment);
  ~JobManager() override;

  void start();
  /// Suspends the running jobs and ends their workers.
  void stop();

  /// The epoch of this JobManager; larger than that of any that ran before.
  [[nodiscard]] Epoch epoch() const { return epoch_; }
  /// Where REST listens, once it does: host:port, for GetVersion.
  void announceRest(std::string address);

  /// Answers, on the loop, with the libraries of jobs that run or are kept. Thread: any.
  void listLibraries(std::function<void(std::set<BlobDigest>)> done);

  void handle(protocol::GetVersionRequest request,
              Responder<protocol::GetVersionRequest> responder) override;
  void handle(protocol::SubmitJobRequest request,
              Responder<protocol::SubmitJobRequest> responder) override;
  void handle(protocol::ListJobsRequest request,
              Responder<protocol::ListJobsRequest> responder) override;
  void handle(protocol::GetJobRequest request,
              Responder<protocol::GetJobRequest> responder) override;
  void handle(protocol::CancelJobRequest request,
              Responder<protocol::CancelJobRequest> responder) override;
  void handle(protocol::WaitJobRequest request,
              Responder<protocol::WaitJobRequest> responder) override;
  void handle(protocol::GetOverviewRequest request,
              Responder<protocol::GetOverviewRequest> responder) override;
  void handle(protocol::ListTaskManagersRequest request,
              Responder<protocol::ListTaskManagersRequest> responder) override;
  void handle(protocol::GetTaskManagerRequest request,
              Responder<protocol::GetTaskManagerRequest> responder) override;
  void handle(protocol::ListLogsRequest request,
              Responder<protocol::ListLogsRequest> responder) override;
  void handle(protocol::ReadLogRequest request,
              Responder<protocol::ReadLogRequest> responder) override;
  void handle(protocol::GetMetricsRequest request,
              Responder<protocol::GetMetricsRequest> responder) override;
  void handle(protocol::TriggerSnapshotRequest request,
              Responder<protocol::TriggerSnapshotRequest> responder) override;
  void handle(protocol::WaitSnapshotRequest request,
              Responder<protocol::WaitSnapshotRequest> responder) override;
  void handle(protocol::GetCheckpointsRequest request,
              Responder<protocol::GetCheckpointsRequest> responder) override;
  void handle(protocol::DisposeSavepointRequest request,
              Responder<protocol::DisposeSavepointRequest> responder) override;
  void handle(protocol::CollectResultsRequest request,
              Responder<protocol::CollectResultsRequest> responder) override;

 private:
  using PeerId = control::RpcEndpoint::PeerId;

  template <class Request>
  void serveClients();
  void serveTaskManagers();
  /// Serves requests that only a registered TaskManager may send; `handler(taskManager, request,
  /// responder)`.
  template <class Request, class Handler>
  void serveRegistered(Handler handler);
  /// Runs `fn` on the loop, now if this is the loop.
  void onLoop(std::function<void()> fn);
  void publish(std::string kind, std::map<std::string, std::string> attributes);
  void updateProbe();  // REQUIRES: fully constructed

  const JobManagerSettings settings_;
  const JobManagerProcess process_;
  Environment environment_;
  const Epoch epoch_;
  std::string restAddress_;
  bool stopped_ = false;
  std::shared_ptr<metrics::MetricGroup> metricGroup_;
  ClusterProbe probe_;
  LogFiles logs_;
  ResourceManager resources_;
  Dispatcher dispatcher_;
  const std::shared_ptr<const int> alive_ = std::make_shared<const int>(0);
};

}  // namespace flink::jobmanager
