#include <array>

#include "cluster/rest/json_parts.h"
#include "cluster/rest/views.h"
#include "core/base/error_codes.h"

namespace flink::rest {

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Status malformedBody(const std::string& why) {
  return {ErrorCode::kInvalidArgument, "the request body is malformed: " + why};
}

Result<Json> parseBody(std::string_view body) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return Json::object();
  Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return malformedBody("it is no JSON object");
  return json;
}

std::string overviewJson(const protocol::ClusterOverview& overview) {
  return dump({{"taskmanagers", overview.taskManagers},
               {"slots-total", overview.slotsTotal},
               {"slots-available", overview.slotsAvailable},
               {"jobs-running", overview.jobsRunning},
               {"jobs-finished", overview.jobsFinished},
               {"jobs-cancelled", overview.jobsCancelled},
               {"jobs-failed", overview.jobsFailed},
               {"flink-version", overview.version},
               {"flink-commit", overview.commit}});
}

std::string configJson(const DashboardConfiguration& dashboard, std::string_view version,
                       std::string_view commit) {
  return dump({{"refresh-interval", dashboard.refreshIntervalMs},
               {"timezone-name", dashboard.timezoneName},
               {"timezone-offset", dashboard.timezoneOffsetMs},
               {"flink-version", version},
               {"flink-revision", commit},
               {"features",
                {{"web-submit", dashboard.submitEnabled},
                 {"web-cancel", dashboard.cancelEnabled},
                 {"web-rescale", false},
                 {"web-history", false}}}});
}

std::string keyValuesJson(const std::map<std::string, std::string>& values) {
  Json list = Json::array();
  for (const auto& [key, value] : values) list.push_back({{"key", key}, {"value", value}});
  return dump(list);
}

std::string logListJson(const std::vector<protocol::LogFile>& files) {
  Json list = Json::array();
  for (const auto& file : files) {
    list.push_back({{"name", file.name}, {"size", file.size}, {"mtime", file.modifiedMs}});
  }
  return dump({{"logs", list}});
}

namespace {

constexpr std::int64_t kMebibyte = 1 << 20;

Json resourceJson(const protocol::ResourceProfile& resource) {
  return {{"cpuCores", resource.cpuCores},
          {"taskHeapMemory", resource.taskHeapBytes / kMebibyte},
          {"taskOffHeapMemory", resource.taskOffHeapBytes / kMebibyte},
          {"managedMemory", resource.managedBytes / kMebibyte},
          {"networkMemory", resource.networkBytes / kMebibyte},
          {"extendedResources", Json::object()}};
}

Json taskManagerObject(const protocol::TaskManagerView& taskManager) {
  const protocol::TaskManagerMemory& memory = taskManager.memory;
  return {{"id", taskManager.id.text()},
          {"path", "tcp://" + taskManager.host + ":" + std::to_string(taskManager.rpcPort) +
                       "/taskmanager"},
          {"dataPort", taskManager.dataPort},
          {"jmxPort", -1},
          {"timeSinceLastHeartbeat", taskManager.lastHeartbeatMs},
          {"slotsNumber", taskManager.slots},
          {"freeSlots", taskManager.freeSlots},
          {"assignedTasks", taskManager.assignedTasks},
          {"totalResource", resourceJson(taskManager.total)},
          {"freeResource", resourceJson(taskManager.free)},
          {"hardware",
           {{"cpuCores", taskManager.hardware.cpuCores},
            {"physicalMemory", taskManager.hardware.physicalMemory},
            {"freeMemory", taskManager.hardware.freeMemory},
            {"managedMemory", taskManager.hardware.managedMemory}}},
          {"memoryConfiguration",
           {{"frameworkHeap", memory.frameworkHeap},
            {"taskHeap", memory.taskHeap},
            {"frameworkOffHeap", memory.frameworkOffHeap},
            {"taskOffHeap", memory.taskOffHeap},
            {"networkMemory", memory.network},
            {"managedMemory", memory.managed},
            {"jvmMetaspace", memory.jvmMetaspace},
            {"jvmOverhead", memory.jvmOverhead},
            {"totalFlinkMemory", memory.totalFlink},
            {"totalProcessMemory", memory.totalProcess}}}};
}

/// Flink's names; those that only a JVM has are zero here.
constexpr std::array kTaskManagerMetrics{"heapUsed",
                                         "heapCommitted",
                                         "heapMax",
                                         "nonHeapUsed",
                                         "nonHeapCommitted",
                                         "nonHeapMax",
                                         "directCount",
                                         "directUsed",
                                         "directMax",
                                         "mappedCount",
                                         "mappedUsed",
                                         "mappedMax",
                                         "nettyShuffleMemorySegmentsAvailable",
                                         "nettyShuffleMemorySegmentsUsed",
                                         "nettyShuffleMemorySegmentsTotal",
                                         "nettyShuffleMemoryAvailable",
                                         "nettyShuffleMemoryUsed",
                                         "nettyShuffleMemoryTotal"};

}  // namespace

std::string taskManagersJson(const std::vector<protocol::TaskManagerView>& taskManagers) {
  Json list = Json::array();
  for (const auto& taskManager : taskManagers) list.push_back(taskManagerObject(taskManager));
  return dump({{"taskmanagers", list}});
}

std::string taskManagerJson(const protocol::TaskManagerView& taskManager) {
  Json json = taskManagerObject(taskManager);
  Json slots = Json::array();
  for (const auto& slot : taskManager.allocatedSlots) {
    slots.push_back({{"jobId", slot.job.toHex()},
                     {"resource", resourceJson(slot.resource)},
                     {"assignedTasks", slot.assignedTasks}});
  }
  json["allocatedSlots"] = slots;
  Json metrics = Json::object();
  for (const char* name : kTaskManagerMetrics) {
    const auto it = taskManager.metrics.find(name);
    metrics[name] = it == taskManager.metrics.end() ? 0 : it->second;
  }
  metrics["garbageCollectors"] = Json::array();
  json["metrics"] = metrics;
  return dump(json);
}

}  // namespace flink::rest
