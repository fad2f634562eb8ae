#include "cluster/jobmanager/job_states/starting_state.h"

namespace flink::jobmanager {
namespace {

class Initializing final : public StartingState {
  // The execution graph was built with the job: it can be created at once.
  void enter(JobContext& job) const override { job.moveTo(protocol::JobStatus::kCreated); }
};

}  // namespace

const JobState& initializingState() {
  static const Initializing state;
  return state;
}

}  // namespace flink::jobmanager
