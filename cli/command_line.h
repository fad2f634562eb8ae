#pragma once

namespace flink::cli {

/// Parses the command line, runs the command and returns the process's exit code.
int runCommandLine(int argc, char** argv);

}  // namespace flink::cli
