#pragma once

#include <cstdint>
#include <string_view>

namespace flink::protocol {

/// Flink's JobStatus, in the order of its enum.
enum class JobStatus : std::uint8_t {
  kInitializing,
  kCreated,
  kRunning,
  kFailing,
  kFailed,
  kCancelling,
  kCanceled,
  kFinished,
  kRestarting,
  kSuspended,
  kReconciling
};
inline constexpr int kNumJobStatuses = 11;

/// Flink's ExecutionState. Note CANCELING here, CANCELLING for jobs.
enum class ExecutionState : std::uint8_t {
  kCreated,
  kScheduled,
  kDeploying,
  kRunning,
  kFinished,
  kCanceling,
  kCanceled,
  kFailed,
  kReconciling,
  kInitializing
};
inline constexpr int kNumExecutionStates = 10;

[[nodiscard]] std::string_view toString(JobStatus status);      ///< "RUNNING"
[[nodiscard]] std::string_view toString(ExecutionState state);  ///< "RUNNING"
[[nodiscard]] bool isGloballyTerminal(JobStatus status);        ///< FAILED, CANCELED, FINISHED
[[nodiscard]] bool isTerminal(ExecutionState state);            ///< FINISHED, CANCELED, FAILED

}  // namespace flink::protocol
