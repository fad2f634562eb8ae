#pragma once

#include <string>

#include "cli/commands.h"

namespace flink::cli {

/// Prints an error to stderr: what, why, what to do and the stable code; as JSON with -o json; in
/// Flink's form for `flink`. Returns the exit code.
int reportError(const GlobalOptions& global, const Status& status);

}  // namespace flink::cli
