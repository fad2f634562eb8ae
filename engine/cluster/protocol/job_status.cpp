#include "cluster/protocol/job_status.h"

#include <array>
#include <cstddef>

namespace flink::protocol {
namespace {

constexpr std::array<std::string_view, kNumJobStatuses> kJobStatusNames = {
    "INITIALIZING", "CREATED",  "RUNNING",    "FAILING",   "FAILED",     "CANCELLING",
    "CANCELED",     "FINISHED", "RESTARTING", "SUSPENDED", "RECONCILING"};
constexpr std::array<std::string_view, kNumExecutionStates> kExecutionStateNames = {
    "CREATED",   "SCHEDULED", "DEPLOYING", "RUNNING",     "FINISHED",
    "CANCELING", "CANCELED",  "FAILED",    "RECONCILING", "INITIALIZING"};

}  // namespace

std::string_view toString(JobStatus status) {
  return kJobStatusNames.at(static_cast<std::size_t>(status));
}

std::string_view toString(ExecutionState state) {
  return kExecutionStateNames.at(static_cast<std::size_t>(state));
}

bool isGloballyTerminal(JobStatus status) {
  return status == JobStatus::kFailed || status == JobStatus::kCanceled ||
         status == JobStatus::kFinished;
}

bool isTerminal(ExecutionState state) {
  return state == ExecutionState::kFinished || state == ExecutionState::kCanceled ||
         state == ExecutionState::kFailed;
}

}  // namespace flink::protocol
