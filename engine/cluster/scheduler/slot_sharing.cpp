#include "cluster/scheduler/slot_sharing.h"

#include <algorithm>
#include <map>

namespace flink::scheduler {
namespace {

constexpr SharedSlotIndex kNoSlot{-1};

}  // namespace

SlotSharing::SlotSharing(const Topology& topology)
    : slotOf_(static_cast<std::size_t>(topology.numTasks()), kNoSlot) {
  std::map<std::string_view, Group> groups;
  for (const auto& group : topology.graph().slotSharingGroups)
    groups[group.name].profile = group.profile;
  for (const VertexIndex v : topology.topologicalOrder()) {
    const std::string_view name = topology.vertex(v).slotSharingGroup;
    Group& group = groups[name];
    group.name = name;
    assignVertex(topology, v, group);
  }
}

void SlotSharing::assignVertex(const Topology& topology, VertexIndex vertex, Group& group) {
  const std::int32_t parallelism = topology.vertex(vertex).parallelism;
  while (static_cast<std::int32_t>(group.slots.size()) < parallelism) {
    group.slots.push_back(static_cast<SharedSlotIndex>(slots_.size()));
    slots_.push_back({{}, group.profile, group.name});
  }
  std::vector<bool> taken(slots_.size(), false);
  const auto take = [&](TaskIndex task, SharedSlotIndex slot) {
    taken[static_cast<std::size_t>(slot)] = true;
    slotOf_[static_cast<std::size_t>(task)] = slot;
    slots_[static_cast<std::size_t>(slot)].tasks.push_back(task);
  };
  const auto isFree = [&](SharedSlotIndex slot) { return !taken[static_cast<std::size_t>(slot)]; };

  std::vector<std::int32_t> left;
  for (std::int32_t s = 0; s < parallelism; ++s) {
    const TaskIndex task = topology.task(vertex, s);
    const auto candidates = producerSlots(topology, task);
    const auto near = std::find_if(candidates.begin(), candidates.end(), [&](SharedSlotIndex slot) {
      return isFree(slot) && slots_[static_cast<std::size_t>(slot)].group == group.name;
    });
    if (near != candidates.end()) {
      take(task, *near);
    } else {
      left.push_back(s);
    }
  }
  std::vector<std::int32_t> homeless;
  for (const std::int32_t s : left) {
    const SharedSlotIndex own = group.slots[static_cast<std::size_t>(s)];
    if (isFree(own)) {
      take(topology.task(vertex, s), own);
    } else {
      homeless.push_back(s);
    }
  }
  auto next = group.slots.begin();
  for (const std::int32_t s : homeless) {
    next = std::find_if(next, group.slots.end(), isFree);
    take(topology.task(vertex, s), *next);
  }
}

std::vector<SharedSlotIndex> SlotSharing::producerSlots(const Topology& topology,
                                                        TaskIndex task) const {
  std::vector<SharedSlotIndex> result;
  for (const EdgeIndex e : topology.inputs(topology.vertexOf(task))) {
    if (!topology.wiring(e).pointwise()) continue;
    const SubtaskRange range = topology.wiring(e).producersOf(topology.subtaskOf(task));
    for (std::int32_t p = range.first; p < range.first + range.count; ++p) {
      result.push_back(slotOf_[static_cast<std::size_t>(topology.task(topology.sourceOf(e), p))]);
    }
  }
  return result;
}

}  // namespace flink::scheduler
