#include "cluster/jobmanager/job_states/starting_state.h"

namespace flink::jobmanager {
namespace {

class Created final : public StartingState {
  // Nothing is waited for: slots are asked for in RUNNING, as Flink's default scheduler does.
  void enter(JobContext& job) const override { job.moveTo(protocol::JobStatus::kRunning); }
};

}  // namespace

const JobState& createdState() {
  static const Created state;
  return state;
}

}  // namespace flink::jobmanager
