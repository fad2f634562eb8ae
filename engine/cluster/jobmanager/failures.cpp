#include "cluster/jobmanager/failures.h"

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::jobmanager {
namespace {

struct FlinkName {
  ErrorCode code;
  std::string_view exceptionName;
};

constexpr FlinkName kFlinkNames[] = {
    {ErrorCode::kConnectionLost,
     "org.apache.flink.runtime.io.network.netty.exception.RemoteTransportException"},
    {ErrorCode::kPartitionNotFound,
     "org.apache.flink.runtime.io.network.partition.PartitionNotFoundException"},
    {ErrorCode::kInsufficientNetworkBuffers, "java.io.IOException"},
    {ErrorCode::kFileIo, "java.io.IOException"},
    {ErrorCode::kFileNotFound, "java.io.FileNotFoundException"},
    {ErrorCode::kMemoryAllocation, "org.apache.flink.runtime.memory.MemoryAllocationException"},
    {ErrorCode::kWorkerDied, kJobMasterException},
    {ErrorCode::kTaskManagerLost, kJobMasterException},
    {ErrorCode::kSlotOccupied,
     "org.apache.flink.runtime.taskexecutor.exceptions.SlotOccupiedException"},
};

}  // namespace

protocol::FailureInfo makeFailure(std::string_view exceptionName, const Status& error,
                                  std::int64_t nowMs) {
  protocol::FailureInfo failure;
  failure.exceptionName = exceptionName;
  failure.errorId = error.id();
  failure.message = error.message();
  failure.stackTrace = fmt::format("{}: {}", exceptionName, error.message());
  for (const Status* cause = error.cause(); cause != nullptr; cause = cause->cause()) {
    failure.stackTrace += fmt::format("\nCaused by: {}: {}", cause->id(), cause->message());
  }
  failure.timestampMs = nowMs;
  return failure;
}

protocol::FailureInfo withoutRestart(const protocol::FailureInfo& cause, std::string_view strategy,
                                     std::int64_t nowMs) {
  protocol::FailureInfo failure;
  failure.exceptionName = kJobException;
  failure.errorId = cause.errorId;
  failure.message = cause.message;
  failure.stackTrace = fmt::format("{}: Recovery is suppressed by {}\nCaused by: {}", kJobException,
                                   strategy, cause.stackTrace);
  failure.timestampMs = nowMs;
  return failure;
}

protocol::FailureInfo withFlinkName(protocol::FailureInfo failure) {
  if (failure.exceptionName != failure.errorId) return failure;
  const auto code = errorCodeById(failure.errorId);
  for (const FlinkName& name : kFlinkNames) {
    if (code != name.code) continue;
    failure.exceptionName = name.exceptionName;
    failure.stackTrace = fmt::format("{}: {}", name.exceptionName, failure.stackTrace);
  }
  return failure;
}

bool isUnrecoverable(const protocol::FailureInfo& failure) {
  return failure.errorId == errorInfo(ErrorCode::kStateNotRestorable).id;
}

bool isSymptom(const protocol::FailureInfo& failure) {
  return failure.errorId == errorInfo(ErrorCode::kConnectionLost).id ||
         failure.errorId == errorInfo(ErrorCode::kPartitionNotFound).id;
}

}  // namespace flink::jobmanager
