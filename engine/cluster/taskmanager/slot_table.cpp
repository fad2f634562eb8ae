#include "cluster/taskmanager/slot_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::taskmanager {

namespace {

/// What is left of `from`; nothing is less than none.
protocol::ResourceProfile without(const protocol::ResourceProfile& from,
                                  const protocol::ResourceProfile& part) {
  constexpr std::int64_t kNone = 0;
  return {std::max(0.0, from.cpuCores - part.cpuCores),
          std::max(kNone, from.taskHeapBytes - part.taskHeapBytes),
          std::max(kNone, from.taskOffHeapBytes - part.taskOffHeapBytes),
          std::max(kNone, from.managedBytes - part.managedBytes),
          std::max(kNone, from.networkBytes - part.networkBytes)};
}

}  // namespace

SlotTable::SlotTable(int numSlots, const protocol::ResourceProfile& total)
    : slots_(static_cast<std::size_t>(std::max(numSlots, 1))), total_(total) {}

Status SlotTable::occupy(const JobId& job,
                         const std::vector<protocol::TaskDeploymentDescriptor>& tasks) {
  for (const auto& task : tasks) {
    if (task.slot < 0 || task.slot >= numSlots()) {
      return Status(ErrorCode::kInvalidArgument,
                    fmt::format("no such slot: slot={} slots={} task={}", task.slot, numSlots(),
                                task.attempt.toString()));
    }
    const Slot& slot = slots_[static_cast<std::size_t>(task.slot)];
    // A job keeps a slot for its next tasks; one without tasks is the JobManager's to give away
    // (slot.idle.timeout).
    if (slot.job && *slot.job != job && slot.numTasks > 0) {
      return Status(ErrorCode::kSlotOccupied,
                    fmt::format("slot is held by another job: slot={} holder={} job={}", task.slot,
                                slot.job->toHex(), job.toHex()));
    }
  }
  for (const auto& task : tasks) {
    Slot& slot = slots_[static_cast<std::size_t>(task.slot)];
    slot.job = job;
    slot.allocation = task.allocation;
    slot.resource = task.resource;
    ++slot.numTasks;
  }
  return Status::ok();
}

void SlotTable::taskEnded(const JobId& job, int slot) {
  if (slot < 0 || slot >= numSlots()) return;
  Slot& entry = slots_[static_cast<std::size_t>(slot)];
  if (entry.job == job && entry.numTasks > 0) --entry.numTasks;
}

void SlotTable::workerEnded(const JobId& job) {
  for (Slot& slot : slots_) {
    if (slot.job == job) slot.numTasks = 0;
  }
}

void SlotTable::release(const JobId& job) {
  for (Slot& slot : slots_) {
    if (slot.job == job) slot = Slot{};
  }
}

int SlotTable::numFree() const {
  return static_cast<int>(
      std::count_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return !slot.job; }));
}

int SlotTable::numTasks() const {
  int sum = 0;
  for (const Slot& slot : slots_) sum += slot.numTasks;
  return sum;
}

protocol::ResourceProfile SlotTable::free() const {
  protocol::ResourceProfile free = total_;
  for (const Slot& slot : slots_) {
    if (slot.job) free = without(free, slot.resource);
  }
  return free;
}

std::vector<protocol::TaskManagerView::AllocatedSlot> SlotTable::allocated() const {
  std::vector<protocol::TaskManagerView::AllocatedSlot> list;
  for (const Slot& slot : slots_) {
    if (slot.job) list.push_back({*slot.job, slot.resource, slot.numTasks});
  }
  return list;
}

}  // namespace flink::taskmanager
