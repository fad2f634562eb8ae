#include "cluster/jobmanager/job_states/job_state.h"

namespace flink::jobmanager {
namespace {

using protocol::JobStatus;

class Restarting final : public JobState {
  void enter(JobContext& job) const override {
    job.startCancellationTimer();
    job.restartWhenReady();
  }

  Status cancel(JobContext& job) const override {
    job.moveTo(JobStatus::kCancelling);
    return Status::ok();
  }

  void onFailure(JobContext& job, const TaskFailure& failure) const override {
    if (!job.recover(failure)) job.moveTo(JobStatus::kFailing);
  }

  void onTasksEnded(JobContext& job) const override { job.restartWhenReady(); }
};

}  // namespace

const JobState& restartingState() {
  static const Restarting state;
  return state;
}

}  // namespace flink::jobmanager
