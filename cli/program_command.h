#pragma once

#include <functional>
#include <string>

#include "cli/commands.h"
#include "cluster/control/program_runner.h"

namespace flink::cli {

/// The library of a program given as .so or .cpp; sources are compiled once (flink-program keeps a
/// cache).
Result<std::string> resolveLibrary(const GlobalOptions& global, const RunOptions& options);

/// In Flink's words: the program defined no dataflow.
Status withoutJob();

/// How a program's process ended.
struct ProgramEnd {
  Status status;
  int numJobs = 0;
};
/// Runs a program whose calls `relay` gets on `loop`, waits for its end and stops the loop.
Result<ProgramEnd> runProgram(const GlobalOptions& global, const RunOptions& options,
                              const std::string& library, bool planOnly, EventLoop& loop,
                              control::ProgramRunner::Relay relay);

}  // namespace flink::cli
