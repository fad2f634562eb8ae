#include "case_run.h"

#include <utility>

#include <fmt/format.h>

#include "api/datastream/job_client.h"
#include "api/datastream/program_execution.h"
#include "compare.h"
#include "dataflow/graph/job_graph_generator.h"
#include "dataflow/graph/stream_graph.h"
#include "dataflow/operators/operator_failure.h"
#include "dataflow/task/user_code.h"
#include "job_run.h"
#include "play.h"

namespace flink::conformance {

namespace {

/// Groups whose features come with a later release.
bool isDueLater(const std::string& group) {
  return group == "cep" || group == "rescale";
}

/// A job of which nothing is asked: the script runs it.
class ScriptedJob final : public JobClient {
 public:
  [[nodiscard]] JobId getJobID() const override { return {}; }
  [[nodiscard]] JobStatus getJobStatus() override { return JobStatus::kRunning; }
  void cancel() override {}
  JobExecutionResult getJobExecutionResult() override { return {}; }
  std::vector<std::string> collect(const std::string& /*collectId*/) override { return {}; }
};

/// Keeps the job graph of what a program executes.
class ScriptedExecution final : public datastream::ProgramExecution {
 public:
  std::shared_ptr<JobClient> execute(const datastream::FinishedGraph& finished) override {
    graph = operators::valueOrThrow(graph::generateJobGraph(finished.graph, JobId{}));
    return std::make_shared<ScriptedJob>();
  }
  [[nodiscard]] bool detached() const override { return true; }
  std::string once(const std::string& /*name*/,
                   const std::function<std::string()>& compute) override {
    return compute();
  }
  [[nodiscard]] bool encodesCollections() const override { return true; }

  protocol::JobGraph graph;
};

/// The code of a program that this process has built itself.
class ProgramCatalog final : public operators::OperatorCatalog {
 public:
  explicit ProgramCatalog(const datastream::ProgramGraph& program) : program_(program) {}
  [[nodiscard]] const operators::OperatorFactory* operatorFactory(
      std::int32_t streamNode) const override {
    return program_.operatorFactory(streamNode);
  }
  [[nodiscard]] const operators::EdgeCodec* edgeCodec(std::int32_t sourceNode,
                                                      std::int32_t targetNode,
                                                      std::int32_t targetInput,
                                                      std::string_view tag) const override {
    return program_.edgeCodec(sourceNode, targetNode, targetInput, tag);
  }

 private:
  const datastream::ProgramGraph& program_;
};

/// The line for what ends a job; passes on what is a mistake of the script.
/// REQUIRES: called inside a catch block.
std::string failureLine() {
  try {
    throw;
  } catch (const ScriptMistake&) {
    throw;
  } catch (...) {
    return "X," + task::describeUserException().toString();
  }
}

/// What came out until the script or the job ended.
std::vector<std::string> playProgram(const Program& program,
                                     const std::vector<ScriptLine>& script) {
  Transcript transcript;
  const task::CodeScope scope("script", "program");
  try {
    ScriptedExecution execution;
    const auto environment = std::make_shared<datastream::EnvironmentState>(execution);
    Play play(environment, transcript);
    program(play);
    (void)environment->executeAsync("case");
    const ProgramCatalog catalog(*environment->graph);
    JobRun job(execution.graph, catalog, transcript);
    try {
      job.open();
      for (const ScriptLine& line : script) job.play(line);
    } catch (...) {
      const std::string failure = failureLine();  // while the operator that it names is there
      job.passOnRest();
      transcript.lines.push_back(failure);
    }
  } catch (const ScriptMistake&) {
    throw;
  } catch (...) {
    transcript.lines.push_back(failureLine());
  }
  return std::move(transcript.lines);
}

CaseOutcome outcomeOf(std::optional<std::string> difference) {
  if (!difference) return {Verdict::kPassed, "", ""};
  return {Verdict::kFailed, "another output", *std::move(difference)};
}

}  // namespace

CaseOutcome runCase(const Case& played, const Programs& programs) {
  if (isDueLater(played.group))
    return {Verdict::kSkipped, "the group is not due yet: " + played.group, ""};
  if (const auto table = programs.tables.find(played.title()); table != programs.tables.end()) {
    if (table->second == nullptr) return {Verdict::kSkipped, "Java's own, not ours", ""};
    return outcomeOf(tableDifference(played.expected, table->second(played.input)));
  }
  const auto program = programs.programs.find(played.title());
  if (program == programs.programs.end())
    return {Verdict::kFailed, "no program has this group and name", ""};
  const Result<std::vector<ScriptLine>> script = parseScript(played.input);
  if (!script.isOk()) return {Verdict::kFailed, script.status().toString(), ""};
  try {
    return outcomeOf(
        difference(played.expected, playProgram(program->second, *script), played.order));
  } catch (const ScriptMistake& mistake) {
    return {Verdict::kFailed, mistake.what(), ""};
  }
}

}  // namespace flink::conformance
