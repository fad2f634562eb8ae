#include "api/program/program_runner.h"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "api/datastream/flink_exception.h"
#include "api/datastream/program_graph.h"
#include "api/datastream/stream_execution_environment.h"
#include "api/program/client_execution.h"
#include "api/program/job_library.h"
#include "api/program/rebuild_execution.h"
#include "core/base/error_codes.h"
#include "core/config/configuration.h"
#include "core/config/options/core_options.h"

namespace flink::program {

namespace {

/// Runs the program; a graph that it left unexecuted becomes its last job.
Status callProgram(const RegisteredJob& job, const Parameters& parameters,
                   StreamExecutionEnvironment& env) {
  try {
    job.run(env, parameters);
    env.executePending(job.name);
    return Status::ok();
  } catch (const FlinkException& error) {
    return error.status();
  } catch (const std::exception& error) {
    return {ErrorCode::kProgramInvalid,
            fmt::format("the program threw an exception: job={}: {}", job.name, error.what())};
  } catch (const GraphRebuilt&) {
    throw;
  } catch (...) {
    return {ErrorCode::kProgramInvalid,
            fmt::format("the program threw something that is no std::exception: job={}", job.name)};
  }
}

/// A program may branch on what it reads there, so client and workers begin with the same.
config::Configuration startingConfiguration(const std::map<std::string, std::string>& entries) {
  config::Configuration configuration;
  for (const auto& [key, value] : entries) configuration.setString(key, value, {"client", 0});
  return configuration;
}

/// The operators of a rebuilt program.
/// Lifetime: keeps the program's graph; its code stays loaded for good.
class ProgramCatalog final : public operators::OperatorCatalog {
 public:
  explicit ProgramCatalog(std::shared_ptr<datastream::ProgramGraph> program)
      : program_(std::move(program)) {}
  [[nodiscard]] const operators::OperatorFactory* operatorFactory(
      std::int32_t streamNode) const override {
    return program_->operatorFactory(streamNode);
  }
  [[nodiscard]] const operators::EdgeCodec* edgeCodec(
      std::int32_t sourceNode, std::int32_t targetNode, std::int32_t targetInput,
      std::string_view sideOutputTag) const override {
    return program_->edgeCodec(sourceNode, targetNode, targetInput, sideOutputTag);
  }

 private:
  std::shared_ptr<datastream::ProgramGraph> program_;
};

}  // namespace

ProgramOutcome runProgram(const RegisteredJob& job, const ClientRun& run, ProgramSession& session,
                          Rng& rng) {
  const config::Configuration configuration = startingConfiguration(run.configuration);
  const auto parallelism = configuration.get(config::kParallelismDefault);
  if (!parallelism) return {parallelism.status(), 0};
  protocol::ProgramReference reference = run.reference;
  reference.defaultParallelism = *parallelism;
  reference.configuration = run.configuration;
  ClientExecution execution(reference, run.detached, session, rng);
  ProgramOutcome outcome;
  try {
    StreamExecutionEnvironment env(execution, configuration);
    outcome.status = callProgram(job, Parameters(reference.arguments), env);
  } catch (const FlinkException& error) {
    outcome.status = error.status();
  }
  outcome.numJobs = execution.numJobs();
  return outcome;
}

Result<std::shared_ptr<const operators::OperatorCatalog>> rebuildProgram(
    const RegisteredJob& job, const protocol::JobGraph& graph) {
  RebuildExecution execution(graph);
  Status ended;
  std::shared_ptr<datastream::ProgramGraph> program;
  try {
    StreamExecutionEnvironment env(execution, startingConfiguration(graph.program.configuration));
    program = env.programGraph();
    ended = callProgram(job, Parameters(graph.program.arguments), env);
  } catch (const GraphRebuilt&) {
    ended = execution.outcome();
  } catch (const FlinkException& error) {
    ended = error.status();
  }
  if (!execution.reached()) {
    Status missing(ErrorCode::kFingerprintMismatch,
                   fmt::format("the program ended before its execute() number {}: job={}",
                               graph.program.executeIndex + 1, job.name));
    if (ended.isOk()) return missing;
    return std::move(missing).causedBy(std::move(ended));
  }
  FLINK_RETURN_IF_ERROR(execution.outcome());
  return std::shared_ptr<const operators::OperatorCatalog>(
      std::make_shared<ProgramCatalog>(std::move(program)));
}

Result<std::shared_ptr<const operators::OperatorCatalog>> rebuildProgram(
    const std::string& libraryPath, const protocol::JobGraph& graph) {
  FLINK_ASSIGN_OR_RETURN(const auto jobs, loadJobLibrary(libraryPath));
  FLINK_ASSIGN_OR_RETURN(const auto job,
                         findJob(jobs, graph.program.entry, graph.program.libraryName));
  return rebuildProgram(job, graph);
}

}  // namespace flink::program
