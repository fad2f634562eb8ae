#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/cluster_context.h"
#include "core/base/process.h"

namespace flink::cli {

/// One daemon to start: a flink-jobmanager or flink-taskmanager that reports when it is ready.
struct DaemonSpec {
  std::string component;  ///< "jobmanager" or "taskmanager"
  int number = 0;
  std::vector<std::string> dynamicProperties;
};

/// A started daemon whose report has not come yet.
struct StartedDaemon {
  ClusterRecord::Process process;
  std::string outFile;
  std::uintmax_t outStart = 0;  ///< what stood in outFile before belongs to earlier runs
  OwnedFd ready;
};

/// Starts a daemon in a session of its own; its FLINK_CONF_DIR is the context's. Errors:
/// kProcessSpawn.
Result<StartedDaemon> startDaemon(const ClusterContext& context, const DaemonSpec& spec,
                                  ProcessLauncher& launcher);
/// Waits for the line `ready ...` and returns it. Errors: what the daemon itself reported, else
/// kUnavailable with the end of its output.
Result<std::string> awaitReady(const StartedDaemon& daemon, int timeoutMs);
/// Turns a line `error FLINK-NET-001: text`, as our processes report it, back into a Status.
Status reportedError(const std::string& line);
/// SIGTERM, and SIGKILL after `timeoutMs`; returns once the process is gone. False when it had to
/// be killed.
bool stopProcess(const ClusterRecord::Process& process, int timeoutMs);

}  // namespace flink::cli
