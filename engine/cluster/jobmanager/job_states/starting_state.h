#pragma once

#include "cluster/jobmanager/job_states/job_state.h"

namespace flink::jobmanager {

/// What the states before RUNNING have in common: no task exists outside the JobManager yet.
class StartingState : public JobState {
 public:
  Status cancel(JobContext& job) const override {
    job.moveTo(protocol::JobStatus::kCancelling);
    return Status::ok();
  }
  void onFailure(JobContext&, const TaskFailure&) const override {}
  void onTasksEnded(JobContext&) const override {}
};

}  // namespace flink::jobmanager
