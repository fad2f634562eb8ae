#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "cluster/jobmanager/probe.h"
#include "cluster/protocol/job_graph.h"
#include "cluster/scheduler/restart_strategy.h"
#include "cluster/scheduler/slot_placement.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/rng.h"
#include "core/config/configuration.h"
#include "dataflow/checkpoint/settings.h"

namespace flink::jobmanager {

/// How one JobManager behaves; fixed at its start.
struct JobManagerSettings {
  Duration heartbeatInterval = std::chrono::seconds(10);
  Duration heartbeatTimeout = std::chrono::seconds(50);
  Duration slotRequestTimeout = std::chrono::minutes(5);
  Duration slotIdleTimeout = std::chrono::seconds(50);
  Duration cancellationTimeout = std::chrono::minutes(3);  ///< 0: wait for ever
  Duration rpcTimeout = std::chrono::seconds(60);          ///< for calls to TaskManagers
  scheduler::PlacementStrategy placement = scheduler::PlacementStrategy::kSpread;
  std::size_t jobStoreMaxCapacity = SIZE_MAX;
  std::int64_t jobStoreCacheBytes = 50LL << 20;
  Duration jobStoreExpiration = std::chrono::hours(1);
  std::size_t exceptionHistorySize = 16;
  std::size_t checkpointHistorySize = 10;
  StateTimes jobStateTimes;
  std::int64_t collectBufferBytes =
      4LL << 20;  ///< per collect sink, until the client takes its records

  /// What it was read from: jobs whose own configuration says nothing follow it.
  config::Configuration configuration;

  /// Errors: kConfigInvalidValue.
  static Result<JobManagerSettings> fromConfiguration(const config::Configuration& configuration);
};

/// What a job's own configuration, a client's -D among it, says in place of the JobManager's.
struct JobSettings {
  Duration slotRequestTimeout{};
  Duration cancellationTimeout{};
  std::shared_ptr<scheduler::RestartStrategy> restartStrategy;
  checkpoint::CheckpointSettings checkpoints;
  /// What the job starts from, a checkpoint or savepoint; empty: nothing.
  std::string restorePath;
  bool allowNonRestoredState = false;

  /// `rng` outlives the result. Errors: kConfigInvalidValue.
  static Result<JobSettings> of(const protocol::JobGraph& graph, const JobManagerSettings& cluster,
                                Rng& rng);
};

/// Facts about the process that the JobManager tells others.
struct JobManagerProcess {
  std::string version, commit, abi;
  std::string host;  ///< name under which TaskManagers reach it
  std::int32_t pid = 0;
  std::int32_t blobPort = 0, eventPort = 0;
  std::string configDirectory;  ///< absolute; empty: none
  std::string logPrefix;  ///< path of its log files up to their extension; empty: none to show
};

}  // namespace flink::jobmanager
