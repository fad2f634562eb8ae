#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "cluster/scheduler/topology.h"

namespace flink::scheduler {

/// Position of a shared slot in SlotSharing.
enum class SharedSlotIndex : std::int32_t {};

/// Decides which subtasks share a slot: at most one subtask of each vertex of a slot sharing group,
/// so that a group needs as many slots as its highest parallelism. A subtask goes where a producer
/// of its pointwise inputs is, else to the slot of its own number. Thread: immutable once built.
class SlotSharing {
 public:
  explicit SlotSharing(const Topology& topology);

  [[nodiscard]] std::int32_t count() const { return static_cast<std::int32_t>(slots_.size()); }
  [[nodiscard]] SharedSlotIndex slotOf(TaskIndex task) const {
    return slotOf_[static_cast<std::size_t>(task)];
  }
  [[nodiscard]] const std::vector<TaskIndex>& tasksOf(SharedSlotIndex slot) const {
    return slots_[static_cast<std::size_t>(slot)].tasks;
  }
  /// Absent: an equal share of the TaskManager.
  [[nodiscard]] const std::optional<protocol::ResourceProfile>& profileOf(
      SharedSlotIndex slot) const {
    return slots_[static_cast<std::size_t>(slot)].profile;
  }

 private:
  struct Slot {
    std::vector<TaskIndex> tasks;
    std::optional<protocol::ResourceProfile> profile;
    std::string_view group;  ///< its name, in the job graph
  };
  struct Group {
    std::string_view name;
    std::vector<SharedSlotIndex> slots;
    std::optional<protocol::ResourceProfile> profile;
  };

  void assignVertex(const Topology& topology, VertexIndex vertex, Group& group);
  [[nodiscard]] std::vector<SharedSlotIndex> producerSlots(const Topology& topology,
                                                           TaskIndex task) const;

  std::vector<Slot> slots_;
  std::vector<SharedSlotIndex> slotOf_;  // by task
};

}  // namespace flink::scheduler
