#include "cluster/taskmanager/task_manager_settings.h"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/config/options/core_options.h"
#include "core/config/options/jobmanager_options.h"
#include "core/config/options/taskmanager_options.h"
#include "core/config/value_text.h"
#include "core/memory/memory_model.h"

namespace flink::taskmanager {

namespace {

int machineCores() {
  return std::max(1, static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)));
}

}  // namespace

Result<TaskManagerSettings> readTaskManagerSettings(const config::Configuration& configuration,
                                                    const std::string& logPrefix) {
  TaskManagerSettings settings;
  settings.configuration = configuration;
  FLINK_ASSIGN_OR_RETURN(settings.host, configuration.get(config::kTaskmanagerHost));
  FLINK_ASSIGN_OR_RETURN(settings.bindHost, configuration.get(config::kTaskmanagerBindHost));
  FLINK_ASSIGN_OR_RETURN(const std::string rpcPorts,
                         configuration.get(config::kTaskmanagerRpcPort));
  FLINK_ASSIGN_OR_RETURN(settings.rpcPorts, config::parsePorts(rpcPorts));
  FLINK_ASSIGN_OR_RETURN(settings.dataPort, configuration.get(config::kTaskmanagerDataPort));
  FLINK_ASSIGN_OR_RETURN(const std::string address,
                         configuration.get(config::kJobmanagerRpcAddress));
  FLINK_ASSIGN_OR_RETURN(const int port, configuration.get(config::kJobmanagerRpcPort));
  settings.jobManager = fmt::format("{}:{}", address, port);
  FLINK_ASSIGN_OR_RETURN(settings.resourceId, configuration.get(config::kTaskmanagerResourceId));
  FLINK_ASSIGN_OR_RETURN(settings.numSlots,
                         configuration.get(config::kTaskmanagerNumberOfTaskSlots));
  if (settings.numSlots < 1) {
    return Status(ErrorCode::kConfigInvalidValue,
                  fmt::format("a TaskManager needs at least one slot: key={} value={}",
                              config::kTaskmanagerNumberOfTaskSlots.key, settings.numSlots));
  }
  settings.numCores = machineCores();
  FLINK_ASSIGN_OR_RETURN(settings.workerThreads,
                         configuration.get(config::kTaskmanagerWorkerThreads));

  FLINK_ASSIGN_OR_RETURN(const auto model, memory::deriveTaskManagerMemory(configuration));
  settings.memory = {model.frameworkHeap, model.taskHeap,    model.frameworkOffHeap,
                     model.taskOffHeap,   model.network,     model.managed,
                     model.jvmMetaspace,  model.jvmOverhead, model.totalFlink,
                     model.totalProcess};
  FLINK_ASSIGN_OR_RETURN(const auto cores, configuration.getOptional(config::kTaskmanagerCpuCores));
  settings.resources = {cores.value_or(settings.numSlots), settings.memory.taskHeap,
                        settings.memory.taskOffHeap, settings.memory.managed,
                        settings.memory.network};
  FLINK_ASSIGN_OR_RETURN(const auto segment,
                         configuration.get(config::kTaskmanagerMemorySegmentSize));
  settings.segmentBytes = segment.bytes;

  FLINK_ASSIGN_OR_RETURN(const auto directories, configuration.get(config::kIoTmpDirs));
  settings.temporaryDirectory = directories.empty() ? "/tmp" : directories.front();
  const auto slash = logPrefix.rfind('/');
  settings.logDirectory = slash == std::string::npos ? "." : logPrefix.substr(0, slash);
  settings.logPrefix = slash == std::string::npos ? logPrefix : logPrefix.substr(slash + 1);
  FLINK_ASSIGN_OR_RETURN(settings.maxWorkerLogFiles,
                         configuration.get(config::kTaskmanagerWorkerLogMaxFiles));

  FLINK_ASSIGN_OR_RETURN(const std::int64_t cleanupSeconds,
                         configuration.get(config::kBlobServiceCleanupInterval));
  settings.libraryCleanupInterval = std::chrono::seconds(cleanupSeconds);

  FLINK_ASSIGN_OR_RETURN(settings.workerHeartbeatTimeout,
                         configuration.get(config::kTaskmanagerWorkerHeartbeatTimeout));
  FLINK_ASSIGN_OR_RETURN(settings.workerStopTimeout,
                         configuration.get(config::kTaskmanagerWorkerStopTimeout));
  FLINK_ASSIGN_OR_RETURN(settings.cancellationTimeout,
                         configuration.get(config::kTaskCancellationTimeout));
  FLINK_ASSIGN_OR_RETURN(settings.registrationTimeout,
                         configuration.get(config::kTaskmanagerRegistrationTimeout));
  FLINK_ASSIGN_OR_RETURN(settings.connectionHoldTimeout,
                         configuration.get(config::kTaskmanagerNetworkPartitionRequestTimeout));
  FLINK_ASSIGN_OR_RETURN(settings.heartbeatInterval, configuration.get(config::kHeartbeatInterval));
  FLINK_ASSIGN_OR_RETURN(settings.heartbeatTimeout, configuration.get(config::kHeartbeatTimeout));
  return settings;
}

}  // namespace flink::taskmanager
