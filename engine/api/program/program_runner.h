#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "api/program/job_registration.h"
#include "api/program/program_session.h"
#include "cluster/protocol/job_graph.h"
#include "core/base/result.h"
#include "core/base/rng.h"
#include "dataflow/operators/operator_factory.h"

namespace flink::program {

/// How a client runs a program.
struct ClientRun {
  protocol::ProgramReference reference;  ///< library, libraryName, entry, arguments
  std::map<std::string, std::string> configuration;
  bool detached = false;
};

struct ProgramOutcome {
  Status status;  ///< kCancelled when the session wanted the plan only
  std::int32_t numJobs = 0;
};

/// Runs a program at the client's side: its graphs are submitted to `session`.
/// Errors: kProgramInvalid with what the program threw, and the errors of jobs that the program
/// waited for.
ProgramOutcome runProgram(const RegisteredJob& job, const ClientRun& run, ProgramSession& session,
                          Rng& rng);

/// Runs a program in a worker, only to obtain the code of `graph`'s operators.
/// Errors: kFingerprintMismatch naming the first operator that differs; kProgramInvalid with what
/// the program threw.
Result<std::shared_ptr<const operators::OperatorCatalog>> rebuildProgram(
    const RegisteredJob& job, const protocol::JobGraph& graph);
/// The same for a library file.
Result<std::shared_ptr<const operators::OperatorCatalog>> rebuildProgram(
    const std::string& libraryPath, const protocol::JobGraph& graph);

}  // namespace flink::program
