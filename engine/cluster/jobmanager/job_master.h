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

  /// REQUIRES: scheduler::validateJobGraph(*graph).
  JobMaster(std::shared_ptr<const protocol::JobGraph> graph, const JobSettings& settings,
            const JobServices& services, OnEnded onEnded);
  ~JobMaster() override;

  void start();
  /// Errors: kJobAlreadyTerminated.
  Status cancel();
  /// The JobManager stops.
  void suspend();

  Status onTaskStateChanged(const TaskManagerId& sender, protocol::TaskStateChangedRequest report);
  void onTaskReport(const TaskManagerId& sender, protocol::TaskReport report);
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

  void log(const TaskFailure& failure) const;
  [[nodiscard]] std::vector<scheduler::TaskIndex> allTasks() const;
  [[nodiscard]] const JobState& state() const { return jobStateOf(status_); }
  [[nodiscard]] std::int64_t stampOf(protocol::JobStatus status) const {
    return timestampsMs_[static_cast<std::size_t>(status)];
  }

  const JobServices services_;
  const OnEnded onEnded_;
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
  JobExecution execution_;  // last: its end drops the callbacks into this
};

}  // namespace flink::jobmanager
