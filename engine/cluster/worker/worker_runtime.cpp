#include "cluster/worker/worker_runtime.h"

#include <algorithm>
#include <utility>

#include "cluster/protocol/data_hello.h"
#include "core/config/options/core_options.h"
#include "core/config/options/state_options.h"
#include "core/config/options/taskmanager_options.h"
#include "core/fs/working_directory.h"

namespace flink::worker {

Result<state::LatencyTracking> readLatencyTracking(const config::Configuration& configuration) {
  state::LatencyTracking latency;
  FLINK_ASSIGN_OR_RETURN(latency.enabled,
                         configuration.get(config::kStateLatencyTrackKeyedStateEnabled));
  FLINK_ASSIGN_OR_RETURN(latency.sampleInterval,
                         configuration.get(config::kStateLatencyTrackSampleInterval));
  FLINK_ASSIGN_OR_RETURN(latency.historySize,
                         configuration.get(config::kStateLatencyTrackHistorySize));
  FLINK_ASSIGN_OR_RETURN(latency.stateNameAsVariable,
                         configuration.get(config::kStateLatencyTrackStateNameAsVariable));
  return latency;
}

Result<network::NetworkSettings> readNetworkSettings(const config::Configuration& configuration,
                                                     std::int64_t networkBytes) {
  network::NetworkSettings settings;
  settings.networkBytes = networkBytes;
  FLINK_ASSIGN_OR_RETURN(const auto segment,
                         configuration.get(config::kTaskmanagerMemorySegmentSize));
  settings.segmentBytes = static_cast<std::int32_t>(segment.bytes);
  FLINK_ASSIGN_OR_RETURN(settings.buffersPerChannel,
                         configuration.get(config::kTaskmanagerNetworkMemoryBuffersPerChannel));
  FLINK_ASSIGN_OR_RETURN(
      settings.floatingBuffersPerGate,
      configuration.get(config::kTaskmanagerNetworkMemoryFloatingBuffersPerGate));
  FLINK_ASSIGN_OR_RETURN(
      settings.maxOverdraftBuffersPerGate,
      configuration.get(config::kTaskmanagerNetworkMemoryMaxOverdraftBuffersPerGate));
  FLINK_ASSIGN_OR_RETURN(settings.maxBuffersPerChannel,
                         configuration.get(config::kTaskmanagerNetworkMemoryMaxBuffersPerChannel));
  FLINK_ASSIGN_OR_RETURN(settings.partitionRequestTimeout,
                         configuration.get(config::kTaskmanagerNetworkPartitionRequestTimeout));
  FLINK_ASSIGN_OR_RETURN(settings.requestBackoffInitial,
                         configuration.get(config::kTaskmanagerNetworkRequestBackoffInitial));
  FLINK_ASSIGN_OR_RETURN(settings.requestBackoffMax,
                         configuration.get(config::kTaskmanagerNetworkRequestBackoffMax));
  FLINK_ASSIGN_OR_RETURN(
      const int connectSeconds,
      configuration.get(config::kTaskmanagerNetworkNettyClientConnectTimeoutSec));
  settings.connectTimeout = std::chrono::seconds(connectSeconds);
  FLINK_ASSIGN_OR_RETURN(const auto directories, configuration.get(config::kIoTmpDirs));
  settings.temporaryDirectory = directories.empty() ? "/tmp" : directories.front();
  return settings;
}

WorkerPlatform systemPlatform() {
  return {makeThreadExecutor, network::makeAsioStreamTransport, makeSystemRng};
}

Result<std::unique_ptr<WorkerRuntime>> WorkerRuntime::make(
    const protocol::StartWorkerRequest& start, FileSystem& files, const Clock& clock,
    const WorkerPlatform& platform) {
  const auto configuration = config::Configuration::fromMap(start.configuration);
  FLINK_ASSIGN_OR_RETURN(auto settings, readNetworkSettings(configuration, start.networkBytes));
  FLINK_ASSIGN_OR_RETURN(const int ioThreads,
                         configuration.get(config::kTaskmanagerNetworkNettyServerNumThreads));

  auto runtime = std::make_unique<WorkerRuntime>(clock);
  runtime->temporaryDirectory = settings.temporaryDirectory;
  runtime->files = fs::makeFilesOfWorkingDirectory(files, start.graph.program.workingDirectory);
  runtime->segmentBytes = settings.segmentBytes;
  runtime->taskManagerGroup = runtime->registry.root(
      "taskmanager", {{"host", start.host}, {"tm_id", start.taskManager.text()}});
  runtime->jobGroup = runtime->taskManagerGroup->scopedChild(
      "job", {{"job_id", start.graph.id.toHex()}, {"job_name", start.graph.name}});
  ExecutorOptions options;
  options.numThreads = std::max(1, start.numThreads);
  runtime->rng = platform.makeRng();
  runtime->executor = platform.makeExecutor(options, clock);
  runtime->transport = platform.makeStreamTransport(std::max(1, ioThreads));
  Bytes hello = protocol::encodeDataHello({start.graph.id, start.token, start.taskManager.text()});
  runtime->network = network::makeNetworkEnvironment(
      std::move(settings), std::move(hello), *runtime->transport, *runtime->executor, files);
  return runtime;
}

WorkerRuntime::~WorkerRuntime() {
  if (network != nullptr) network->stop();
  if (transport != nullptr) transport->stop();
  if (executor != nullptr) executor->stop();
}

}  // namespace flink::worker
