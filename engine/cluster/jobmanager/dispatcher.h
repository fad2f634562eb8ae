#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "cluster/jobmanager/gateway.h"
#include "cluster/jobmanager/job_master.h"
#include "cluster/jobmanager/job_store.h"
#include "cluster/jobmanager/services.h"
#include "cluster/jobmanager/snapshot_requests.h"

namespace flink::jobmanager {

/// Takes jobs in, leads each through its JobMaster, keeps the ended ones, and lets clients wait for
/// them. Thread: the JobManager's event loop. Lifetime: ends before the ResourceManager.
class Dispatcher final : public ResourceListener {
 public:
  explicit Dispatcher(JobServices services);
  ~Dispatcher() override;

  /// Errors: kAlreadyExists, kJobGraphInvalid, kLimitExceeded.
  Status submit(protocol::JobGraph graph);
  /// Errors: kJobNotFound, kJobAlreadyTerminated naming the state.
  Status cancel(const JobId& id);
  /// Errors: kJobNotFound, kJobAlreadyTerminated, those of JobMaster::triggerSnapshot().
  Result<protocol::TriggerSnapshotRequest::Response> triggerSnapshot(
      const protocol::TriggerSnapshotRequest& request);
  void waitSnapshot(const protocol::WaitSnapshotRequest& request,
                    Responder<protocol::WaitSnapshotRequest> responder);
  /// Errors: kJobNotFound, kNotFound.
  [[nodiscard]] Result<protocol::GetCheckpointsRequest::Response> checkpoints(
      const protocol::GetCheckpointsRequest& request);
  void wait(const protocol::WaitJobRequest& request, Responder<protocol::WaitJobRequest> responder);
  [[nodiscard]] std::vector<protocol::JobOverview> overviews() const;
  [[nodiscard]] Result<protocol::JobDetails> details(const JobId& id);
  [[nodiscard]] Result<protocol::GetMetricsRequest::Response> metrics(
      const protocol::GetMetricsRequest& request);
  void collectResults(const protocol::CollectResultsRequest& request,
                      Responder<protocol::CollectResultsRequest> responder);
  /// Adds the jobs to an overview of the cluster.
  void countJobs(protocol::ClusterOverview& overview) const;
  /// The JobManager stops: jobs end in SUSPENDED.
  void suspendAll();

  // From TaskManagers.
  Status onTaskStateChanged(const TaskManagerId& sender, protocol::TaskStateChangedRequest report);
  Status onCoordinatorFailed(const TaskManagerId& sender,
                             protocol::CoordinatorFailedRequest report);
  Status onAcknowledge(const TaskManagerId& sender,
                       const protocol::AcknowledgeCheckpointRequest& answer);
  Status onDecline(const TaskManagerId& sender, const protocol::DeclineCheckpointRequest& answer);
  void onOperatorEvent(protocol::OperatorEvent event,
                       Responder<protocol::OperatorEventRequest> responder);
  void onCollectedRecords(protocol::CollectedRecordsRequest request,
                          Responder<protocol::CollectedRecordsRequest> responder);

  // ResourceListener
  void onTasksLost(const JobId& job, const TaskManagerId& taskManager,
                   const protocol::FailureInfo& failure) override;
  void onTaskReports(const TaskManagerId& taskManager,
                     std::vector<protocol::TaskReport> reports) override;
  [[nodiscard]] std::map<AllocationId, std::int32_t> assignedTasks(
      const TaskManagerId& taskManager) const override;

  [[nodiscard]] std::int32_t numRunningJobs() const;
  /// The libraries of jobs that run or are kept.
  [[nodiscard]] std::set<BlobDigest> librariesInUse() const;

 private:
  struct Waiting {
    std::uint64_t id = 0;
    Responder<protocol::WaitJobRequest> responder;
    EventLoop::TimerId timer = EventLoop::TimerId::kNone;
  };

  [[nodiscard]] JobMaster* findRunning(const JobId& id);
  [[nodiscard]] CollectBuffers* findCollected(const JobId& id);
  [[nodiscard]] Status notRunning(const JobId& id) const;
  /// Keys of the cluster that a job follows unless it has its own.
  void addClusterDefaults(protocol::JobGraph& graph) const;
  [[nodiscard]] static Status notFound(const JobId& id);
  void onWaitTimeout(const JobId& job, std::uint64_t waiting);
  void archive(const JobId& id);
  void answerWaiting(const JobId& id, const protocol::JobResult& result);

  const JobServices services_;
  JobStore store_;
  SnapshotRequests snapshots_;
  std::map<JobId, std::unique_ptr<JobMaster>> jobs_;
  std::map<JobId, std::vector<Waiting>> waiting_;
  std::uint64_t nextWaiting_ = 1;
  std::size_t numWaiting_ = 0;
  const std::shared_ptr<const int> alive_ = std::make_shared<const int>(0);
};

}  // namespace flink::jobmanager
