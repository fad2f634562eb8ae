#include "cli/exit_codes.h"

#include "core/base/error_codes.h"

namespace flink::cli {

ExitCode exitCodeOf(const Status& status) {
  if (status.isOk()) return kExitOk;
  switch (status.code()) {
    case ErrorCode::kUsage:
    case ErrorCode::kInvalidArgument:
      return kExitUsage;
    case ErrorCode::kClusterUnreachable:
    case ErrorCode::kUnavailable:
      return kExitUnreachable;
    case ErrorCode::kDeadlineExceeded:
      return kExitDeclined;
    case ErrorCode::kNotFound:
    case ErrorCode::kJobNotFound:
    case ErrorCode::kTaskManagerUnknown:
    case ErrorCode::kFileNotFound:
    case ErrorCode::kCheckpointNotFound:
      return kExitNotFound;
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kJobAlreadyTerminated:
    case ErrorCode::kStaleEpoch:
    case ErrorCode::kPortInUse:
      return kExitConflict;
    case ErrorCode::kFileAccessDenied:
    case ErrorCode::kBindRefused:
      return kExitRejected;
    case ErrorCode::kConfigMalformed:
    case ErrorCode::kConfigInvalidValue:
    case ErrorCode::kConfigUnknownKey:
    case ErrorCode::kIllegalMemoryConfiguration:
    case ErrorCode::kCheckpointCorrupt:
      return kExitConditionNotMet;
    default:
      return kExitFailed;
  }
}

const char* exitCodesHelp() {
  return "  0  ok\n"
         "  1  the operation failed\n"
         "  2  the command line is not understood\n"
         "  3  declined, or the time of a wait ran out\n"
         "  4  not allowed\n"
         "  5  no cluster answers\n"
         "  6  not found\n"
         "  7  conflict: exists already, already ended, port in use\n"
         "  8  a check found problems (config check, checkpoint verify)\n"
         "130  interrupted\n"
         "Called as `flink`, every error is 1, as Flink's own client has it.\n";
}

}  // namespace flink::cli
