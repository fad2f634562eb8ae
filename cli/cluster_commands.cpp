#include <algorithm>
#include <cstdio>
#include <iterator>
#include <nlohmann/json.hpp>

#include "cli/cluster_connection.h"
#include "cli/cluster_context.h"
#include "cli/cluster_processes.h"
#include "cli/commands.h"
#include "cli/pid_files.h"
#include "cli/render.h"
#include "core/base/error_codes.h"

namespace flink::cli {

namespace {

constexpr int kStopTimeoutMs = 15'000;

/// Processes end whatever their configuration file has become since they read it.
Result<ClusterContext> contextToStop(const GlobalOptions& global, bool& readable) {
  auto loaded = loadContext(global);
  readable = loaded.isOk();
  if (readable || loaded.status().code() == ErrorCode::kFileNotFound) return loaded;
  std::fprintf(stderr, "warning: going by the running processes alone: %s\n",
               loaded.status().message().c_str());
  return findContext(global);
}

/// TaskManagers first. The pid files know processes whose record was lost; `search`: where the
/// files are is not known either.
std::vector<ClusterRecord::Process> processesToStop(const ClusterContext& context,
                                                    const ClusterStopOptions& options,
                                                    const ClusterRecord& record, bool search) {
  const std::vector<ClusterRecord::Process> running =
      search ? findDaemons(context.confDir) : std::vector<ClusterRecord::Process>();
  std::vector<ClusterRecord::Process> stopping;
  for (const char* component : {"taskmanager", "jobmanager"}) {
    if (!options.component.empty() && options.component != component) continue;
    const auto isNew = [&](const auto& process) {
      return std::none_of(stopping.begin(), stopping.end(),
                          [&](const auto& other) { return other.pid == process.pid; });
    };
    std::copy_if(record.processes.begin(), record.processes.end(), std::back_inserter(stopping),
                 [&](const auto& process) { return process.component == component; });
    const auto listed = pidFileProcesses(context, component);
    std::copy_if(listed.begin(), listed.end(), std::back_inserter(stopping), isNew);
    std::copy_if(
        running.begin(), running.end(), std::back_inserter(stopping),
        [&](const auto& process) { return process.component == component && isNew(process); });
  }
  if (options.newest && stopping.size() > 1) stopping.erase(stopping.begin(), stopping.end() - 1);
  return stopping;
}

Status cleanPidFiles(const ClusterContext& context) {
  FLINK_RETURN_IF_ERROR(cleanPidFile(context, "jobmanager"));
  return cleanPidFile(context, "taskmanager");
}

}  // namespace

CommandResult runClusterStop(const GlobalOptions& global, const ClusterStopOptions& options) {
  bool readable = true;
  FLINK_ASSIGN_OR_RETURN(const ClusterContext context, contextToStop(global, readable));
  ClusterRecord record = readClusterRecord(context).value_or(ClusterRecord{});
  std::erase_if(record.processes, [](const auto& process) { return !isAlive(process); });
  const std::vector<ClusterRecord::Process> stopping =
      processesToStop(context, options, record, !readable);
  if (stopping.empty()) {
    FLINK_RETURN_IF_ERROR(cleanPidFiles(context));
    std::printf("Nothing to stop: no process of this cluster runs (conf %s).\n",
                context.confDir.c_str());
    return kExitOk;
  }
  for (const auto& process : stopping) {
    const bool clean = stopProcess(process, kStopTimeoutMs);
    std::printf("Stopped %s (pid %d)%s.\n",
                process.component == "jobmanager" ? "JobManager" : "TaskManager", process.pid,
                clean ? "" : "; it did not end in time and was killed");
  }
  std::erase_if(record.processes, [&](const auto& process) {
    return std::any_of(stopping.begin(), stopping.end(),
                       [&](const auto& other) { return other.pid == process.pid; });
  });
  FLINK_RETURN_IF_ERROR(cleanPidFiles(context));
  if (record.processes.empty()) {
    removeClusterRecord(context);
  } else {
    FLINK_RETURN_IF_ERROR(writeClusterRecord(context, record));
  }
  return kExitOk;
}

CommandResult runClusterStatus(const GlobalOptions& global) {
  FLINK_ASSIGN_OR_RETURN(auto client, connectCluster(global));
  FLINK_ASSIGN_OR_RETURN(const auto version, client->call(protocol::GetVersionRequest{}));
  FLINK_ASSIGN_OR_RETURN(const auto overview, client->call(protocol::GetOverviewRequest{}));
  // A JobManager on another host has a pid that means nothing here.
  const bool outdated = isAlive({"jobmanager", version.pid}) && isOutdated(version.pid);
  if (outdated) {
    std::fprintf(stderr,
                 "warning: the JobManager (pid %d) was started from an older build; stop and start "
                 "the cluster to run the present one\n",
                 version.pid);
  }
  if (global.output != OutputFormat::kTable) {
    printDocument(global.output, "ClusterStatus",
                  {{"rpcAddress", client->address()},
                   {"restAddress", version.restAddress},
                   {"version", version.version},
                   {"jobManagerPid", version.pid},
                   {"outdated", outdated},
                   {"taskManagers", overview.taskManagers},
                   {"slotsTotal", overview.slotsTotal},
                   {"slotsAvailable", overview.slotsAvailable},
                   {"jobsRunning", overview.jobsRunning},
                   {"jobsFinished", overview.jobsFinished},
                   {"jobsCancelled", overview.jobsCancelled},
                   {"jobsFailed", overview.jobsFailed}});
    return kExitOk;
  }
  std::printf("JobManager    %s (pid %d, version %s)\n", client->address().c_str(), version.pid,
              version.version.c_str());
  if (!version.restAddress.empty())
    std::printf("REST          http://%s\n", version.restAddress.c_str());
  std::printf(
      "TaskManagers  %d\nSlots         %d of %d free\nJobs          %d running, %d finished, %d "
      "cancelled, %d failed\n",
      overview.taskManagers, overview.slotsAvailable, overview.slotsTotal, overview.jobsRunning,
      overview.jobsFinished, overview.jobsCancelled, overview.jobsFailed);
  return kExitOk;
}

}  // namespace flink::cli
