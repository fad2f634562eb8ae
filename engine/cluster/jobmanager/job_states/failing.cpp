#include "cluster/jobmanager/job_execution.h"
#include "cluster/jobmanager/job_states/job_state.h"

namespace flink::jobmanager {
namespace {

using protocol::JobStatus;

class Failing final : public JobState {
  void enter(JobContext& job) const override {
    job.startCancellationTimer();
    job.execution().cancelAll();
    onTasksEnded(job);
  }

  Status cancel(JobContext& job) const override {
    job.moveTo(JobStatus::kCancelling);
    return Status::ok();
  }

  // Belongs to the root as a concurrent failure.
  void onFailure(JobContext& job, const TaskFailure& failure) const override {
    job.remember(failure);
  }

  void onTasksEnded(JobContext& job) const override {
    if (job.execution().graph().allTerminal()) job.moveTo(JobStatus::kFailed);
  }
};

}  // namespace

const JobState& failingState() {
  static const Failing state;
  return state;
}

}  // namespace flink::jobmanager
