#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dataflow/operators/interruption.h"
#include "dataflow/task/batch_sizer.h"
#include "dataflow/task/collect_port.h"
#include "dataflow/task/mailbox.h"
#include "dataflow/task/operator_chain.h"
#include "dataflow/task/probe.h"
#include "dataflow/task/processing_timers.h"
#include "dataflow/task/running_snapshot.h"
#include "dataflow/task/task.h"
#include "dataflow/task/task_input.h"
#include "dataflow/task/wake_up.h"

namespace flink::task {

/// The real Task: a cooperative state machine on the executor.
/// Phases: kOpening → kRunning → kFinishing → kDraining → kEnded; a task that is stopped with a
/// savepoint and not drained leaves out kFinishing, one that had finished before its restore is
/// draining at once; from each → kEnded by cancel or failure.
/// Thread: see Task; everything without a note belongs to the step (start() runs before the first
/// one).
class Subtask final : public Task, public Steppable, private operators::Interruption {
 public:
  Subtask(TaskSpec spec, const TaskServices& services);
  ~Subtask() override;

  void start() override;
  void cancel() override;
  void fail(Status reason) override;
  void deliverEvent(const OperatorId& op, std::string payload) override;
  void triggerCheckpoint(const CheckpointBarrier& barrier) override;
  void notifyCheckpointComplete(checkpoint::CheckpointId id) override;
  void notifyCheckpointAborted(checkpoint::CheckpointId id) override;
  [[nodiscard]] TaskFigures figures() const override { return probe_.figures(); }
  [[nodiscard]] const ExecutionAttemptId& attempt() const override { return spec_.attempt; }
  [[nodiscard]] std::string_view currentOperator() const override;

  StepResult step(Duration budget) override;
  void onAwait(bool waiting) override;
  [[nodiscard]] std::shared_ptr<std::atomic<bool>> holdFlag() override { return interruption_; }
  [[nodiscard]] std::string_view name() const override { return name_; }

 private:
  // Interruption
  void throwIfStopped() override;
  void passOn() override;

  enum class Phase : std::uint8_t {
    kOpening,
    kRunning,
    kFinishing,
    kDraining,  ///< emits nothing any more; takes part in checkpoints until it may end
    kEnded
  };
  /// Decides between finishing and being stopped: kOpen → kStopped (cancel, fail) → kEnded, or
  /// kOpen → kEnded.
  enum class Fate : std::uint8_t { kOpen, kStopped, kEnded };
  struct OperatorEvent {
    OperatorId op;
    std::string payload;
  };
  struct CheckpointNotice {
    checkpoint::CheckpointId id = 0;
    bool complete = false;  ///< else aborted
  };
  struct SnapshotStored {
    checkpoint::CheckpointId id = 0;
  };
  using Mail =
      std::variant<OperatorEvent, Status, CheckpointBarrier, CheckpointNotice, SnapshotStored>;

  // Life cycle (subtask.cpp).
  Status build();
  OperatorChain::Services chainServices();
  void open();
  /// False when the task has ended already.
  bool stopOpen();
  /// The operators begin where a checkpoint left them.
  Status restore();
  /// The reason to stop, if there is one; hands coordinator messages on.
  Status readMail();
  Status treat(Mail&& mail);
  Status finishOutputs();
  StepResult end(TaskState state, std::optional<Status> failure);
  void releaseOutputs(const Status& reason);
  void report(TaskState state, const std::optional<Status>& failure = std::nullopt);

  // Checkpoints (subtask_checkpoint.cpp).
  /// What one step writes of a pending snapshot, so that processing goes on beside it.
  static constexpr std::size_t kEntriesPerStep = 4096;
  /// Lets the barriers begin here that were asked for and can.
  Status beginTriggered();
  /// Puts the barrier into the outputs and fixes the state that belongs to it.
  Status takeSnapshot(const CheckpointBarrier& barrier,
                      const checkpoint::SubtaskMetrics& alignment);
  Status fixState(const CheckpointBarrier& barrier, checkpoint::SnapshotWriter& writer);
  /// A barrier, or a cancellation, that came in on a channel.
  Status onCheckpointEvent(const CheckpointEvent& event);
  [[nodiscard]] bool hasUnwrittenSnapshot() const;
  void writeSomeSnapshot(std::size_t maxEntries);
  void store(RunningSnapshot& snapshot);
  void onSnapshotStored(checkpoint::CheckpointId id);
  void acknowledge(RunningSnapshot snapshot, checkpoint::TaskSnapshot stored);
  void onCheckpointComplete(checkpoint::CheckpointId id);
  Status onCheckpointAborted(checkpoint::CheckpointId id);
  void giveUp(checkpoint::CheckpointId id);
  void decline(checkpoint::CheckpointId id, checkpoint::CheckpointFailureReason reason,
               const Status& why);

  // Steps (subtask_step.cpp).
  Result<StepResult> advance();
  /// Runs timers and what event time made due; false when the budget is used up before.
  bool workOffTime();
  Result<StepResult> readInputs();
  Result<StepResult> pollSource();
  Result<StepResult> finishOperators();
  /// The last record is out: tells the consumers and goes on to kDraining where that is needed.
  Status beginDraining();
  Result<StepResult> drain();
  /// True when nothing holds a draining task any more.
  [[nodiscard]] bool mayEnd() const;
  Result<StepResult> endFinished();
  /// True while every output has room for more.
  [[nodiscard]] bool outputsAvailable() const;
  StepResult waitForOutput();
  StepResult outOfInput();
  /// Accounts one call into the chain and flushes what is due; true when the budget is used up.
  bool afterCall(std::size_t records);
  void flushAll();
  void flushOutputs();
  void publish();
  /// Has what keyed states hold published within a second of whatever this step did to them.
  void publishStateFigures();

  const TaskSpec spec_;
  const TaskServices services_;
  const std::string name_;
  const std::shared_ptr<WakeUp> wakeUp_ = std::make_shared<WakeUp>();
  TaskProbe probe_;
  ProcessingTimers timers_;
  std::shared_ptr<CollectPort> collectPort_;
  std::vector<std::unique_ptr<network::ResultPartition>> partitions_;
  std::unique_ptr<OperatorChain> chain_;
  std::unique_ptr<InputReader> input_;
  std::map<std::string, std::string> accumulators_;

  // Shared with what stores snapshots, which may outlive the task.
  const std::shared_ptr<Mailbox<Mail>> mailbox_ =
      std::make_shared<Mailbox<Mail>>(*services_.clock, probe_.mailboxLatency());
  std::deque<CheckpointBarrier> triggers_;  // to begin here
  std::vector<RunningSnapshot> snapshots_;  // oldest first; only the newest is being written
  /// Of the task's end: a checkpoint that has the state in which it ends.
  std::optional<checkpoint::CheckpointId> endsWith_;
  /// The synchronous savepoint with which the task stops.
  std::optional<CheckpointBarrier> stopsWith_;
  bool endConfirmed_ = false;  // endsWith_, or a newer one, is complete
  bool hadFinished_ = false;   // before the checkpoint that it was restored from
  bool timeSettled_ = true;    // no timer and no event time stopped halfway
  // Shared with callbacks of operators that may outlive a step.
  const std::shared_ptr<std::atomic<bool>> cancelRequested_ =
      std::make_shared<std::atomic<bool>>(false);
  /// Asks the running step to look up. Shared with the executor's watchdog.
  const std::shared_ptr<std::atomic<bool>> interruption_ =
      std::make_shared<std::atomic<bool>>(false);
  std::atomic<bool> built_{false};  // partitions_ does not change any more
  std::atomic<Fate> fate_{Fate::kOpen};

  Phase phase_ = Phase::kOpening;
  BatchSizer sizer_;
  const Duration bufferTimeout_;  // negative: only full buffers
  Duration budget_{};
  MonotonicTime startedAt_{}, stepBegan_{}, lastCall_{}, lastFlush_{}, outputWaitBegan_{};
  Duration lastOutputWait_{};
  std::int64_t lastBuffersOut_ = 0;
  bool yielded_ = false;  // out of input for one step: the next one flushes and waits
  bool waitsForOutput_ = false;
  /// A timer brings on the next look at what keyed states hold; it has fired.
  bool figuresScheduled_ = false, figuresDue_ = false;
};

}  // namespace flink::task
