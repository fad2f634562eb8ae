#include "cluster/jobmanager/job_states/job_state.h"
#include "core/base/error_codes.h"

namespace flink::jobmanager {
namespace {

class Ended final : public JobState {
  void enter(JobContext& job) const override { job.conclude(); }

  Status cancel(JobContext&) const override {
    return {ErrorCode::kJobAlreadyTerminated, "job has already reached a terminal state"};
  }
  // Late news of tasks that were given up.
  void onFailure(JobContext&, const TaskFailure&) const override {}
  void onTasksEnded(JobContext&) const override {}
};

}  // namespace

const JobState& endedState() {
  static const Ended state;
  return state;
}

}  // namespace flink::jobmanager
