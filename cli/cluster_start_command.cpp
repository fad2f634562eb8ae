#include <netdb.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include <fmt/format.h>

#include "cli/cluster_context.h"
#include "cli/cluster_processes.h"
#include "cli/commands.h"
#include "cli/pid_files.h"
#include "cli/render.h"
#include "cluster/control/client.h"
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

/// The numeric addresses of a host that are on loopback, and whether there are others.
struct HostAddresses {
  std::set<std::string> loopback;
  bool elsewhere = false;
};

Result<HostAddresses> addressesOf(std::string_view key, const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0) {
    return Status(ErrorCode::kConfigInvalidValue,
                  fmt::format("the host is not known: key={} value={} reason={}", key, host,
                              gai_strerror(code)));
  }
  HostAddresses addresses;
  for (const addrinfo* it = found; it != nullptr; it = it->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(it->ai_addr, it->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST))
      continue;
    const std::string_view numeric(text);
    if (numeric.starts_with("127.") || numeric == "::1") {
      addresses.loopback.emplace(numeric);
    } else {
      addresses.elsewhere = true;
    }
  }
  freeaddrinfo(found);
  return addresses;
}

/// TaskManagers would look in vain for a JobManager that does not listen where they are told, and
/// nothing leaves loopback in this release.
Status checkRpcAddress(const ClusterContext& context) {
  const std::string_view key = config::kJobmanagerRpcAddress.key;
  const std::string address = context.configuration.getValidated(config::kJobmanagerRpcAddress);
  const std::string bindHost = context.configuration.getValidated(config::kJobmanagerBindHost);
  if (address.empty()) return Status::ok();
  FLINK_ASSIGN_OR_RETURN(const HostAddresses reached, addressesOf(key, address));
  if (reached.loopback.empty() || reached.elsewhere) {
    return {ErrorCode::kBindRefused,
            fmt::format("the JobManager's address is not on loopback: key={} value={}; without "
                        "transport security, which this release does not have, no process leaves "
                        "loopback: use localhost",
                        key, address)};
  }
  FLINK_ASSIGN_OR_RETURN(const HostAddresses bound,
                         addressesOf(config::kJobmanagerBindHost.key, bindHost));
  const bool meets =
      std::any_of(reached.loopback.begin(), reached.loopback.end(),
                  [&](const std::string& numeric) { return bound.loopback.contains(numeric); });
  if (meets || bound.elsewhere) return Status::ok();  // the JobManager itself refuses the latter
  return {
      ErrorCode::kConfigInvalidValue,
      fmt::format("the JobManager does not listen where it is looked for: {}={} ({}) {}={}", key,
                  address, *reached.loopback.begin(), config::kJobmanagerBindHost.key, bindHost)};
}

/// True when -D sets the key.
bool isGiven(const GlobalOptions& global, std::string_view key) {
  return std::any_of(
      global.dynamicProperties.begin(), global.dynamicProperties.end(),
      [&](const std::string& property) { return property.substr(0, property.find('=')) == key; });
}

std::vector<std::string> daemonProperties(const GlobalOptions& global,
                                          const ClusterStartOptions& options) {
  std::vector<std::string> properties;
  if (options.ports == "auto") {
    for (const char* key : kAutomaticPorts) properties.push_back(std::string(key) + "=0");
  }
  // Flink's scripts know the number of kept log files by this name, too.
  if (const char* files = std::getenv("MAX_LOG_FILE_NUMBER"); files != nullptr && *files != '\0')
    properties.push_back(fmt::format("{}={}", config::kEnvLogMax.key, files));
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
  for (auto it = processes.rbegin(); it != processes.rend(); ++it) stopProcess(*it, kStopTimeoutMs);
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

int numLiving(const ClusterRecord& record, const char* component) {
  return static_cast<int>(
      std::count_if(record.processes.begin(), record.processes.end(),
                    [&](const auto& process) { return process.component == component; }));
}

/// TaskManagers that outlived their JobManager know its old port only.
Status startJobManager(const ClusterContext& context, const GlobalOptions& global,
                       std::vector<std::string> properties, ClusterRecord& record) {
  const std::string_view key = config::kJobmanagerRpcPort.key;
  if (const int living = numLiving(record, "taskmanager"); living > 0 && record.rpcPort > 0) {
    if (isGiven(global, key) &&
        context.configuration.getValidated(config::kJobmanagerRpcPort) != record.rpcPort) {
      return {ErrorCode::kAlreadyExists,
              fmt::format("{} TaskManagers of this cluster still run and look for their JobManager "
                          "at port {}: end them first with `flinkctl cluster stop`",
                          living, record.rpcPort)};
    }
    properties.push_back(fmt::format("{}={}", key, record.rpcPort));
  }
  FLINK_ASSIGN_OR_RETURN(const auto lines,
                         startAll(context, {{"jobmanager", 0, properties}}, record));
  readPorts(lines.front(), record);
  return Status::ok();
}

Status startTaskManagers(const ClusterContext& context, const std::vector<std::string>& properties,
                         int count, ClusterRecord& record) {
  int number = 0;
  for (const auto& process : record.processes) {
    if (process.component == "taskmanager") number = std::max(number, process.number + 1);
  }
  std::vector<DaemonSpec> specs;
  for (int i = 0; i < count; ++i) {
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

/// Waits until TaskManagers that ran before are back at the new JobManager.
Status awaitTaskManagers(const ClusterRecord& record, int count) {
  FLINK_ASSIGN_OR_RETURN(
      auto client, control::ClusterClient::connect("localhost:" + std::to_string(record.rpcPort)));
  const SystemClock clock;
  const MonotonicTime end = clock.now() + std::chrono::milliseconds(kStartTimeoutMs);
  int registered = 0;
  while (clock.now() < end) {
    FLINK_ASSIGN_OR_RETURN(const auto overview, client->call(protocol::GetOverviewRequest{}));
    registered = overview.taskManagers;
    if (registered >= count) return Status::ok();
    const timespec pause{0, 50'000'000};
    nanosleep(&pause, nullptr);
  }
  return {ErrorCode::kUnavailable,
          fmt::format("TaskManagers that still ran did not come back to the new JobManager within "
                      "{} s: registered={} running={}; see {}",
                      kStartTimeoutMs / 1000, registered, count, "`flinkctl logs`")};
}

Status startCluster(const ClusterContext& context, const GlobalOptions& global,
                    const ClusterStartOptions& options, int taskManagers, ClusterRecord& record) {
  const std::vector<std::string> properties = daemonProperties(global, options);
  const int living = numLiving(record, "taskmanager");
  if (options.component != "taskmanager")
    FLINK_RETURN_IF_ERROR(startJobManager(context, global, properties, record));
  // --only taskmanager means one more; else those that still run count.
  const int wanted = options.component == "taskmanager" ? taskManagers
                     : options.component.empty()        ? taskManagers - living
                                                        : 0;
  FLINK_RETURN_IF_ERROR(startTaskManagers(context, properties, wanted, record));
  if (options.component == "taskmanager" || living == 0) return Status::ok();
  return awaitTaskManagers(record, numLiving(record, "taskmanager"));
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

const char* titleOf(const ClusterRecord::Process& process) {
  return process.component == "jobmanager" ? "JobManager" : "TaskManager";
}

void printStarted(const GlobalOptions& global, const ClusterContext& context,
                  const ClusterRecord& record, std::size_t alreadyRunning) {
  if (global.output != OutputFormat::kTable)
    return printDocument(global.output, "Cluster", recordDocument(context, record));
  for (std::size_t i = 0; i < record.processes.size(); ++i) {
    const auto& process = record.processes[i];
    std::printf("%s %s (pid %d).\n", i < alreadyRunning ? "Found running" : "Started",
                titleOf(process), process.pid);
  }
  if (record.restPort > 0) std::printf("REST      http://localhost:%d\n", record.restPort);
  std::printf("RPC       localhost:%d\nlogs      %s\n", record.rpcPort,
              context.logDirectory().c_str());
}

/// What of this cluster runs already, also when the record of it was lost.
ClusterRecord livingCluster(const ClusterContext& context) {
  ClusterRecord record = readClusterRecord(context).value_or(ClusterRecord{});
  std::erase_if(record.processes, [](const auto& process) { return !isAlive(process); });
  for (const char* component : {"jobmanager", "taskmanager"}) {
    for (const auto& listed : pidFileProcesses(context, component)) {
      const bool known =
          std::any_of(record.processes.begin(), record.processes.end(),
                      [&](const auto& process) { return process.pid == listed.pid; });
      if (!known) record.processes.push_back(listed);
    }
  }
  return record;
}

}  // namespace

CommandResult runClusterStart(const GlobalOptions& global, const ClusterStartOptions& options) {
  if (isGiven(global, config::kEnvPidDir.key)) {
    return Status(ErrorCode::kUsage,
                  fmt::format("{} tells later commands where to find the cluster, which -D cannot "
                              "do: set it in the configuration file, or FLINK_PID_DIR",
                              config::kEnvPidDir.key));
  }
  FLINK_ASSIGN_OR_RETURN(const ClusterContext context, loadContext(global));
  for (const auto& warning : context.warnings)
    std::fprintf(stderr, "warning: %s\n", warning.text.c_str());
  FLINK_ASSIGN_OR_RETURN(const int taskManagers, numTaskManagers(context, options));
  FLINK_RETURN_IF_ERROR(checkRpcAddress(context));
  ClusterRecord record = livingCluster(context);
  const bool jobManagerRuns = numLiving(record, "jobmanager") > 0;
  if (options.component != "taskmanager" && jobManagerRuns) {
    return Status(
        ErrorCode::kAlreadyExists,
        fmt::format(
            "a cluster of this configuration runs already: conf={}{}", context.confDir,
            record.rpcPort > 0 ? fmt::format(" rpc=localhost:{}", record.rpcPort) : std::string()));
  }
  if (record.processes.empty()) record = ClusterRecord{};  // the ports of one that is gone
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

}  // namespace flink::cli
