#include "cluster/scheduler/state_moves.h"

#include <gmock/gmock.h>

namespace flink::scheduler {
namespace {

using protocol::ExecutionState;
using protocol::JobStatus;

TEST(StateMovesTest, TaskWalksThroughItsLife) {
  EXPECT_TRUE(isLegalMove(ExecutionState::kCreated, ExecutionState::kScheduled));
  EXPECT_TRUE(isLegalMove(ExecutionState::kScheduled, ExecutionState::kDeploying));
  EXPECT_TRUE(isLegalMove(ExecutionState::kDeploying, ExecutionState::kInitializing));
  EXPECT_TRUE(isLegalMove(ExecutionState::kInitializing, ExecutionState::kRunning));
  EXPECT_TRUE(isLegalMove(ExecutionState::kRunning, ExecutionState::kFinished));
}

TEST(StateMovesTest, FinalStatesHaveNoMoves) {
  for (int to = 0; to < protocol::kNumExecutionStates; ++to) {
    for (const auto from :
         {ExecutionState::kFinished, ExecutionState::kCanceled, ExecutionState::kFailed}) {
      EXPECT_FALSE(isLegalMove(from, static_cast<ExecutionState>(to)));
    }
  }
  for (int to = 0; to < protocol::kNumJobStatuses; ++to) {
    for (const auto from :
         {JobStatus::kFinished, JobStatus::kCanceled, JobStatus::kFailed, JobStatus::kSuspended}) {
      EXPECT_FALSE(isLegalMove(from, static_cast<JobStatus>(to)));
    }
  }
}

TEST(StateMovesTest, CancelledTaskEndsCanceledOnly) {
  EXPECT_TRUE(isLegalMove(ExecutionState::kCanceling, ExecutionState::kCanceled));
  EXPECT_FALSE(isLegalMove(ExecutionState::kCanceling, ExecutionState::kFinished));
  EXPECT_FALSE(isLegalMove(ExecutionState::kCanceling, ExecutionState::kFailed));
  EXPECT_FALSE(isLegalMove(ExecutionState::kCanceling, ExecutionState::kRunning));
}

TEST(StateMovesTest, FailingJobCanStillBeCancelledButNotFinish) {
  EXPECT_TRUE(isLegalMove(JobStatus::kFailing, JobStatus::kFailed));
  EXPECT_TRUE(isLegalMove(JobStatus::kFailing, JobStatus::kCancelling));
  EXPECT_FALSE(isLegalMove(JobStatus::kFailing, JobStatus::kFinished));
  EXPECT_FALSE(isLegalMove(JobStatus::kCancelling, JobStatus::kFailing));
}

}  // namespace
}  // namespace flink::scheduler
