#include "cluster/jobmanager/job_states/job_state.h"

namespace flink::jobmanager {
namespace {

using protocol::JobStatus;

class Initializing final : public JobState {
  // The execution graph was built with the job: it can be created at once.
  void enter(JobContext& job) const override { job.moveTo(JobStatus::kCreated); }

  Status cancel(JobContext& job) const override {
    job.moveTo(JobStatus::kCancelling);
    return Status::ok();
  }
  // No task exists outside the JobManager yet.
  void onFailure(JobContext&, const protocol::ExceptionEntry&) const override {}
  void onTasksEnded(JobContext&) const override {}
};

}  // namespace

const JobState& initializingState() {
  static const Initializing state;
  return state;
}

}  // namespace flink::jobmanager
