#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "cluster/protocol/cluster_view.h"
#include "cluster/protocol/deployment.h"
#include "core/base/ids.h"
#include "core/base/result.h"

namespace flink::taskmanager {

/// Says which job holds which slot. A slot belongs to its job from the first task sent to it until
/// the job is released. Thread: the supervisor's loop.
class SlotTable {
 public:
  SlotTable(int numSlots, const protocol::ResourceProfile& total);

  /// Takes the slots of `tasks`, with the resources that they name, for `job` and counts the tasks;
  /// all or nothing. Errors: kSlotOccupied, kInvalidArgument.
  Status occupy(const JobId& job, const std::vector<protocol::TaskDeploymentDescriptor>& tasks);
  /// One task of `job` in `slot` ended.
  void taskEnded(const JobId& job, int slot);
  /// The job's worker is gone: its slots hold no tasks any more.
  void workerEnded(const JobId& job);
  /// Frees all slots of `job`.
  void release(const JobId& job);

  [[nodiscard]] int numSlots() const { return static_cast<int>(slots_.size()); }
  [[nodiscard]] int numFree() const;
  [[nodiscard]] int numTasks() const;
  [[nodiscard]] const protocol::ResourceProfile& resourceOf(int slot) const {
    return slots_[static_cast<std::size_t>(slot)].resource;
  }
  [[nodiscard]] protocol::ResourceProfile free() const;
  [[nodiscard]] std::vector<protocol::TaskManagerView::AllocatedSlot> allocated() const;

 private:
  struct Slot {
    std::optional<JobId> job;
    AllocationId allocation;
    protocol::ResourceProfile resource;
    int numTasks = 0;
  };
  std::vector<Slot> slots_;
  const protocol::ResourceProfile total_;
};

}  // namespace flink::taskmanager
