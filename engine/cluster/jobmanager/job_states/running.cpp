#include "cluster/jobmanager/job_execution.h"
#include "cluster/jobmanager/job_states/job_state.h"

namespace flink::jobmanager {
namespace {

using protocol::JobStatus;

class Running final : public JobState {
  void enter(JobContext& job) const override { job.execution().scheduleReady(); }

  Status cancel(JobContext& job) const override {
    job.moveTo(JobStatus::kCancelling);
    return Status::ok();
  }

  void onFailure(JobContext& job, const TaskFailure& failure) const override {
    job.moveTo(job.recover(failure) ? JobStatus::kRestarting : JobStatus::kFailing);
  }

  void onTasksEnded(JobContext& job) const override {
    if (job.execution().graph().allFinished()) job.moveTo(JobStatus::kFinished);
  }
};

}  // namespace

const JobState& runningState() {
  static const Running state;
  return state;
}

}  // namespace flink::jobmanager
