#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "cli/cluster_context.h"
#include "cli/cluster_processes.h"
#include "cli/commands.h"
#include "cli/pid_files.h"
#include "cli/render.h"
#include "core/base/error_codes.h"
#include "core/config/options/core_options.h"
#include "core/config/options/jobmanager_options.h"
#include "core/config/options/taskmanager_options.h"

namespace flink::cli {

using Json = nlohmann::ordered_json;

namespace {

constexpr int kStartTimeoutMs = 30'000;
constexpr int kStopTimeoutMs = 15'000;
/// Every port by its key; TaskManager ports are free ones by default.
constexpr const char* kAutomaticPorts[] = {"jobmanager.rpc.port", "rest.port", "blob.server.port",
                                           "jobmanager.event.port"};

/// Hosts of conf/workers or conf/masters: one per line, `host[:port]`, '#' starts a comment.
std::vector<std::string> readHosts(const std::string& file) {
  std::vector<std::string> hosts;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    line = line.substr(0, line.find('#'));
    line.erase(0, line.find_first_not_of(" \t\r"));
    line.erase(line.find_last_not_of(" \t\r") + 1);
    if (!line.empty()) hosts.push_back(line);
  }
  return hosts;
}

bool isLocal(const std::string& entry) {
  const std::string host = entry.substr(0, entry.rfind(':'));
  return host == "localhost" || host == "127.0.0.1" || host == "::1" || entry == "localhost";
}

/// The number of TaskManagers: -t, else one per line of conf/workers, else one.
Result<int> numTaskManagers(const ClusterContext& context, const ClusterStartOptions& options) {
  for (const char* name : {"masters", "workers"}) {
    for (const std::string& host : readHosts(context.confDir + "/" + name)) {
      if (isLocal(host)) continue;
      return Status(
          ErrorCode::kUnsupported,
          fmt::format("only local processes can be started: file={}/{} host={}; processes on "
                      "other hosts need transport security, which this release does not have",
                      context.confDir, name, host));
    }
  }
  if (options.taskManagers) return *options.taskManagers;
  const auto workers = readHosts(context.confDir + "/workers");
  return workers.empty() ? 1 : static_cast<int>(workers.size());
}

/// `ready rpc=6123 rest=8081 ...` → the record's ports.
void readPorts(const std::string& line, ClusterRecord& record) {
  const auto port = [&](const std::string& name) {
    const std::size_t at = line.find(" " + name + "=");
    return at == std::string::npos ? 0 : std::atoi(line.c_str() + at + name.size() + 2);
  };
  record.rpcPort = port("rpc");
  record.restPort = port("rest");
  record.blobPort = port("blob");
  record.eventPort = port("events");
}

std::vector<std::string> daemonProperties(const GlobalOptions& global,
                                          const ClusterStartOptions& options) {
  std::vector<std::string> properties;
  if (options.ports == "auto") {
    for (const char* key : kAutomaticPorts) properties.push_back(std::string(key) + "=0");
  }
  if (options.slots) {
    properties.push_back(
        fmt::format("{}={}", config::kTaskmanagerNumberOfTaskSlots.key, *options.slots));
  }
  properties.insert(properties.end(), global.dynamicProperties.begin(),
                    global.dynamicProperties.end());
  return properties;
}

/// Ends what a failed start has started already.
void stopAll(const std::vector<ClusterRecord::Process>& processes) {
  for (auto it = processes.rbegin(); it != processes.rend(); ++it)
    stopProcess(it->pid, kStopTimeoutMs);
}

/// Starts daemons together and waits until each has reported.
Result<std::vector<std::string>> startAll(const ClusterContext& context,
                                          const std::vector<DaemonSpec>& specs,
                                          ClusterRecord& record) {
  const auto launcher = makeSystemProcessLauncher();
  std::vector<StartedDaemon> daemons;
  for (const DaemonSpec& spec : specs) {
    FLINK_ASSIGN_OR_RETURN(auto daemon, startDaemon(context, spec, *launcher));
    record.processes.push_back(daemon.process);
    daemons.push_back(std::move(daemon));
  }
  std::vector<std::string> lines;
  for (const StartedDaemon& daemon : daemons) {
    FLINK_ASSIGN_OR_RETURN(std::string line, awaitReady(daemon, kStartTimeoutMs));
    lines.push_back(std::move(line));
  }
  return lines;
}

Status startCluster(const ClusterContext& context, const GlobalOptions& global,
                    const ClusterStartOptions& options, int taskManagers, ClusterRecord& record) {
  const std::vector<std::string> properties = daemonProperties(global, options);
  if (options.component != "taskmanager") {
    FLINK_ASSIGN_OR_RETURN(const auto lines,
                           startAll(context, {{"jobmanager", 0, properties}}, record));
    readPorts(lines.front(), record);
  }
  if (options.component == "jobmanager") return Status::ok();
  int number = 0;
  for (const auto& process : record.processes) {
    if (process.component == "taskmanager") number = std::max(number, process.number + 1);
  }
  std::vector<DaemonSpec> specs;
  for (int i = 0; i < taskManagers; ++i) {
    DaemonSpec spec{"taskmanager", number + i, properties};
    if (record.rpcPort > 0) {
      std::erase_if(spec.dynamicProperties,
                    [](const auto& p) { return p.starts_with("jobmanager.rpc.port="); });
      spec.dynamicProperties.push_back(
          fmt::format("{}={}", config::kJobmanagerRpcPort.key, record.rpcPort));
    }
    specs.push_back(std::move(spec));
  }
  return startAll(context, specs, record).status();
}

Json recordDocument(const ClusterContext& context, const ClusterRecord& record) {
  Json processes = Json::array();
  for (const auto& process : record.processes) {
    processes.push_back(
        {{"component", process.component}, {"pid", process.pid}, {"running", isAlive(process)}});
  }
  return {
      {"confDir", context.confDir},
      {"logDir", context.logDirectory()},
      {"rpcAddress", "localhost:" + std::to_string(record.rpcPort)},
      {"restAddress", record.restPort > 0 ? "localhost:" + std::to_string(record.restPort) : ""},
      {"blobPort", record.blobPort},
      {"eventPort", record.eventPort},
      {"processes", processes}};
}

void printStarted(const GlobalOptions& global, const ClusterContext& context,
                  const ClusterRecord& record, std::size_t alreadyRunning) {
  if (global.output != OutputFormat::kTable)
    return printDocument(global.output, "Cluster", recordDocument(context, record));
  for (std::size_t i = alreadyRunning; i < record.processes.size(); ++i) {
    const auto& process = record.processes[i];
    std::printf("Started %s (pid %d).\n",
                process.component == "jobmanager" ? "JobManager" : "TaskManager", process.pid);
  }
  if (record.restPort > 0) std::printf("REST      http://localhost:%d\n", record.restPort);
  std::printf("RPC       localhost:%d\nlogs      %s\n", record.rpcPort,
              context.logDirectory().c_str());
}

/// TaskManagers first. The pid files know processes whose record was lost.
std::vector<ClusterRecord::Process> processesToStop(const ClusterContext& context,
                                                    const ClusterStopOptions& options,
                                                    const ClusterRecord& record) {
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
  }
  if (options.newest && stopping.size() > 1) stopping.erase(stopping.begin(), stopping.end() - 1);
  return stopping;
}

Status cleanPidFiles(const ClusterContext& context) {
  FLINK_RETURN_IF_ERROR(cleanPidFile(context, "jobmanager"));
  return cleanPidFile(context, "taskmanager");
}

}  // namespace

CommandResult runClusterStart(const GlobalOptions& global, const ClusterStartOptions& options) {
  FLINK_ASSIGN_OR_RETURN(const ClusterContext context, loadContext(global));
  for (const auto& warning : context.warnings)
    std::fprintf(stderr, "warning: %s\n", warning.text.c_str());
  FLINK_ASSIGN_OR_RETURN(const int taskManagers, numTaskManagers(context, options));
  ClusterRecord record = readClusterRecord(context).value_or(ClusterRecord{});
  std::erase_if(record.processes, [](const auto& process) { return !isAlive(process); });
  const bool jobManagerRuns =
      std::any_of(record.processes.begin(), record.processes.end(),
                  [](const auto& process) { return process.component == "jobmanager"; });
  if (options.component != "taskmanager" && jobManagerRuns) {
    return Status(
        ErrorCode::kAlreadyExists,
        fmt::format("a cluster of this configuration runs already: conf={} rpc=localhost:{}",
                    context.confDir, record.rpcPort));
  }
  if (!jobManagerRuns) record = ClusterRecord{0, 0, 0, 0, std::move(record.processes)};
  const std::size_t alreadyRunning = record.processes.size();
  if (const Status status = startCluster(context, global, options, taskManagers, record);
      !status.isOk()) {
    stopAll({record.processes.begin() + static_cast<std::ptrdiff_t>(alreadyRunning),
             record.processes.end()});
    return status;
  }
  FLINK_RETURN_IF_ERROR(writeClusterRecord(context, record));
  for (std::size_t i = alreadyRunning; i < record.processes.size(); ++i)
    FLINK_RETURN_IF_ERROR(addToPidFile(context, record.processes[i]));
  printStarted(global, context, record, alreadyRunning);
  return kExitOk;
}

CommandResult runClusterStop(const GlobalOptions& global, const ClusterStopOptions& options) {
  FLINK_ASSIGN_OR_RETURN(const ClusterContext context, loadContext(global));
  ClusterRecord record = readClusterRecord(context).value_or(ClusterRecord{});
  std::erase_if(record.processes, [](const auto& process) { return !isAlive(process); });
  const std::vector<ClusterRecord::Process> stopping = processesToStop(context, options, record);
  if (stopping.empty()) {
    FLINK_RETURN_IF_ERROR(cleanPidFiles(context));
    std::printf("Nothing to stop: no process of this cluster runs (conf %s).\n",
                context.confDir.c_str());
    return kExitOk;
  }
  for (const auto& process : stopping) {
    const bool clean = stopProcess(process.pid, kStopTimeoutMs);
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
  FLINK_ASSIGN_OR_RETURN(const std::string address, jobManagerAddress(global));
  FLINK_ASSIGN_OR_RETURN(auto client, connectCluster(global));
  FLINK_ASSIGN_OR_RETURN(const auto version, client->call(protocol::GetVersionRequest{}));
  FLINK_ASSIGN_OR_RETURN(const auto overview, client->call(protocol::GetOverviewRequest{}));
  if (global.output != OutputFormat::kTable) {
    printDocument(global.output, "ClusterStatus",
                  {{"rpcAddress", address},
                   {"restAddress", version.restAddress},
                   {"version", version.version},
                   {"jobManagerPid", version.pid},
                   {"taskManagers", overview.taskManagers},
                   {"slotsTotal", overview.slotsTotal},
                   {"slotsAvailable", overview.slotsAvailable},
                   {"jobsRunning", overview.jobsRunning},
                   {"jobsFinished", overview.jobsFinished},
                   {"jobsCancelled", overview.jobsCancelled},
                   {"jobsFailed", overview.jobsFailed}});
    return kExitOk;
  }
  std::printf("JobManager    %s (pid %d, version %s)\n", address.c_str(), version.pid,
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
