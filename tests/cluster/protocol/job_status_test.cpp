#include "cluster/protocol/job_status.h"

#include <gtest/gtest.h>

namespace flink::protocol {
namespace {

TEST(JobStatusTest, NamesParseBack) {
  for (int i = 0; i < kNumJobStatuses; ++i) {
    const auto status = static_cast<JobStatus>(i);
    EXPECT_EQ(parseJobStatus(toString(status)), status);
  }
  EXPECT_EQ(parseJobStatus("running"), std::nullopt);
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
