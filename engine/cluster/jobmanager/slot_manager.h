#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/protocol/cluster_view.h"
#include "cluster/scheduler/execution_graph.h"
#include "cluster/scheduler/slot_placement.h"
#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/rng.h"

namespace flink::jobmanager {

/// Keeps the slot table of the cluster and gives slots to jobs: all that a request asks for at
/// once, or it waits. Requests that fit are not held up by older ones that do not. A slot is free,
/// active (its job runs tasks in it), idle (its job keeps it for its next tasks, up to
/// slot.idle.timeout) or releasing (its job has ended, the TaskManager has not confirmed that its
/// worker is gone). Thread: the JobManager's event loop. Callbacks are posted, never called from
/// inside a method.
class SlotManager {
 public:
  struct Options {
    Duration idleTimeout = std::chrono::seconds(50);
    scheduler::PlacementStrategy placement = scheduler::PlacementStrategy::kSpread;
  };
  struct Totals {
    std::int32_t slots = 0;
    std::int32_t free = 0;
  };
  /// One assignment per requested slot, in their order. Errors: kNoResourceAvailable naming what is
  /// needed and available.
  using OnSlots = std::function<void(Result<std::vector<scheduler::SlotAssignment>>)>;

  /// `onChange` is called whenever the number of slots or free slots may have changed.
  SlotManager(Options options, EventLoop& loop, const Clock& clock, Rng& rng,
              std::function<void()> onChange);
  ~SlotManager();
  SlotManager(const SlotManager&) = delete;
  SlotManager& operator=(const SlotManager&) = delete;

  void addTaskManager(const protocol::PartitionLocation& location, std::int32_t slots,
                      const protocol::ResourceProfile& total);
  /// All its slots vanish; their jobs learn of the loss elsewhere.
  void removeTaskManager(const TaskManagerId& id);

  /// How a job asks for slots.
  struct Terms {
    /// The slots of this job become free without a cancel (batch). While slots held by such jobs
    /// would be enough, a request does not time out.
    bool endsByItself = false;
    Duration timeout = std::chrono::minutes(5);
  };
  void request(const JobId& job, std::vector<scheduler::SlotRequest> slots, Terms terms,
               OnSlots done);
  /// Forgets the job's waiting requests without an answer.
  void cancelRequests(const JobId& job);
  /// Whether what was granted still stands: its TaskManager may have gone, or come back as a new
  /// process.
  [[nodiscard]] bool holds(const JobId& job, const scheduler::SlotAssignment& slot) const;
  /// The job has no task in the slot at the moment.
  void idle(const JobId& job, const AllocationId& allocation);
  /// The job has ended: it gets no more slots, and those it has become free one TaskManager after
  /// the other, by free().
  void release(const JobId& job);
  /// The TaskManager confirms that nothing of the job is left on it.
  void free(const JobId& job, const TaskManagerId& taskManager);

  [[nodiscard]] Totals totals() const;
  [[nodiscard]] std::int32_t freeSlots(const TaskManagerId& id) const;
  [[nodiscard]] protocol::ResourceProfile freeResources(const TaskManagerId& id) const;
  /// (job, resources, allocation) of each taken slot.
  struct TakenSlot {
    JobId job;
    AllocationId allocation;
    protocol::ResourceProfile resource;
  };
  [[nodiscard]] std::vector<TakenSlot> takenSlots(const TaskManagerId& id) const;
  /// The slots that a job waits for, and how many of them it could have now; nothing when it does
  /// not wait.
  struct Waiting {
    std::int32_t needed = 0;
    std::int32_t available = 0;
  };
  [[nodiscard]] std::optional<Waiting> waiting(const JobId& job) const;

 private:
  enum class SlotState : std::uint8_t { kFree, kActive, kIdle, kReleasing };
  struct Slot {
    SlotState state = SlotState::kFree;
    JobId job;
    AllocationId allocation;
    protocol::ResourceProfile resource;
    bool endsByItself = false;
    MonotonicTime idleSince{};
  };
  struct TaskManagerSlots {
    protocol::PartitionLocation location;
    protocol::ResourceProfile total;
    protocol::ResourceProfile defaultSlot;
    std::vector<Slot> slots;
  };
  struct Pending {
    std::uint64_t id = 0;
    JobId job;
    std::vector<scheduler::SlotRequest> slots;
    Terms terms;
    OnSlots done;
    EventLoop::TimerId timer = EventLoop::TimerId::kNone;
  };

  [[nodiscard]] std::vector<scheduler::TaskManagerCapacity> capacitiesFor(const JobId& job) const;
  [[nodiscard]] std::optional<std::vector<scheduler::SlotAssignment>> tryGrant(
      const Pending& pending);
  scheduler::SlotAssignment take(TaskManagerSlots& taskManager, const Pending& pending,
                                 const scheduler::SlotRequest& request);
  void servePending();
  void wait(Pending pending);
  void onTimeout(std::uint64_t id);
  [[nodiscard]] bool couldBeServedLater(const Pending& pending) const;
  [[nodiscard]] std::int32_t availableFor(const JobId& job) const;
  [[nodiscard]] Status shortage(const Pending& pending) const;
  void scheduleIdleCheck();
  void freeIdleSlots();

  const Options options_;
  EventLoop& loop_;
  const Clock& clock_;
  Rng& rng_;
  const std::function<void()> onChange_;
  std::map<TaskManagerId, TaskManagerSlots> taskManagers_;
  std::list<Pending> pending_;  // oldest first
  std::uint64_t nextId_ = 1;
  EventLoop::TimerId idleTimer_ = EventLoop::TimerId::kNone;
};

}  // namespace flink::jobmanager
