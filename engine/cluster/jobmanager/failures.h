#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cluster/protocol/cluster_view.h"
#include "core/base/result.h"

namespace flink::jobmanager {

/// Flink's class names, where one says what happened.
inline constexpr std::string_view kJobException = "org.apache.flink.runtime.JobException";
inline constexpr std::string_view kJobMasterException =
    "org.apache.flink.runtime.jobmaster.JobMasterException";
inline constexpr std::string_view kJobInitializationException =
    "org.apache.flink.runtime.client.JobInitializationException";
inline constexpr std::string_view kNoResourceAvailableException =
    "org.apache.flink.runtime.jobmanager.scheduler.NoResourceAvailableException";
inline constexpr std::string_view kCheckpointException =
    "org.apache.flink.runtime.checkpoint.CheckpointException";
inline constexpr std::string_view kFlinkRuntimeException =
    "org.apache.flink.util.FlinkRuntimeException";
inline constexpr std::string_view kTimeoutException = "java.util.concurrent.TimeoutException";
inline constexpr std::string_view kTaskSubmissionException =
    "org.apache.flink.runtime.taskexecutor.exceptions.TaskSubmissionException";

/// An error as users see it: message on the first line, then its causes.
[[nodiscard]] protocol::FailureInfo makeFailure(std::string_view exceptionName, const Status& error,
                                                std::int64_t nowMs);

/// What Flink shows as a failed job's root: the failure that ended it, under the statement that
/// `strategy` did not restart it.
[[nodiscard]] protocol::FailureInfo withoutRestart(const protocol::FailureInfo& cause,
                                                   std::string_view strategy, std::int64_t nowMs);

/// Gives a failure that is named by its error id the class name that Flink's users look for; its
/// text keeps the id.
[[nodiscard]] protocol::FailureInfo withFlinkName(protocol::FailureInfo failure);

/// Whether another attempt would end the same way, whatever the restart strategy says.
[[nodiscard]] bool isUnrecoverable(const protocol::FailureInfo& failure);

/// Whether a failure is only what a neighbour noticed of another one: a broken connection or a
/// vanished partition.
[[nodiscard]] bool isSymptom(const protocol::FailureInfo& failure);

}  // namespace flink::jobmanager
