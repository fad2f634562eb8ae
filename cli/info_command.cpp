#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/program_command.h"
#include "cli/render.h"
#include "cluster/protocol/codec.h"
#include "core/base/error_codes.h"

namespace flink::cli {

namespace {

/// Runs the program until its first execute() and takes that graph instead of submitting it.
Result<protocol::JobGraph> firstGraph(const GlobalOptions& global, const RunOptions& options,
                                      const std::string& library) {
  const SystemClock clock;
  const auto loop = makeThreadEventLoop("program", clock);
  std::optional<protocol::JobGraph> graph;
  auto end = runProgram(global, options, library, true, *loop,
                        [&](protocol::Method method, const Bytes& body, Duration,
                            const control::ProgramRunner::Answer& answer) {
                          if (method == protocol::Method::kSubmitJob && !graph) {
                            auto request =
                                protocol::decode<protocol::SubmitJobRequest>(asBytes(body));
                            if (request) graph = std::move(request->graph);
                          }
                          answer(Status(ErrorCode::kCancelled, "only the plan was asked for"));
                        });
  if (graph) return std::move(*graph);
  if (!end) return std::move(end).status();
  if (!end->status) return std::move(end->status);
  return withoutJob();
}

}  // namespace

CommandResult runInfo(const GlobalOptions& global, const InfoOptions& options) {
  FLINK_ASSIGN_OR_RETURN(const std::string library, resolveLibrary(global, options.program));
  FLINK_ASSIGN_OR_RETURN(const protocol::JobGraph graph,
                         firstGraph(global, options.program, library));
  if (global.output != OutputFormat::kTable || options.format == "json") {
    const auto plan = nlohmann::ordered_json::parse(graph.planJson, nullptr, false);
    printDocument(global.output == OutputFormat::kYaml ? OutputFormat::kYaml : OutputFormat::kJson,
                  "Plan", {{"name", graph.name}, {"plan", plan}});
    return kExitOk;
  }
  if (options.format == "dot") {
    std::printf("%s", graph.planDot.c_str());
    return kExitOk;
  }
  std::printf(
      "----------------------- Execution Plan -----------------------\n%s\n"
      "--------------------------------------------------------------\n\nNo description "
      "provided.\n",
      graph.executionPlanJson.c_str());
  return kExitOk;
}

}  // namespace flink::cli
