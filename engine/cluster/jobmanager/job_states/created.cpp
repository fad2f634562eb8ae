#include "cluster/jobmanager/job_states/job_state.h"

namespace flink::jobmanager {
namespace {

using protocol::JobStatus;

class Created final : public JobState {
  // Nothing is waited for: slots are asked for in RUNNING, as Flink's default scheduler does.
  void enter(JobContext& job) const override { job.moveTo(JobStatus::kRunning); }

  Status cancel(JobContext& job) const override {
    job.moveTo(JobStatus::kCancelling);
    return Status::ok();
  }
  // No task exists outside the JobManager yet.
  void onFailure(JobContext&, const protocol::ExceptionEntry&) const override {}
  void onTasksEnded(JobContext&) const override {}
};

}  // namespace

const JobState& createdState() {
  static const Created state;
  return state;
}

}  // namespace flink::jobmanager
