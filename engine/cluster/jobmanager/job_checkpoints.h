#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cluster/jobmanager/checkpoint_probe.h"
#include "cluster/jobmanager/job_execution.h"
#include "cluster/jobmanager/services.h"
#include "cluster/protocol/messages.h"
#include "dataflow/checkpoint/coordinator.h"
#include "dataflow/checkpoint/storage.h"

namespace flink::jobmanager {

/// Checkpoints one job: feeds a CheckpointCoordinator with what happens and executes its commands
/// on tasks and disk. Each one's way is published: checkpoint.triggered, .answered (by a first
/// task), .acknowledged (by all; its metadata is written), .completed or .aborted. Thread: the
/// JobManager's event loop; the disk is waited for elsewhere. Lifetime: that of its job's
/// execution. Answers that arrive after its end are dropped.
class JobCheckpoints {
 public:
  struct Callbacks {
    /// Too many checkpoints failed, or one that the job cannot go on without.
    std::function<void(TaskFailure)> onFailure;
    /// What a user asked for has come to its end.
    std::function<void(const checkpoint::command::AnswerRequest&)> onAnswer;
    /// Nothing is being stored any more: the latest checkpoint is known.
    std::function<void()> onStored;
  };

  /// `jobGroup` gets the metrics.
  JobCheckpoints(const scheduler::ExecutionGraph& graph,
                 const checkpoint::CheckpointSettings& settings, const JobServices& services,
                 metrics::MetricGroup& jobGroup, Callbacks callbacks);
  ~JobCheckpoints();

  /// Begins with a checkpoint or savepoint to restore from. `path` names it.
  /// REQUIRES: before start().
  void startFrom(std::shared_ptr<const checkpoint::CheckpointMetadata> metadata,
                 const std::string& path);

  /// The job runs, or no longer does.
  void start();
  void stop(checkpoint::CheckpointFailureReason reason);
  /// Nothing of the job runs any more and it will not again. REQUIRES: !storing().
  void jobEnded(checkpoint::JobEnd end);
  void onTaskMoved(scheduler::TaskIndex task);

  void acknowledge(const protocol::AcknowledgeCheckpointRequest& answer);
  void decline(const protocol::DeclineCheckpointRequest& answer);
  void trigger(checkpoint::RequestId request, checkpoint::SnapshotKind kind,
               const std::string& target);

  /// While true the latest checkpoint is not known: a restart has to wait for onStored.
  [[nodiscard]] bool storing() const { return coordinator_.storeInFlight(); }
  [[nodiscard]] bool stoppedWithSavepoint() const { return coordinator_.stoppedWithSavepoint(); }
  /// What every task starts from, by the latest completed checkpoint; nothing without one.
  /// Errors: kStateNotRestorable.
  [[nodiscard]] Result<std::vector<std::pair<scheduler::TaskIndex, std::string>>> restores(
      bool allowNonRestoredState);
  [[nodiscard]] const checkpoint::CheckpointCoordinator& coordinator() const {
    return coordinator_;
  }

 private:
  using Commands = checkpoint::Commands;

  [[nodiscard]] checkpoint::Instant now() const;
  void run(Commands commands);
  void execute(checkpoint::command::PrepareLocation command);
  void execute(checkpoint::command::TriggerTasks command);
  void execute(checkpoint::command::NotifyAborted command);
  void execute(checkpoint::command::NotifyComplete command);
  void execute(checkpoint::command::StoreCheckpoint command);
  void execute(checkpoint::command::Discard command);
  void execute(checkpoint::command::AnswerRequest command);
  void execute(checkpoint::command::FailJob command);
  /// An event of one checkpoint.
  void publish(std::string kind, checkpoint::CheckpointId id);
  void notify(checkpoint::CheckpointId id, bool completed,
              const std::vector<ExecutionAttemptId>& tasks);
  void onTriggerFailed(checkpoint::CheckpointId id, const std::vector<ExecutionAttemptId>& tasks,
                       const Status& why);
  [[nodiscard]] std::map<TaskManagerId, std::vector<ExecutionAttemptId>> byTaskManager(
      const std::vector<ExecutionAttemptId>& tasks) const;
  void scheduleTick();
  /// Runs `work` where it may wait, and `then` with its result back on the loop.
  template <class Work, class Then>
  void onDisk(Work work, Then then);

  const scheduler::ExecutionGraph& graph_;
  const JobServices services_;
  const JobId job_;
  const Callbacks callbacks_;
  const std::shared_ptr<checkpoint::CheckpointStorage> storage_;
  checkpoint::CheckpointCoordinator coordinator_;
  CheckpointProbe probe_;
  EventLoop::TimerId timer_ = EventLoop::TimerId::kNone;
  std::optional<std::int64_t> timerAtMs_;
  checkpoint::CheckpointId firstAcknowledged_ = 0;  ///< the newest that a task has acknowledged
  const std::shared_ptr<const int> alive_ = std::make_shared<const int>(0);
};

}  // namespace flink::jobmanager
