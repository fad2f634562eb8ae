#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cluster/protocol/cluster_view.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/config/configuration.h"

namespace flink::taskmanager {

/// Everything a TaskManager reads from its configuration, checked once at start-up.
struct TaskManagerSettings {
  config::Configuration configuration;
  std::string host, bindHost;
  std::string version;        ///< of this release
  std::vector<int> rpcPorts;  ///< the first free one is taken; 0: any
  int dataPort = 0;
  std::string jobManager;  ///< host:port
  std::string resourceId;  ///< empty: host:port-suffix
  int numSlots = 1;
  int numCores = 1;       ///< of the machine
  int workerThreads = 0;  ///< 0: as many as cores
  protocol::TaskManagerMemory memory;
  protocol::ResourceProfile resources;
  std::int64_t segmentBytes = 32 << 10;
  std::string temporaryDirectory;  ///< shared with others: it makes one of its own in there
  std::string logDirectory,
      logPrefix;  ///< logPrefix: file name without directory; empty: no worker logs
  int maxWorkerLogFiles = 100;
  Duration libraryCleanupInterval{};  ///< unused libraries leave after it
  Duration workerHeartbeatTimeout{}, workerStopTimeout{}, cancellationTimeout{},
      registrationTimeout{};
  Duration heartbeatInterval{}, heartbeatTimeout{};  ///< of the connection to the JobManager
  Duration connectionHoldTimeout{};  ///< of data connections whose job is not here yet
};

/// `logPrefix` is the path that names this process's log files, without extension; empty: none are
/// written. Errors: kConfigInvalidValue, kIllegalMemoryConfiguration.
Result<TaskManagerSettings> readTaskManagerSettings(const config::Configuration& configuration,
                                                    const std::string& logPrefix);

}  // namespace flink::taskmanager
