#include "cluster/scheduler/state_moves.h"

#include <algorithm>
#include <utility>

namespace flink::scheduler {
namespace {

using protocol::ExecutionState;
using protocol::JobStatus;

constexpr std::pair<ExecutionState, ExecutionState> kExecutionMoves[] = {
    {ExecutionState::kCreated, ExecutionState::kScheduled},
    {ExecutionState::kCreated, ExecutionState::kCanceled},
    {ExecutionState::kCreated, ExecutionState::kFailed},
    {ExecutionState::kScheduled, ExecutionState::kDeploying},
    {ExecutionState::kScheduled, ExecutionState::kCanceled},
    {ExecutionState::kScheduled, ExecutionState::kFailed},
    {ExecutionState::kDeploying, ExecutionState::kInitializing},
    {ExecutionState::kDeploying, ExecutionState::kRunning},
    {ExecutionState::kDeploying, ExecutionState::kFinished},
    {ExecutionState::kDeploying, ExecutionState::kCanceling},
    {ExecutionState::kDeploying, ExecutionState::kFailed},
    {ExecutionState::kInitializing, ExecutionState::kRunning},
    {ExecutionState::kInitializing, ExecutionState::kFinished},
    {ExecutionState::kInitializing, ExecutionState::kCanceling},
    {ExecutionState::kInitializing, ExecutionState::kFailed},
    {ExecutionState::kRunning, ExecutionState::kFinished},
    {ExecutionState::kRunning, ExecutionState::kCanceling},
    {ExecutionState::kRunning, ExecutionState::kFailed},
    {ExecutionState::kCanceling, ExecutionState::kCanceled},
};

constexpr std::pair<JobStatus, JobStatus> kJobMoves[] = {
    {JobStatus::kInitializing, JobStatus::kCreated},
    {JobStatus::kInitializing, JobStatus::kFailed},
    {JobStatus::kInitializing, JobStatus::kCancelling},
    {JobStatus::kInitializing, JobStatus::kSuspended},
    {JobStatus::kCreated, JobStatus::kRunning},
    {JobStatus::kCreated, JobStatus::kFailing},
    {JobStatus::kCreated, JobStatus::kCancelling},
    {JobStatus::kCreated, JobStatus::kSuspended},
    {JobStatus::kRunning, JobStatus::kFinished},
    {JobStatus::kRunning, JobStatus::kFailing},
    {JobStatus::kRunning, JobStatus::kCancelling},
    {JobStatus::kRunning, JobStatus::kRestarting},
    {JobStatus::kRunning, JobStatus::kSuspended},
    {JobStatus::kRestarting, JobStatus::kRunning},
    {JobStatus::kRestarting, JobStatus::kFailing},
    {JobStatus::kRestarting, JobStatus::kCancelling},
    {JobStatus::kRestarting, JobStatus::kSuspended},
    {JobStatus::kFailing, JobStatus::kFailed},
    {JobStatus::kFailing, JobStatus::kCancelling},
    {JobStatus::kFailing, JobStatus::kSuspended},
    {JobStatus::kCancelling, JobStatus::kCanceled},
    {JobStatus::kCancelling, JobStatus::kSuspended},
};

template <class State, std::size_t N>
bool contains(const std::pair<State, State> (&moves)[N], State from, State to) {
  return std::find(std::begin(moves), std::end(moves), std::pair(from, to)) != std::end(moves);
}

}  // namespace

bool isLegalMove(ExecutionState from, ExecutionState to) {
  return contains(kExecutionMoves, from, to);
}

bool isLegalMove(JobStatus from, JobStatus to) {
  return contains(kJobMoves, from, to);
}

}  // namespace flink::scheduler
