#include "api/datastream/stream_execution_environment.h"

#include <fmt/format.h>

#include <utility>

#include "api/datastream/environment_state.h"
#include "api/datastream/flink_exception.h"
#include "connectors/file/file_source.h"
#include "connectors/sequence/number_sequence_source.h"
#include "connectors/socket/socket_text_source.h"
#include "core/base/error_codes.h"
#include "core/config/options/checkpointing_options.h"
#include "core/config/options/core_options.h"
#include "core/config/options/execution_options.h"
#include "dataflow/graph/plan_json.h"

namespace flink {

namespace {

/// What the typed settings take over from their keys.
void apply(const Configuration& configuration, ExecutionConfig& config) {
  if (const auto n = valueOrThrow(configuration.getOptional(config::kParallelismDefault)))
    config.setParallelism(*n);
  if (const auto n = valueOrThrow(configuration.getOptional(config::kPipelineMaxParallelism));
      n && *n > 0) {
    config.setMaxParallelism(*n);
  }
  if (const auto interval =
          valueOrThrow(configuration.getOptional(config::kPipelineAutoWatermarkInterval))) {
    config.setAutoWatermarkInterval(interval->count());
  }
  if (const auto reuse = valueOrThrow(configuration.getOptional(config::kPipelineObjectReuse))) {
    *reuse ? config.enableObjectReuse() : config.disableObjectReuse();
  }
  if (const auto pairs =
          valueOrThrow(configuration.getOptional(config::kPipelineGlobalJobParameters))) {
    std::map<std::string, std::string> parameters;
    for (const std::string& pair : *pairs) {
      const std::size_t colon = pair.find(':');
      parameters[pair.substr(0, colon)] = colon == std::string::npos ? "" : pair.substr(colon + 1);
    }
    config.setGlobalJobParameters(std::move(parameters));
  }
}

}  // namespace

StreamExecutionEnvironment::StreamExecutionEnvironment(datastream::ProgramExecution& execution,
                                                       Configuration configuration)
    : state_(std::make_shared<datastream::EnvironmentState>(execution)) {
  state_->configuration = std::move(configuration);
  apply(state_->configuration, getConfig());
}
StreamExecutionEnvironment::~StreamExecutionEnvironment() = default;

ExecutionConfig& StreamExecutionEnvironment::getConfig() {
  return state_->graph->config();
}

StreamExecutionEnvironment& StreamExecutionEnvironment::configure(
    const Configuration& configuration) {
  state_->configuration.addAll(configuration);
  apply(configuration, getConfig());
  return *this;
}

const Configuration& StreamExecutionEnvironment::getConfiguration() const {
  return state_->configuration;
}

StreamExecutionEnvironment& StreamExecutionEnvironment::setParallelism(std::int32_t parallelism) {
  getConfig().setParallelism(parallelism);
  return *this;
}

std::int32_t StreamExecutionEnvironment::getParallelism() const {
  return state_->graph->config().getParallelism();
}

StreamExecutionEnvironment& StreamExecutionEnvironment::setStreamTimeCharacteristic(
    TimeCharacteristic characteristic) {
  state_->timeCharacteristic = characteristic;
  getConfig().setAutoWatermarkInterval(characteristic == TimeCharacteristic::ProcessingTime ? 0
                                                                                            : 200);
  return *this;
}

TimeCharacteristic StreamExecutionEnvironment::getStreamTimeCharacteristic() const {
  return state_->timeCharacteristic;
}

StreamExecutionEnvironment& StreamExecutionEnvironment::setMaxParallelism(
    std::int32_t maxParallelism) {
  getConfig().setMaxParallelism(maxParallelism);
  return *this;
}

StreamExecutionEnvironment& StreamExecutionEnvironment::setRuntimeMode(RuntimeExecutionMode mode) {
  static constexpr const char* kWords[] = {"STREAMING", "BATCH", "AUTOMATIC"};
  state_->configuration.set(config::kExecutionRuntimeMode,
                            std::string(kWords[static_cast<std::size_t>(mode)]));
  return *this;
}

StreamExecutionEnvironment& StreamExecutionEnvironment::setBufferTimeout(std::int64_t timeoutMs) {
  if (timeoutMs < -1) {
    throw FlinkException(
        Status(ErrorCode::kInvalidArgument,
               fmt::format("the buffer timeout must be -1 or more: timeoutMs={}", timeoutMs)));
  }
  state_->configuration.set(config::kExecutionBufferTimeoutEnabled, timeoutMs >= 0);
  if (timeoutMs >= 0)
    state_->configuration.set(config::kExecutionBufferTimeoutInterval, config::Millis(timeoutMs));
  return *this;
}

StreamExecutionEnvironment& StreamExecutionEnvironment::disableOperatorChaining() {
  state_->configuration.set(config::kPipelineOperatorChainingEnabled, false);
  return *this;
}

StreamExecutionEnvironment& StreamExecutionEnvironment::enableCheckpointing(
    std::int64_t intervalMs, CheckpointingMode mode) {
  getCheckpointConfig().setCheckpointInterval(intervalMs).setCheckpointingMode(mode);
  return *this;
}

CheckpointConfig& StreamExecutionEnvironment::getCheckpointConfig() {
  return state_->checkpointConfig;
}

StreamExecutionEnvironment& StreamExecutionEnvironment::setRestartStrategy(
    const RestartStrategyConfiguration& strategy) {
  state_->configuration.addAll(Configuration::fromMap(strategy.settings()));
  return *this;
}

StreamExecutionEnvironment& StreamExecutionEnvironment::setDefaultSavepointDirectory(
    const std::string& directory) {
  state_->configuration.set(config::kExecutionCheckpointingSavepointDir, directory);
  return *this;
}

SingleOutputStreamOperator<std::int64_t> StreamExecutionEnvironment::fromSequence(std::int64_t from,
                                                                                  std::int64_t to) {
  if (from > to) {
    throw FlinkException(Status(
        ErrorCode::kInvalidArgument,
        fmt::format("the start of the sequence must not be greater than its end: from={} to={}",
                    from, to)));
  }
  return withoutTimestamps(
      fromSource(connectors::NumberSequenceSource(from, to), "Sequence Source"));
}

SingleOutputStreamOperator<std::string> StreamExecutionEnvironment::readTextFile(std::string path,
                                                                                 bool recursive) {
  if (path.empty())
    throw FlinkException(
        Status(ErrorCode::kInvalidArgument, "the path of a text file must not be empty"));
  return withoutTimestamps(fromSource(
      connectors::FileSource::forTextLines(std::move(path), recursive), "Custom File Source"));
}

SingleOutputStreamOperator<std::string> StreamExecutionEnvironment::readFile(
    std::string path, FileProcessingMode watchType, std::chrono::milliseconds interval) {
  if (watchType == FileProcessingMode::kProcessOnce) return readTextFile(std::move(path));
  return fromSource(
      connectors::FileSource::forTextLines(std::move(path)).monitored({interval, true}),
      "Custom File Source");
}

SingleOutputStreamOperator<std::string> StreamExecutionEnvironment::socketTextStream(
    std::string host, std::int32_t port, std::string delimiter, std::int64_t maxRetries) {
  return withoutTimestamps(addSource(
      connectors::SocketTextSource(std::move(host), port, std::move(delimiter), maxRetries),
      "Socket Stream"));
}

JobExecutionResult StreamExecutionEnvironment::execute(const std::string& jobName) {
  const auto job = executeAsync(jobName);
  if (state_->execution.detached()) return {job->getJobID(), 0, {}};
  return job->getJobExecutionResult();
}

std::shared_ptr<JobClient> StreamExecutionEnvironment::executeAsync(const std::string& jobName) {
  return state_->executeAsync(jobNameOr(jobName));
}

void StreamExecutionEnvironment::executePending(const std::string& jobName) {
  if (!state_->graph->hasPending()) return;
  const std::string configured = valueOrThrow(state_->configuration.get(config::kPipelineName));
  (void)execute(configured.empty() ? jobName : configured);
}

std::string StreamExecutionEnvironment::jobNameOr(const std::string& jobName) const {
  if (!jobName.empty()) return jobName;
  const std::string configured = valueOrThrow(state_->configuration.get(config::kPipelineName));
  return configured.empty() ? "Flink Streaming Job" : configured;
}

std::string StreamExecutionEnvironment::getExecutionPlan() const {
  return graph::executionPlanJson(state_->graph->pending());
}

std::shared_ptr<datastream::ProgramGraph> StreamExecutionEnvironment::programGraph() const {
  return state_->graph;
}

void StreamExecutionEnvironment::setCollection(const datastream::StreamHandle& stream,
                                               std::shared_ptr<std::string> elements) {
  state_->graph->setCollection(stream.node(), std::move(elements));
}

bool StreamExecutionEnvironment::encodesCollections() const {
  return state_->execution.encodesCollections();
}

std::string StreamExecutionEnvironment::onceBytes(const std::string& name,
                                                  const std::function<std::string()>& compute) {
  return state_->execution.once(name, compute);
}

}  // namespace flink
