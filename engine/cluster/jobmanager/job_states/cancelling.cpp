#include "cluster/jobmanager/job_execution.h"
#include "cluster/jobmanager/job_states/job_state.h"

namespace flink::jobmanager {
namespace {

using protocol::JobStatus;

class Cancelling final : public JobState {
  void enter(JobContext& job) const override {
    job.startCancellationTimer();
    job.execution().cancelAll();
    onTasksEnded(job);
  }

  Status cancel(JobContext&) const override { return Status::ok(); }

  // What breaks on the way out changes nothing: the user wanted the job to end.
  void onFailure(JobContext&, const TaskFailure&) const override {}

  void onTasksEnded(JobContext& job) const override {
    if (job.execution().graph().allTerminal()) job.moveTo(JobStatus::kCanceled);
  }
};

}  // namespace

const JobState& cancellingState() {
  static const Cancelling state;
  return state;
}

}  // namespace flink::jobmanager
