#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string_view>

#include "dataflow/checkpoint/types.h"

namespace flink::checkpoint {

/// Why a checkpoint came to nothing; Flink's CheckpointFailureReason.
enum class CheckpointFailureReason : std::uint8_t {
  kTooManyCheckpointRequests,
  kMinimumTimeBetweenCheckpoints,
  kNotAllRequiredTasksRunning,
  kPeriodicSchedulerShutdown,
  kIoException,
  kCheckpointAsyncException,
  kCheckpointExpired,
  kCheckpointSubsumed,
  kCheckpointDeclined,
  kCheckpointDeclinedTaskNotReady,
  kCheckpointDeclinedTaskClosing,
  kCheckpointDeclinedSubsumed,
  kCheckpointDeclinedOnCancellationBarrier,
  kCheckpointDeclinedInputEndOfStream,
  kCheckpointCoordinatorShutdown,
  kCheckpointCoordinatorSuspend,
  kJobFailoverRegion,
  kTaskFailure,
  kFinalizeCheckpointFailure,
  kTriggerCheckpointFailure,
};
/// In words for users.
[[nodiscard]] std::string_view reasonText(CheckpointFailureReason reason);
/// Counts toward execution.checkpointing.tolerable-failed-checkpoints.
[[nodiscard]] bool isCounted(CheckpointFailureReason reason);
/// The checkpoint never reached a task.
[[nodiscard]] bool isPreFlight(CheckpointFailureReason reason);

/// Counts failures in a row and says when there are too many.
class CheckpointFailureCounter {
 public:
  explicit CheckpointFailureCounter(std::int32_t tolerable) : tolerable_(tolerable) {}

  /// True when the job has to fail now; counting then starts again. Each checkpoint is counted
  /// once, and one that is older than the last completed one is not counted. `id` is absent for
  /// failures before a checkpoint had one.
  bool onFailure(CheckpointFailureReason reason, std::optional<CheckpointId> id);
  void onCompleted(CheckpointId id);

  [[nodiscard]] std::int32_t numConsecutive() const { return count_; }

 private:
  void clear();

  const std::int32_t tolerable_;
  std::int32_t count_ = 0;
  std::set<CheckpointId> counted_;
  CheckpointId lastCompleted_ = 0;
};

}  // namespace flink::checkpoint
