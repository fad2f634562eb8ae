#pragma once

#include <string>
#include <vector>

#include "core/base/process.h"
#include "core/base/result.h"

namespace flink::program {

/// What to compile. `root` is the tree that holds `include` and `lib` (an installation or
/// build/<preset>).
struct CompileRequest {
  std::string source;  ///< absolute path of the job's .cpp
  std::string output;  ///< the job library to write; its directory is made
  std::string root;
  std::vector<std::string> includeDirectories;
};

/// Compiles a job's source into a library unless the one that is there is newer than everything it
/// was made from (the source, the headers it includes, libflink.so). Compiler: $CXX, else g++; that
/// it runs, and its messages, go to stderr. Errors: kProgramCompile, kFileNotFound, kFileIo.
Status compileJobLibrary(const CompileRequest& request, ProcessLauncher& launcher);

}  // namespace flink::program
