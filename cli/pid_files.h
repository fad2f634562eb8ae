#pragma once

#include <string>
#include <vector>

#include "cli/cluster_context.h"

namespace flink::cli {

// Flink's pid files, for scripts that know them: <pid directory>/flink-<user>-standalonesession.pid
// and
// ...-taskexecutor.pid, one process id per line, the newest last. Clusters of one user that share
// the directory share the files. Written under the lock that Flink's own scripts take.

/// Flink's name of a daemon: standalonesession or taskexecutor.
[[nodiscard]] std::string serviceName(const std::string& component);

/// Adds a started process; lines that are no longer true leave.
Status addToPidFile(const ClusterContext& context, const ClusterRecord::Process& process);
/// The living daemons of `component` in the file that work with this configuration directory.
[[nodiscard]] std::vector<ClusterRecord::Process> pidFileProcesses(const ClusterContext& context,
                                                                   const std::string& component);
/// Takes out lines that are no longer true; removes the file with its last line.
Status cleanPidFile(const ClusterContext& context, const std::string& component);

}  // namespace flink::cli
