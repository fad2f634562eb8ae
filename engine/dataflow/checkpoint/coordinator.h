#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dataflow/checkpoint/commands.h"
#include "dataflow/checkpoint/failure_counter.h"
#include "dataflow/checkpoint/pending_checkpoint.h"
#include "dataflow/checkpoint/plan.h"
#include "dataflow/checkpoint/request_queue.h"
#include "dataflow/checkpoint/retention.h"
#include "dataflow/checkpoint/settings.h"
#include "dataflow/checkpoint/shared_files.h"
#include "dataflow/checkpoint/statistics.h"

namespace flink::checkpoint {

/// The time of an event: monotonic for timeouts, wall clock for display.
struct Instant {
  std::int64_t monotonicMs = 0;
  std::int64_t wallMs = 0;
};

/// Whose checkpoints these are.
struct CheckpointedJob {
  JobId id;
  std::string name;
  Epoch epoch = Epoch::kNone;
};

/// What became of a StoreCheckpoint command.
enum class StoreOutcome : std::uint8_t {
  kStored,
  kFailed,   ///< it does not exist and never will
  kUnknown,  ///< it may exist: nothing of it is deleted
};

/// Decides when a job is checkpointed, when a checkpoint is complete and what is deleted: a state
/// machine without clock, files or messages. Every event returns the commands that follow from it,
/// to be executed in order.
/// Thread: one owner.
/// Lifetime: that of a job under one JobManager; start() and stop() as the job runs and restarts.
class CheckpointCoordinator {
 public:
  /// `retained`: what the job can be restored from, oldest first; `nextId` is larger than every
  /// number that was ever given.
  CheckpointCoordinator(CheckpointedJob job, CheckpointSettings settings,
                        CheckpointTopology topology, CheckpointId nextId,
                        std::vector<CompletedCheckpoint> retained = {},
                        std::size_t historyLimit = 10);

  // --- the job ---
  /// The job continues from this checkpoint or savepoint, which stays as it is: nothing that this
  /// job writes builds on its files. Numbers go on after its own. REQUIRES: before start().
  void restoreFrom(CompletedCheckpoint checkpoint);
  /// The job runs; periodic checkpoints begin after `initialDelayMs`.
  [[nodiscard]] Commands start(const Instant& now, std::int64_t initialDelayMs);
  /// The job does not run (any more); whatever is pending ends, but for what is being stored.
  [[nodiscard]] Commands stop(CheckpointFailureReason reason, const Instant& now);
  /// The same for pending ones only: a region restarts, the job goes on.
  [[nodiscard]] Commands abortPending(CheckpointFailureReason reason, const Instant& now);
  /// The job has ended; nothing follows. REQUIRES: no store is in flight.
  [[nodiscard]] Commands jobEnded(JobEnd end, const Instant& now);
  /// A subtask's attempt runs, finished, or neither.
  [[nodiscard]] Commands taskChanged(const ExecutionAttemptId& task, TaskPhase phase,
                                     const Instant& now);

  // --- time ---
  /// To be called at nextTickMs() or later.
  [[nodiscard]] Commands tick(const Instant& now);
  [[nodiscard]] std::optional<std::int64_t> nextTickMs() const;

  // --- users ---
  [[nodiscard]] Commands triggerCheckpoint(RequestId request, const Instant& now);
  /// An empty target means the configured directory. A synchronous kind stops the job; if it
  /// fails, periodic checkpoints go on.
  [[nodiscard]] Commands triggerSavepoint(RequestId request, SnapshotKind kind,
                                          const std::string& target, const Instant& now);

  // --- answers ---
  [[nodiscard]] Commands locationPrepared(CheckpointId id, Result<CheckpointLocation> location,
                                          const Instant& now);
  [[nodiscard]] Commands acknowledge(const ExecutionAttemptId& task, CheckpointId id,
                                     TaskSnapshot snapshot, const SubtaskMetrics& metrics,
                                     const Instant& now);
  [[nodiscard]] Commands decline(const ExecutionAttemptId& task, CheckpointId id,
                                 CheckpointFailureReason reason, const Status& why,
                                 const Instant& now);
  /// `why` explains kFailed and kUnknown; `metadataBytes` is how much was stored.
  [[nodiscard]] Commands stored(CheckpointId id, StoreOutcome outcome, const Status& why,
                                const Instant& now, std::uint64_t metadataBytes = 0);

  // --- facts ---
  /// While true, which checkpoint is the latest is not known: wait for stored() before restoring.
  [[nodiscard]] bool storeInFlight() const { return storing_.has_value(); }
  /// Oldest first; the last one is what a restart begins with.
  [[nodiscard]] const std::vector<CompletedCheckpoint>& retained() const { return retained_; }
  [[nodiscard]] std::size_t numPending() const { return pending_.size(); }
  [[nodiscard]] CheckpointId nextId() const { return nextId_; }
  [[nodiscard]] const CheckpointHistory& history() const { return history_; }
  [[nodiscard]] CheckpointHistory& history() { return history_; }
  [[nodiscard]] const CheckpointSettings& settings() const { return settings_; }
  /// The job ends with a savepoint that is completed.
  [[nodiscard]] bool stoppedWithSavepoint() const { return stopped_; }

 private:
  using Pending = std::map<CheckpointId, PendingCheckpoint>;

  void schedulePeriodic(const Instant& now, std::int64_t delayMs);
  void request(TriggerRequest request, const Instant& now, Commands& out);
  void executeQueued(const Instant& now, Commands& out);
  void startTriggering(TriggerRequest request, const Instant& now, Commands& out);
  void refuse(const TriggerRequest& request, CheckpointFailureReason reason, const Status& why,
              Commands& out);
  void abort(Pending::iterator it, CheckpointFailureReason reason, const Status& why,
             const std::optional<ExecutionAttemptId>& task, const Instant& now, Commands& out);
  void abortAll(CheckpointFailureReason reason, const Instant& now, Commands& out);
  void judgeFailure(const PendingCheckpoint& checkpoint, CheckpointFailureReason reason,
                    const Status& why, const std::optional<ExecutionAttemptId>& task,
                    Commands& out);
  void discardLate(CheckpointId id, const TaskSnapshot& snapshot, Commands& out);
  [[nodiscard]] Status checkSnapshot(const TaskPosition& task, const TaskSnapshot& snapshot) const;
  [[nodiscard]] Status checkPartlyFinished(const PendingCheckpoint& checkpoint) const;
  void makeMetadata(PendingCheckpoint& checkpoint);
  void storeNext(Commands& out);
  void complete(PendingCheckpoint checkpoint, std::uint64_t metadataBytes, const Instant& now,
                Commands& out);
  void subsumeOlder(CheckpointId id, const Instant& now, Commands& out);
  void retain(PendingCheckpoint& checkpoint, const Instant& now, command::Discard& discard);
  void failStoring(PendingCheckpoint checkpoint, StoreOutcome outcome, const Status& why,
                   const Instant& now, Commands& out);
  [[nodiscard]] ExecutionAttemptId attemptAt(const TaskPosition& task, std::int32_t attempt) const;
  [[nodiscard]] std::optional<TaskPosition> positionOf(const ExecutionAttemptId& task) const;
  [[nodiscard]] std::vector<ExecutionAttemptId> liveParticipants(
      const PendingCheckpoint& checkpoint) const;

  const CheckpointedJob job_;
  const CheckpointSettings settings_;
  const CheckpointTopology topology_;
  std::map<JobVertexId, std::size_t> vertexById_;
  TaskTable tasks_;
  CheckpointId nextId_;
  std::vector<CompletedCheckpoint> retained_;
  SharedFiles sharedFiles_;
  CheckpointHistory history_;
  CheckpointFailureCounter failures_;
  RequestQueue queue_;
  Pending pending_;
  std::optional<CheckpointId> triggering_;  // in kPreparing
  std::deque<CheckpointId> acknowledged_;   // wait for being stored
  std::optional<CheckpointId> storing_;
  std::optional<std::int64_t> nextPeriodicMs_;
  std::optional<std::int64_t> lastCompletionMs_;
  std::deque<std::pair<CheckpointId, std::string>> recentlyAborted_;  // with their folders
  bool running_ = false;
  bool stopping_ = false;  // a stop-with-savepoint was accepted
  bool stopped_ = false;   // and completed
};

}  // namespace flink::checkpoint
