#pragma once

#include <cstdint>
#include <string>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "dataflow/checkpoint/failure_counter.h"
#include "dataflow/checkpoint/location.h"
#include "dataflow/checkpoint/snapshot_writer.h"
#include "dataflow/checkpoint/statistics.h"
#include "dataflow/checkpoint/types.h"

namespace flink::task {

/// What a barrier says, wherever it came from.
struct CheckpointBarrier {
  checkpoint::CheckpointId id = 0;
  std::int64_t timestampMs = 0;  ///< when it was triggered, since the epoch
  checkpoint::SnapshotKind kind = checkpoint::SnapshotKind::kCheckpoint;
  checkpoint::CheckpointLocation location;
  friend bool operator==(const CheckpointBarrier&, const CheckpointBarrier&) = default;
};

/// What a subtask has to know for its checkpoints before it starts.
struct TaskCheckpointing {
  /// What the operators start with: bytes of checkpoint::encodeTaskRestore(); empty: nothing.
  std::string restore;
  checkpoint::SnapshotSettings snapshots;
  /// Barriers are aligned; else records behind a barrier may pass it.
  bool exactlyOnce = true;
  /// Checkpoints are taken periodically.
  bool periodic = false;
  /// Checkpoints are taken periodically, also after tasks have finished
  /// (execution.checkpointing.checkpoints-after-tasks-finish): a task whose input has ended takes
  /// part in checkpoints until one that has its final state is complete, and only then ends.
  bool finalCheckpoint = false;
};

/// The side of a task that takes part in checkpoints. A task answers every barrier that reaches it,
/// by a call or through its inputs, with one acknowledgement or refusal, unless the checkpoint was
/// aborted or the task stopped before. Thread: any.
class CheckpointableTask {
 public:
  virtual ~CheckpointableTask() = default;
  /// Lets the barrier begin here: REQUIRES a source, or a task none of whose producers still runs
  /// (checkpoint::planCheckpoint() says which).
  virtual void triggerCheckpoint(const CheckpointBarrier& barrier) = 0;
  /// The checkpoint, and with it all older ones, is complete and durable. After a synchronous
  /// savepoint (checkpoint::isSynchronous()) the task ends.
  virtual void notifyCheckpointComplete(checkpoint::CheckpointId id) = 0;
  /// The checkpoint will not be completed. What was blocked for it goes on.
  virtual void notifyCheckpointAborted(checkpoint::CheckpointId id) = 0;
};

/// Takes a task's answers to barriers. Thread: called from executor threads; must only hand over.
class CheckpointResponder {
 public:
  virtual ~CheckpointResponder() = default;
  /// The task's part is durable. `snapshot`: bytes of checkpoint::encodeTaskSnapshot().
  virtual void acknowledgeCheckpoint(const ExecutionAttemptId& task, checkpoint::CheckpointId id,
                                     std::string snapshot,
                                     const checkpoint::SubtaskMetrics& metrics) = 0;
  /// The task will not contribute; nothing that it wrote for the checkpoint is left.
  virtual void declineCheckpoint(const ExecutionAttemptId& task, checkpoint::CheckpointId id,
                                 checkpoint::CheckpointFailureReason reason, const Status& why) = 0;
};

}  // namespace flink::task
