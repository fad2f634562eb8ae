#include "cluster/taskmanager/task_manager_settings.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/config/options/core_options.h"
#include "core/config/options/jobmanager_options.h"
#include "core/config/options/taskmanager_options.h"
#include "core/memory/memory_model.h"

namespace flink::taskmanager {

namespace {

std::optional<int> parsePort(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 0 || port > 65535) return std::nullopt;
  return port;
}

/// "0", "50100", "50100-50200" or a list of those.
Result<std::vector<int>> parsePorts(std::string_view text) {
  std::vector<int> ports;
  std::string_view rest = text;
  while (true) {
    const auto comma = rest.find(',');
    const std::string_view part = rest.substr(0, comma);
    const auto dash = part.find('-');
    const auto first = parsePort(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parsePort(part.substr(dash + 1));
    if (!first || !last || *last < *first) {
      return Status(ErrorCode::kConfigInvalidValue,
                    fmt::format("not a port or port range: key={} value={} accepted=\"0, 50100, 50100-50200\"",
                                config::kTaskmanagerRpcPort.key, text));
    }
    for (int port = *first; port <= *last; ++port) ports.push_back(port);
    if (comma == std::string_view::npos) return ports;
    rest.remove_prefix(comma + 1);
  }
}

int machineCores() { return std::max(1, static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN))); }

}  // namespace

Result<TaskManagerSettings> readTaskManagerSettings(const config::Configuration& configuration,
                                                    const std::string& logPrefix) {
  TaskManagerSettings settings;
  settings.configuration = configuration;
  FLINK_ASSIGN_OR_RETURN(settings.host, configuration.get(config::kTaskmanagerHost));
  FLINK_ASSIGN_OR_RETURN(settings.bindHost, configuration.get(config::kTaskmanagerBindHost));
  FLINK_ASSIGN_OR_RETURN(const std::string rpcPorts, configuration.get(config::kTaskmanagerRpcPort));
  FLINK_ASSIGN_OR_RETURN(settings.rpcPorts, parsePorts(rpcPorts));
  FLINK_ASSIGN_OR_RETURN(settings.dataPort, configuration.get(config::kTaskmanagerDataPort));
  FLINK_ASSIGN_OR_RETURN(const std::string address, configuration.get(config::kJobmanagerRpcAddress));
  FLINK_ASSIGN_OR_RETURN(const int port, configuration.get(config::kJobmanagerRpcPort));
  settings.jobManager = fmt::format("{}:{}", address, port);
  FLINK_ASSIGN_OR_RETURN(settings.resourceId, configuration.get(config::kTaskmanagerResourceId));
  FLINK_ASSIGN_OR_RETURN(settings.numSlots, configuration.get(config::kTaskmanagerNumberOfTaskSlots));
  if (settings.numSlots < 1) {
    return Status(ErrorCode::kConfigInvalidValue, fmt::format("a TaskManager needs at least one slot: key={} value={}",
                                                              config::kTaskmanagerNumberOfTaskSlots.key, settings.numSlots));
  }
  settings.numCores = machineCores();
  FLINK_ASSIGN_OR_RETURN(settings.workerThreads, configuration.get(config::kTaskmanagerWorkerThreads));

  FLINK_ASSIGN_OR_RETURN(settings.memory, memory::taskManagerMemory(configuration));
  FLINK_ASSIGN_OR_RETURN(const auto cores, configuration.getOptional(config::kTaskmanagerCpuCores));
  settings.resources = {cores.value_or(settings.numSlots), settings.memory.taskHeap, settings.memory.taskOffHeap,
                        settings.memory.managed, settings.memory.network};
  FLINK_ASSIGN_OR_RETURN(const auto segment, configuration.get(config::kTaskmanagerMemorySegmentSize));
  settings.segmentBytes = segment.bytes;

  FLINK_ASSIGN_OR_RETURN(const auto directories, configuration.get(config::kIoTmpDirs));
  // The process id tells a later TaskManager whether the directory's owner is still there.
  settings.temporaryDirectory =
      fmt::format("{}/flink-taskmanager-{}", directories.empty() ? "/tmp" : directories.front(), ::getpid());
  const auto slash = logPrefix.rfind('/');
  settings.logDirectory = slash == std::string::npos ? "." : logPrefix.substr(0, slash);
  settings.logPrefix = slash == std::string::npos ? logPrefix : logPrefix.substr(slash + 1);
  FLINK_ASSIGN_OR_RETURN(settings.maxWorkerLogFiles, configuration.get(config::kTaskmanagerWorkerLogMaxFiles));

  FLINK_ASSIGN_OR_RETURN(settings.workerHeartbeatTimeout, configuration.get(config::kTaskmanagerWorkerHeartbeatTimeout));
  FLINK_ASSIGN_OR_RETURN(settings.workerStopTimeout, configuration.get(config::kTaskmanagerWorkerStopTimeout));
  FLINK_ASSIGN_OR_RETURN(settings.cancellationTimeout, configuration.get(config::kTaskCancellationTimeout));
  FLINK_ASSIGN_OR_RETURN(settings.registrationTimeout, configuration.get(config::kTaskmanagerRegistrationTimeout));
  FLINK_ASSIGN_OR_RETURN(settings.connectionHoldTimeout,
                         configuration.get(config::kTaskmanagerNetworkPartitionRequestTimeout));
  FLINK_ASSIGN_OR_RETURN(settings.jobManagerPing, configuration.get(config::kHeartbeatInterval));
  return settings;
}

}  // namespace flink::taskmanager
