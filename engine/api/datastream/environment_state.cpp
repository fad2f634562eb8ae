#include "api/datastream/environment_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "api/datastream/flink_exception.h"
#include "core/base/error_codes.h"
#include "core/config/key_scope.h"
#include "core/config/options/execution_options.h"
#include "core/config/options/taskmanager_options.h"
#include "dataflow/graph/stream_graph.h"

namespace flink::datastream {

namespace {

template <class T>
T option(const config::Configuration& configuration, const config::ConfigOption<T>& wanted) {
  return valueOrThrow(configuration.get(wanted));
}

/// Words of options are compared without case.
bool isWord(std::string_view value, std::string_view upperCaseWord) {
  return std::equal(value.begin(), value.end(), upperCaseWord.begin(), upperCaseWord.end(),
                    [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 'a' + 'A' : a) == b; });
}

graph::RuntimeMode runtimeMode(const config::Configuration& configuration) {
  const std::string mode = option(configuration, config::kExecutionRuntimeMode);
  if (isWord(mode, "BATCH")) return graph::RuntimeMode::kBatch;
  return isWord(mode, "AUTOMATIC") ? graph::RuntimeMode::kAutomatic
                                   : graph::RuntimeMode::kStreaming;
}

std::map<std::string, std::int32_t> parallelismOverrides(
    const config::Configuration& configuration) {
  std::map<std::string, std::int32_t> overrides;
  for (const std::string& entry :
       option(configuration, config::kPipelineJobvertexParallelismOverrides)) {
    const std::size_t colon = entry.find(':');
    std::int32_t parallelism = 0;
    const char* end = entry.data() + entry.size();
    if (colon == std::string::npos ||
        std::from_chars(entry.data() + colon + 1, end, parallelism).ptr != end || parallelism < 1) {
      throw FlinkException(
          Status(ErrorCode::kConfigInvalidValue,
                 fmt::format("expected vertex-id:parallelism: key={} value={}",
                             config::kPipelineJobvertexParallelismOverrides.key, entry)));
    }
    overrides[entry.substr(0, colon)] = parallelism;
  }
  return overrides;
}

void applySettings(const config::Configuration& configuration, ExecutionConfig& config,
                   graph::StreamGraph& graph) {
  graph.runtimeMode = runtimeMode(configuration);
  graph.chainingEnabled = option(configuration, config::kPipelineOperatorChainingEnabled);
  graph.chainOperatorsWithDifferentMaxParallelism = option(
      configuration, config::kPipelineOperatorChainingChainOperatorsWithDifferentMaxParallelism);
  graph.maxParallelism = config.getMaxParallelism();
  graph.autoWatermarkIntervalMs = config.getAutoWatermarkInterval();
  graph.bufferTimeoutMs =
      option(configuration, config::kExecutionBufferTimeoutEnabled)
          ? option(configuration, config::kExecutionBufferTimeoutInterval).count()
          : -1;
  graph.compressPipelined = option(configuration, config::kTaskmanagerNetworkCompressionEnable);
  graph.compressBlocking =
      option(configuration, config::kTaskmanagerNetworkBatchShuffleCompressionEnabled);
  graph.batchExchangesPipelined =
      isWord(option(configuration, config::kExecutionBatchShuffleMode), "ALL_EXCHANGES_PIPELINED");
  graph.requireUids = !option(configuration, config::kPipelineAutoGenerateUids);
  graph.cascadingDescriptions =
      isWord(option(configuration, config::kPipelineVertexDescriptionMode), "CASCADING");
  graph.vertexIndexPrefix = option(configuration, config::kPipelineVertexNameIncludeIndexPrefix);
  graph.parallelismOverrides = parallelismOverrides(configuration);
}

/// A job's configuration: what concerns jobs, and not the processes of whoever submits it.
std::map<std::string, std::string> jobConfiguration(const config::Configuration& configuration) {
  std::map<std::string, std::string> chosen;
  for (const auto& [key, entry] : configuration.entries()) {
    const bool fromProgram = entry.origin.source == "program";
    const bool ofJobs = config::scopeOf(key) == config::KeyScope::kJob;
    if (fromProgram || ofJobs) chosen[key] = entry.value;
  }
  return chosen;
}

}  // namespace

std::shared_ptr<JobClient> EnvironmentState::executeAsync(const std::string& jobName) {
  graph::StreamGraph pending = graph->pending();
  pending.jobName = jobName;
  applySettings(configuration, graph->config(), pending);
  graph->clearPending();
  return execution.execute(
      {*graph, pending, jobConfiguration(configuration), graph->config().getGlobalJobParameters()});
}

}  // namespace flink::datastream
