#include "cluster/jobmanager/slot_manager.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/check.h"
#include "core/base/error_codes.h"
#include "core/base/log.h"

namespace flink::jobmanager {
namespace {

Logger kLog{"flink.jobmanager.slots"};

}  // namespace

SlotManager::SlotManager(Options options, EventLoop& loop, const Clock& clock, Rng& rng,
                         std::function<void()> onChange)
    : options_(options), loop_(loop), clock_(clock), rng_(rng), onChange_(std::move(onChange)) {}

SlotManager::~SlotManager() {
  loop_.cancel(idleTimer_);
  for (const Pending& pending : pending_) loop_.cancel(pending.timer);
}

void SlotManager::addTaskManager(const protocol::PartitionLocation& location, std::int32_t slots,
                                 const protocol::ResourceProfile& total) {
  TaskManagerSlots entry;
  entry.location = location;
  entry.total = total;
  entry.defaultSlot = scheduler::share(total, slots);
  entry.slots.resize(static_cast<std::size_t>(slots));
  taskManagers_.insert_or_assign(location.taskManager, std::move(entry));
  servePending();
  onChange_();
}

void SlotManager::removeTaskManager(const TaskManagerId& id) {
  taskManagers_.erase(id);
  onChange_();
}

void SlotManager::request(const JobId& job, std::vector<scheduler::SlotRequest> slots, Terms terms,
                          OnSlots done) {
  Pending pending{
      nextId_++, job, std::move(slots), terms, std::move(done), EventLoop::TimerId::kNone};
  if (auto granted = tryGrant(pending)) {
    loop_.post([done = std::move(pending.done), granted = std::move(*granted)]() mutable {
      done(std::move(granted));
    });
    return;
  }
  FLINK_WARN(kLog, "job waits for slots: job={} {} timeout={}ms", job.toHex(),
             shortage(pending).message(),
             std::chrono::duration_cast<std::chrono::milliseconds>(terms.timeout).count());
  wait(std::move(pending));
}

void SlotManager::wait(Pending pending) {
  const std::uint64_t id = pending.id;
  pending.timer = loop_.schedule(pending.terms.timeout, [this, id] { onTimeout(id); });
  pending_.push_back(std::move(pending));
}

void SlotManager::onTimeout(std::uint64_t id) {
  const auto found =
      std::find_if(pending_.begin(), pending_.end(), [id](const Pending& p) { return p.id == id; });
  if (found == pending_.end()) return;
  if (couldBeServedLater(*found)) {
    found->timer = loop_.schedule(found->terms.timeout, [this, id] { onTimeout(id); });
    return;
  }
  Pending expired = std::move(*found);
  pending_.erase(found);
  loop_.post([done = std::move(expired.done), error = shortage(expired)]() mutable {
    done(std::move(error));
  });
}

bool SlotManager::couldBeServedLater(const Pending& pending) const {
  std::vector<scheduler::TaskManagerCapacity> capacities;
  for (const auto& [id, taskManager] : taskManagers_) {
    scheduler::TaskManagerCapacity capacity{id, static_cast<std::int32_t>(taskManager.slots.size()),
                                            0, taskManager.total, taskManager.defaultSlot};
    for (const Slot& slot : taskManager.slots) {
      if (slot.state == SlotState::kActive && !slot.endsByItself) {
        capacity.free = scheduler::minus(capacity.free, slot.resource);
      } else {
        ++capacity.freeSlots;
      }
    }
    capacities.push_back(std::move(capacity));
  }
  return scheduler::placeSlots(pending.slots, std::move(capacities), options_.placement)
      .has_value();
}

std::int32_t SlotManager::availableFor(const JobId& job) const {
  std::int32_t available = 0;
  for (const auto& capacity : capacitiesFor(job)) available += capacity.freeSlots;
  return available;
}

std::optional<SlotManager::Waiting> SlotManager::waiting(const JobId& job) const {
  Waiting waiting;
  for (const Pending& pending : pending_) {
    if (pending.job == job) waiting.needed += static_cast<std::int32_t>(pending.slots.size());
  }
  if (waiting.needed == 0) return std::nullopt;
  waiting.available = availableFor(job);
  return waiting;
}

Status SlotManager::shortage(const Pending& pending) const {
  return {ErrorCode::kNoResourceAvailable,
          fmt::format("could not acquire the minimum required resources: needed={} available={} "
                      "total={} (slots)",
                      pending.slots.size(), availableFor(pending.job), totals().slots)};
}

void SlotManager::cancelRequests(const JobId& job) {
  std::erase_if(pending_, [&](const Pending& pending) {
    if (pending.job != job) return false;
    loop_.cancel(pending.timer);
    return true;
  });
}

std::vector<scheduler::TaskManagerCapacity> SlotManager::capacitiesFor(const JobId& job) const {
  std::vector<scheduler::TaskManagerCapacity> capacities;
  capacities.reserve(taskManagers_.size());
  for (const auto& [id, taskManager] : taskManagers_) {
    scheduler::TaskManagerCapacity capacity{id, static_cast<std::int32_t>(taskManager.slots.size()),
                                            0, taskManager.total, taskManager.defaultSlot};
    for (const Slot& slot : taskManager.slots) {
      const bool usable =
          slot.state == SlotState::kFree || (slot.state == SlotState::kIdle && slot.job == job);
      if (usable) {
        ++capacity.freeSlots;
      } else {
        capacity.free = scheduler::minus(capacity.free, slot.resource);
      }
    }
    capacities.push_back(std::move(capacity));
  }
  return capacities;
}

std::optional<std::vector<scheduler::SlotAssignment>> SlotManager::tryGrant(
    const Pending& pending) {
  const auto capacities = capacitiesFor(pending.job);
  const auto placed = scheduler::placeSlots(pending.slots, capacities, options_.placement);
  if (!placed) return std::nullopt;
  std::vector<scheduler::SlotAssignment> result;
  result.reserve(placed->size());
  for (std::size_t i = 0; i < placed->size(); ++i) {
    result.push_back(
        take(taskManagers_.at(capacities[(*placed)[i]].id), pending, pending.slots[i]));
  }
  onChange_();
  return result;
}

scheduler::SlotAssignment SlotManager::take(TaskManagerSlots& taskManager, const Pending& pending,
                                            const scheduler::SlotRequest& request) {
  auto& slots = taskManager.slots;
  auto chosen = std::find_if(slots.begin(), slots.end(), [&](const Slot& slot) {
    return slot.state == SlotState::kIdle && slot.job == pending.job;
  });
  if (chosen == slots.end()) {
    chosen = std::find_if(slots.begin(), slots.end(),
                          [](const Slot& slot) { return slot.state == SlotState::kFree; });
    FLINK_CHECK(chosen != slots.end(), "a placed request finds its slot");
    chosen->allocation = AllocationId::random(rng_);
  }
  chosen->state = SlotState::kActive;
  chosen->job = pending.job;
  chosen->resource = scheduler::resourceOf(request, taskManager.defaultSlot);
  chosen->endsByItself = pending.terms.endsByItself;
  return {chosen->allocation, static_cast<std::int32_t>(chosen - slots.begin()),
          taskManager.location, chosen->resource};
}

void SlotManager::servePending() {
  for (auto it = pending_.begin(); it != pending_.end();) {
    auto granted = tryGrant(*it);
    if (!granted) {
      ++it;
      continue;
    }
    loop_.cancel(it->timer);
    loop_.post([done = std::move(it->done), granted = std::move(*granted)]() mutable {
      done(std::move(granted));
    });
    it = pending_.erase(it);
  }
}

bool SlotManager::holds(const JobId& job, const scheduler::SlotAssignment& slot) const {
  const auto found = taskManagers_.find(slot.location.taskManager);
  if (found == taskManagers_.end()) return false;
  return std::any_of(found->second.slots.begin(), found->second.slots.end(), [&](const Slot& s) {
    return s.state == SlotState::kActive && s.job == job && s.allocation == slot.allocation;
  });
}

void SlotManager::idle(const JobId& job, const AllocationId& allocation) {
  for (auto& [id, taskManager] : taskManagers_) {
    for (Slot& slot : taskManager.slots) {
      if (slot.job != job || slot.allocation != allocation || slot.state != SlotState::kActive)
        continue;
      slot.state = SlotState::kIdle;
      slot.idleSince = clock_.now();
      scheduleIdleCheck();
      servePending();
      return;
    }
  }
}

void SlotManager::scheduleIdleCheck() {
  if (idleTimer_ != EventLoop::TimerId::kNone) return;
  std::optional<MonotonicTime> oldest;
  for (const auto& [id, taskManager] : taskManagers_) {
    for (const Slot& slot : taskManager.slots) {
      if (slot.state == SlotState::kIdle && (!oldest || slot.idleSince < *oldest))
        oldest = slot.idleSince;
    }
  }
  if (!oldest) return;
  const Duration left = *oldest + options_.idleTimeout - clock_.now();
  idleTimer_ = loop_.schedule(std::max(Duration::zero(), left), [this] { freeIdleSlots(); });
}

void SlotManager::freeIdleSlots() {
  idleTimer_ = EventLoop::TimerId::kNone;
  for (auto& [id, taskManager] : taskManagers_) {
    for (Slot& slot : taskManager.slots) {
      if (slot.state == SlotState::kIdle && clock_.now() - slot.idleSince >= options_.idleTimeout)
        slot = Slot{};
    }
  }
  scheduleIdleCheck();
  servePending();
  onChange_();
}

void SlotManager::release(const JobId& job) {
  cancelRequests(job);
  for (auto& [id, taskManager] : taskManagers_) {
    for (Slot& slot : taskManager.slots) {
      if (slot.state != SlotState::kFree && slot.job == job) slot.state = SlotState::kReleasing;
    }
  }
}

void SlotManager::free(const JobId& job, const TaskManagerId& taskManager) {
  const auto found = taskManagers_.find(taskManager);
  if (found == taskManagers_.end()) return;
  for (Slot& slot : found->second.slots) {
    if (slot.state != SlotState::kFree && slot.job == job) slot = Slot{};
  }
  servePending();
  onChange_();
}

SlotManager::Totals SlotManager::totals() const {
  Totals totals;
  for (const auto& [id, taskManager] : taskManagers_) {
    totals.slots += static_cast<std::int32_t>(taskManager.slots.size());
    totals.free += freeSlots(id);
  }
  return totals;
}

std::int32_t SlotManager::freeSlots(const TaskManagerId& id) const {
  const auto found = taskManagers_.find(id);
  if (found == taskManagers_.end()) return 0;
  const auto& slots = found->second.slots;
  return static_cast<std::int32_t>(std::count_if(
      slots.begin(), slots.end(), [](const Slot& slot) { return slot.state == SlotState::kFree; }));
}

protocol::ResourceProfile SlotManager::freeResources(const TaskManagerId& id) const {
  const auto found = taskManagers_.find(id);
  if (found == taskManagers_.end()) return {};
  protocol::ResourceProfile free = found->second.total;
  for (const Slot& slot : found->second.slots) {
    if (slot.state != SlotState::kFree) free = scheduler::minus(free, slot.resource);
  }
  return free;
}

std::vector<SlotManager::TakenSlot> SlotManager::takenSlots(const TaskManagerId& id) const {
  std::vector<TakenSlot> taken;
  const auto found = taskManagers_.find(id);
  if (found == taskManagers_.end()) return taken;
  for (const Slot& slot : found->second.slots) {
    if (slot.state != SlotState::kFree) taken.push_back({slot.job, slot.allocation, slot.resource});
  }
  return taken;
}

}  // namespace flink::jobmanager
