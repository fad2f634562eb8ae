#include "cluster/scheduler/slot_placement.h"

#include <algorithm>
#include <numeric>

namespace flink::scheduler {
namespace {

using protocol::ResourceProfile;

constexpr double kCpuTolerance = 1e-9;

bool canServe(const TaskManagerCapacity& taskManager, const SlotRequest& request) {
  return taskManager.freeSlots > 0 &&
         fits(resourceOf(request, taskManager.defaultSlot), taskManager.free);
}

/// True when `a` is the better choice than `b`; equal ones keep their order.
bool better(const TaskManagerCapacity& a, const TaskManagerCapacity& b,
            PlacementStrategy strategy) {
  const std::int64_t shareA = std::int64_t{a.freeSlots} * b.slots;
  const std::int64_t shareB = std::int64_t{b.freeSlots} * a.slots;
  return strategy == PlacementStrategy::kSpread ? shareA > shareB : shareA < shareB;
}

std::optional<std::size_t> choose(const SlotRequest& request,
                                  const std::vector<TaskManagerCapacity>& taskManagers,
                                  PlacementStrategy strategy) {
  for (const TaskManagerId& wanted : request.preferred) {
    for (std::size_t i = 0; i < taskManagers.size(); ++i) {
      if (taskManagers[i].id == wanted && canServe(taskManagers[i], request)) return i;
    }
  }
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < taskManagers.size(); ++i) {
    if (!canServe(taskManagers[i], request)) continue;
    if (!best || better(taskManagers[i], taskManagers[*best], strategy)) best = i;
  }
  return best;
}

}  // namespace

ResourceProfile resourceOf(const SlotRequest& request, const ResourceProfile& defaultSlot) {
  ResourceProfile resource = request.profile.value_or(defaultSlot);
  if (resource.networkBytes == 0) resource.networkBytes = defaultSlot.networkBytes;
  return resource;
}

bool fits(const ResourceProfile& request, const ResourceProfile& free) {
  return request.cpuCores <= free.cpuCores + kCpuTolerance &&
         request.taskHeapBytes <= free.taskHeapBytes &&
         request.taskOffHeapBytes <= free.taskOffHeapBytes &&
         request.managedBytes <= free.managedBytes && request.networkBytes <= free.networkBytes;
}

ResourceProfile plus(const ResourceProfile& a, const ResourceProfile& b) {
  return {a.cpuCores + b.cpuCores, a.taskHeapBytes + b.taskHeapBytes,
          a.taskOffHeapBytes + b.taskOffHeapBytes, a.managedBytes + b.managedBytes,
          a.networkBytes + b.networkBytes};
}

ResourceProfile minus(const ResourceProfile& a, const ResourceProfile& b) {
  return {std::max(0.0, a.cpuCores - b.cpuCores),
          std::max<std::int64_t>(0, a.taskHeapBytes - b.taskHeapBytes),
          std::max<std::int64_t>(0, a.taskOffHeapBytes - b.taskOffHeapBytes),
          std::max<std::int64_t>(0, a.managedBytes - b.managedBytes),
          std::max<std::int64_t>(0, a.networkBytes - b.networkBytes)};
}

ResourceProfile share(const ResourceProfile& total, std::int32_t parts) {
  const std::int32_t n = std::max(1, parts);
  return {total.cpuCores / n, total.taskHeapBytes / n, total.taskOffHeapBytes / n,
          total.managedBytes / n, total.networkBytes / n};
}

std::optional<std::vector<std::size_t>> placeSlots(const std::vector<SlotRequest>& requests,
                                                   std::vector<TaskManagerCapacity> taskManagers,
                                                   PlacementStrategy strategy) {
  // Requests with a profile are the harder ones to place, so they choose first.
  std::vector<std::size_t> order(requests.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_partition(order.begin(), order.end(),
                        [&](std::size_t i) { return requests[i].profile.has_value(); });
  std::vector<std::size_t> result(requests.size());
  for (const std::size_t i : order) {
    const auto chosen = choose(requests[i], taskManagers, strategy);
    if (!chosen) return std::nullopt;
    TaskManagerCapacity& taskManager = taskManagers[*chosen];
    taskManager.free = minus(taskManager.free, resourceOf(requests[i], taskManager.defaultSlot));
    --taskManager.freeSlots;
    result[i] = *chosen;
  }
  return result;
}

}  // namespace flink::scheduler
