#pragma once

#include <optional>
#include <string>

#include "cli/commands.h"
#include "cluster/protocol/cluster_view.h"

namespace flink::cli {

/// Prints an error to stderr: what, why, what to do and the stable code; as JSON with -o json; in
/// Flink's form for `flink`. Returns the exit code, which is the error's unless one is given.
int reportError(const GlobalOptions& global, const Status& status,
                std::optional<ExitCode> exitCode = std::nullopt);

/// A failure as an error with the code of what caused it, its causes below `head`.
[[nodiscard]] Status statusOf(const protocol::FailureInfo& failure, std::string head);

/// Says why a job failed, headed by the cause's own code. REQUIRES: the job failed.
ExitCode reportJobFailure(const GlobalOptions& global, const protocol::JobResult& result);

}  // namespace flink::cli
