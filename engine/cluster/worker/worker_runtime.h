#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cluster/protocol/messages.h"
#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/fs.h"
#include "core/base/rng.h"
#include "core/base/stream_transport.h"
#include "core/config/configuration.h"
#include "core/metrics/registry.h"
#include "dataflow/checkpoint/settings.h"
#include "dataflow/network/network_environment.h"
#include "dataflow/operators/operator_factory.h"
#include "dataflow/task/task.h"

namespace flink::worker {

/// Sizes of the data plane from the TaskManager's keys and this worker's share of the network
/// memory.
Result<network::NetworkSettings> readNetworkSettings(const config::Configuration& configuration,
                                                     std::int64_t networkBytes);

/// The threads, connections and random numbers that a worker's tasks run on; the simulator brings
/// its own.
struct WorkerPlatform {
  std::function<std::unique_ptr<Executor>(const ExecutorOptions&, const Clock&)> makeExecutor;
  std::function<std::unique_ptr<StreamTransport>(int ioThreads)> makeStreamTransport;
  std::function<std::unique_ptr<Rng>()> makeRng;
};
/// That of the operating system.
[[nodiscard]] WorkerPlatform systemPlatform();

/// From a job's keys.
Result<state::LatencyTracking> readLatencyTracking(const config::Configuration& configuration);

/// What the tasks of one worker share: threads, network, metrics, the program's code.
/// Thread: make and destroy on the loop; what it holds is safe from any thread.
/// Lifetime: outlives its tasks; the destructor stops network and executor.
struct WorkerRuntime {
  static Result<std::unique_ptr<WorkerRuntime>> make(const protocol::StartWorkerRequest& start,
                                                     FileSystem& files, const Clock& clock,
                                                     const WorkerPlatform& platform);
  explicit WorkerRuntime(const Clock& clock) : registry(clock) {}
  ~WorkerRuntime();

  metrics::MetricRegistry registry;
  std::shared_ptr<metrics::MetricGroup> taskManagerGroup, jobGroup;
  std::unique_ptr<Rng> rng;
  std::unique_ptr<Executor> executor;
  std::unique_ptr<StreamTransport> transport;
  std::unique_ptr<network::NetworkEnvironment> network;
  std::string temporaryDirectory;
  std::unique_ptr<FileSystem> files;  ///< relative paths of the job's begin where its client was
  checkpoint::CheckpointSettings checkpoints;
  state::LatencyTracking stateLatency;
  std::int64_t segmentBytes = 0;
  std::shared_ptr<const operators::OperatorCatalog> catalog;  ///< after the program was rebuilt
};

}  // namespace flink::worker
