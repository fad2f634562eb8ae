#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cluster/jobmanager/collect_buffer.h"
#include "cluster/jobmanager/failure_history.h"
#include "cluster/jobmanager/job_checkpoints.h"
#include "cluster/jobmanager/job_execution.h"
#include "cluster/jobmanager/job_restarts.h"
#include "cluster/jobmanager/job_states/job_state.h"
#include "cluster/jobmanager/probe.h"
#include "cluster/jobmanager/services.h"
#include "cluster/protocol/messages.h"

namespace flink::jobmanager {

/// Leads one job from its submission to its end: keeps its state, timestamps, failures and result,
/// and lets the current state (job_states/) decide what follows an event. Thread: the JobManager's
/// event loop. Lifetime: until its Dispatcher has archived it; the end is announced by a posted
/// onEnded.
class JobMaster final : private JobContext, private ExecutionListener {
 public:
  using OnEnded = std::function<void(const JobId&)>;
  using OnSnapshot = std::function<void(const checkpoint::command::AnswerRequest&)>;

  /// REQUIRES: scheduler::validateJobGraph(*graph).
  JobMaster(std::shared_ptr<const protocol::JobGraph> graph, const JobSettings& settings,
            const JobServices& services, OnEnded onEnded, OnSnapshot onSnapshot);
  ~JobMaster() override;

  void start();
  /// Errors: kJobAlreadyTerminated.
  Status cancel();
  /// Begins a checkpoint or savepoint; its end is announced by onSnapshot. Errors: kUnsupported
  /// for batch jobs.
  Status triggerSnapshot(checkpoint::RequestId request, checkpoint::SnapshotKind kind,
                         const std::string& target);
  /// The JobManager stops.
  void suspend();

  Status onTaskStateChanged(const TaskManagerId& sender, protocol::TaskStateChangedRequest report);
  Status onCoordinatorFailed(const TaskManagerId& sender,
                             protocol::CoordinatorFailedRequest report);
  void onTaskReport(const TaskManagerId& sender, protocol::TaskReport report);
  Status onAcknowledge(const TaskManagerId& sender,
                       const protocol::AcknowledgeCheckpointRequest& answer);
  Status onDecline(const TaskManagerId& sender, const protocol::DeclineCheckpointRequest& answer);
  void onTasksLost(const TaskManagerId& taskManager, const protocol::FailureInfo& failure);
  void onOperatorEvent(protocol::OperatorEvent event,
                       Responder<protocol::OperatorEventRequest> responder);

  [[nodiscard]] const JobId& id() const { return id_; }
  [[nodiscard]] const BlobDigest& library() const { return graph_->program.library; }
  [[nodiscard]] protocol::JobStatus status() const { return status_; }
  [[nodiscard]] protocol::JobOverview overview() const;
  [[nodiscard]] protocol::JobDetails details() const;
  /// REQUIRES: the job is in a terminal state.
  [[nodiscard]] protocol::JobResult result() const;
  /// Errors: kNotFound.
  [[nodiscard]] Result<protocol::GetMetricsRequest::Response> metrics(
      const JobVertexId& vertex) const;
  void countAssignedTasks(const TaskManagerId& taskManager,
                          std::map<AllocationId, std::int32_t>& counts) const {
    execution_.countAssignedTasks(taskManager, counts);
  }
  /// Null for batch jobs.
  [[nodiscard]] const checkpoint::CheckpointHistory* checkpointHistory() const {
    return checkpoints_ ? &checkpoints_->coordinator().history() : nullptr;
  }
  [[nodiscard]] const checkpoint::CheckpointSettings& checkpointSettings() const {
    return settings_.checkpoints;
  }
  [[nodiscard]] CollectBuffers& collected() { return *collected_; }
  /// For the archive. REQUIRES: the job is in a terminal state.
  [[nodiscard]] std::unique_ptr<CollectBuffers> takeCollected() { return std::move(collected_); }

 private:
  // JobContext
  JobExecution& execution() override { return execution_; }
  void moveTo(protocol::JobStatus status) override;
  void remember(const TaskFailure& failure) override;
  bool recover(const TaskFailure& failure) override;
  void restartWhenReady() override;
  void startCancellationTimer() override;
  void conclude() override;
  // ExecutionListener
  void onTaskMoved(scheduler::TaskIndex task) override;
  void onFailure(TaskFailure failure) override;
  void onTasksEnded() override;

  [[nodiscard]] JobCheckpoints::Callbacks checkpointCallbacks();
  void loadRestorePoint();
  void onRestorePoint(Result<checkpoint::CheckpointMetadata> metadata);
  /// Gives the tasks that start next what the latest checkpoint has for them.
  Status setRestores();
  void failUnrecoverably(const Status& reason);
  [[nodiscard]] Status runsThere(const TaskManagerId& sender,
                                 const ExecutionAttemptId& attempt) const;
  void log(const TaskFailure& failure) const;
  [[nodiscard]] std::vector<scheduler::TaskIndex> allTasks() const;
  [[nodiscard]] const JobState& state() const { return jobStateOf(status_); }
  [[nodiscard]] std::int64_t stampOf(protocol::JobStatus status) const {
    return timestampsMs_[static_cast<std::size_t>(status)];
  }

  const JobServices services_;
  const JobSettings settings_;
  const OnEnded onEnded_;
  const OnSnapshot onSnapshot_;
  const std::shared_ptr<const protocol::JobGraph> graph_;
  const JobId id_;
  protocol::JobStatus status_ = protocol::JobStatus::kInitializing;
  std::array<std::int64_t, protocol::kNumJobStatuses> timestampsMs_{};
  JobProbe probe_;
  FailureHistory failures_;
  JobRestarts restarts_;
  std::unique_ptr<CollectBuffers> collected_;
  const Duration cancellationTimeout_;
  EventLoop::TimerId cancellationTimer_ = EventLoop::TimerId::kNone;
  bool concludes_ = false;
  const std::shared_ptr<const int> alive_ = std::make_shared<const int>(0);
  JobExecution execution_;                     // its end drops the callbacks into this
  std::optional<JobCheckpoints> checkpoints_;  // of streaming jobs
};

}  // namespace flink::jobmanager
