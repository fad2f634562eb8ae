#include "cluster/protocol/job_status.h"

#include <gtest/gtest.h>

#include <set>

namespace flink::protocol {
namespace {

TEST(JobStatusTest, EveryStatusHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int i = 0; i < kNumJobStatuses; ++i) names.insert(toString(static_cast<JobStatus>(i)));
  EXPECT_EQ(names.size(), std::size_t{kNumJobStatuses});
  EXPECT_EQ(toString(JobStatus::kCancelling), "CANCELLING");
  EXPECT_EQ(toString(ExecutionState::kCanceling), "CANCELING");
  EXPECT_EQ(toString(ExecutionState::kInitializing), "INITIALIZING");
}

TEST(JobStatusTest, OnlyEndsAreTerminal) {
  int terminalJobs = 0;
  for (int i = 0; i < kNumJobStatuses; ++i)
    terminalJobs += isGloballyTerminal(static_cast<JobStatus>(i)) ? 1 : 0;
  EXPECT_EQ(terminalJobs, 3);
  EXPECT_FALSE(isGloballyTerminal(JobStatus::kSuspended));
  int terminalTasks = 0;
  for (int i = 0; i < kNumExecutionStates; ++i)
    terminalTasks += isTerminal(static_cast<ExecutionState>(i)) ? 1 : 0;
  EXPECT_EQ(terminalTasks, 3);
}

}  // namespace
}  // namespace flink::protocol
