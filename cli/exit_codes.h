#pragma once

#include "core/base/result.h"

namespace flink::cli {

/// What flinkctl's exit status means; `flinkctl help exit-codes` prints it. Numbers are never
/// reused.
enum ExitCode : int {
  kExitOk = 0,
  kExitFailed = 1,
  kExitUsage = 2,
  kExitDeclined = 3,  ///< declined, or the time of a wait ran out
  kExitRejected = 4,  ///< not allowed
  kExitUnreachable = 5,
  kExitNotFound = 6,
  kExitConflict = 7,         ///< exists already, stale, or not in a state for it
  kExitConditionNotMet = 8,  ///< a check found problems
  kExitInterrupted = 130,
};

[[nodiscard]] ExitCode exitCodeOf(const Status& status);
/// The table for `help exit-codes`.
[[nodiscard]] const char* exitCodesHelp();

}  // namespace flink::cli
