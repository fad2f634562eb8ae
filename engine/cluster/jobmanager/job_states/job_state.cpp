#include "cluster/jobmanager/job_states/job_state.h"

#include "core/base/check.h"

namespace flink::jobmanager {

const JobState& jobStateOf(protocol::JobStatus status) {
  switch (status) {
    case protocol::JobStatus::kInitializing:
      return initializingState();
    case protocol::JobStatus::kCreated:
      return createdState();
    case protocol::JobStatus::kRunning:
      return runningState();
    case protocol::JobStatus::kRestarting:
      return restartingState();
    case protocol::JobStatus::kFailing:
      return failingState();
    case protocol::JobStatus::kCancelling:
      return cancellingState();
    case protocol::JobStatus::kFinished:
    case protocol::JobStatus::kFailed:
    case protocol::JobStatus::kCanceled:
    case protocol::JobStatus::kSuspended:
      return endedState();
    case protocol::JobStatus::kReconciling:
      break;
  }
  checkFailed("a status that jobs take", toString(status), __FILE__, __LINE__);
}

}  // namespace flink::jobmanager
