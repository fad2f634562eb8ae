#include "dataflow/checkpoint/failure_counter.h"

#include "core/base/check.h"

namespace flink::checkpoint {

std::string_view reasonText(CheckpointFailureReason reason) {
  switch (reason) {
    case CheckpointFailureReason::kTooManyCheckpointRequests:
      return "too many checkpoint requests are queued";
    case CheckpointFailureReason::kMinimumTimeBetweenCheckpoints:
      return "the minimum pause between checkpoints is not over";
    case CheckpointFailureReason::kNotAllRequiredTasksRunning:
      return "not all required tasks are running";
    case CheckpointFailureReason::kPeriodicSchedulerShutdown:
      return "periodic checkpoints were switched off";
    case CheckpointFailureReason::kIoException:
      return "the checkpoint's folder could not be prepared";
    case CheckpointFailureReason::kCheckpointAsyncException:
      return "a task could not store its state";
    case CheckpointFailureReason::kCheckpointExpired:
      return "checkpoint expired before completing";
    case CheckpointFailureReason::kCheckpointSubsumed:
      return "a newer checkpoint was completed first";
    case CheckpointFailureReason::kCheckpointDeclined:
      return "a task declined the checkpoint";
    case CheckpointFailureReason::kCheckpointDeclinedTaskNotReady:
      return "a task was not ready for the checkpoint";
    case CheckpointFailureReason::kCheckpointDeclinedTaskClosing:
      return "a task was closing";
    case CheckpointFailureReason::kCheckpointDeclinedSubsumed:
      return "a task met the barrier of a newer checkpoint";
    case CheckpointFailureReason::kCheckpointDeclinedOnCancellationBarrier:
      return "a task was told by an input to cancel the checkpoint";
    case CheckpointFailureReason::kCheckpointDeclinedInputEndOfStream:
      return "an input of a task ended";
    case CheckpointFailureReason::kCheckpointCoordinatorShutdown:
      return "the job ended";
    case CheckpointFailureReason::kCheckpointCoordinatorSuspend:
      return "the job is not running";
    case CheckpointFailureReason::kJobFailoverRegion:
      return "a part of the job is being restarted";
    case CheckpointFailureReason::kTaskFailure:
      return "a task failed";
    case CheckpointFailureReason::kFinalizeCheckpointFailure:
      return "the checkpoint's metadata could not be stored";
    case CheckpointFailureReason::kTriggerCheckpointFailure:
      return "the checkpoint could not be triggered";
  }
  checkFailed("reason", "unknown reason of a failed checkpoint", __FILE__, __LINE__);
}

bool isCounted(CheckpointFailureReason reason) {
  switch (reason) {
    case CheckpointFailureReason::kIoException:
    case CheckpointFailureReason::kCheckpointAsyncException:
    case CheckpointFailureReason::kCheckpointDeclined:
    case CheckpointFailureReason::kCheckpointExpired:
    case CheckpointFailureReason::kFinalizeCheckpointFailure:
      return true;
    default:
      return false;
  }
}

bool isPreFlight(CheckpointFailureReason reason) {
  switch (reason) {
    case CheckpointFailureReason::kTooManyCheckpointRequests:
    case CheckpointFailureReason::kMinimumTimeBetweenCheckpoints:
    case CheckpointFailureReason::kNotAllRequiredTasksRunning:
    case CheckpointFailureReason::kPeriodicSchedulerShutdown:
    case CheckpointFailureReason::kIoException:
      return true;
    default:
      return false;
  }
}

bool CheckpointFailureCounter::onFailure(CheckpointFailureReason reason,
                                         std::optional<CheckpointId> id) {
  if (id.has_value() && *id <= lastCompleted_) return false;
  if (isCounted(reason) && (!id.has_value() || counted_.insert(*id).second)) ++count_;
  if (count_ <= tolerable_) return false;
  clear();
  return true;
}

void CheckpointFailureCounter::onCompleted(CheckpointId id) {
  if (id <= lastCompleted_) return;
  lastCompleted_ = id;
  clear();
}

void CheckpointFailureCounter::clear() {
  count_ = 0;
  counted_.clear();
}

}  // namespace flink::checkpoint
