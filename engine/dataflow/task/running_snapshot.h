#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/fs.h"
#include "dataflow/checkpoint/snapshot_writer.h"
#include "dataflow/task/task_checkpoint.h"

namespace flink::task {

/// Makes one snapshot durable on the pool. Whoever comes second of the pool, which is done, and the
/// task, which gives the snapshot up, removes the files.
/// Thread: as its methods say.
class SnapshotStore : public std::enable_shared_from_this<SnapshotStore> {
 public:
  SnapshotStore(FileSystem& files, Executor& executor) : files_(files), executor_(executor) {}

  /// `onStored` is called on the pool, unless the snapshot is given up before.
  /// Thread: the task's step.
  void start(std::unique_ptr<checkpoint::SnapshotWriter> writer, std::function<void()> onStored);
  /// Thread: the task's step. REQUIRES: onStored was called.
  Result<checkpoint::TaskSnapshot> take() { return std::move(*outcome_); }
  /// Thread: the task's step, or its end.
  void giveUp();

 private:
  enum class State : std::uint8_t { kStoring, kStored, kGivenUp };
  void removeFiles() const;

  FileSystem& files_;
  Executor& executor_;
  std::atomic<State> state_{State::kStoring};
  std::optional<Result<checkpoint::TaskSnapshot>> outcome_;  // written by the pool before kStored
};

/// One snapshot of a subtask between its barrier and its acknowledgement.
/// States: kWriting (the step writes entries between batches) → kStoring (the pool waits for the
/// disk) → gone; given up from each.
struct RunningSnapshot {
  enum class State : std::uint8_t { kWriting, kStoring };

  CheckpointBarrier barrier;
  State state = State::kWriting;
  std::unique_ptr<checkpoint::SnapshotWriter> writer;  ///< kWriting only
  std::shared_ptr<SnapshotStore> store;                ///< kStoring only
  checkpoint::SubtaskMetrics metrics;
  MonotonicTime asyncBegan{};
};

}  // namespace flink::task
