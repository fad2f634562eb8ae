#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cluster/jobmanager/resource_manager.h"
#include "cluster/protocol/messages.h"
#include "cluster/scheduler/execution_graph.h"
#include "cluster/scheduler/failover_regions.h"
#include "cluster/scheduler/region_schedule.h"
#include "core/base/clock.h"
#include "core/base/executor.h"

namespace flink::jobmanager {

/// Why tasks failed, or could not be started.
struct TaskFailure {
  protocol::ExceptionEntry entry;
  std::vector<scheduler::TaskIndex> tasks;
  /// They were being cancelled already: it belongs to the failure before it.
  bool concurrent = false;
};

/// What the execution of a job's tasks tells its job master. Called last in whatever caused it.
class ExecutionListener {
 public:
  virtual ~ExecutionListener() = default;
  /// A task took its current state. Must not act on the execution.
  virtual void onTaskMoved(scheduler::TaskIndex task) = 0;
  /// One or more tasks failed, or could not be started, for one reason.
  virtual void onFailure(TaskFailure failure) = 0;
  /// Tasks came to their end; which ones, the graph says.
  virtual void onTasksEnded() = 0;
};

/// Runs the tasks of one job: asks for slots, deploys what may start, follows reports, cancels.
/// Knows no job states. Thread: the JobManager's event loop. Answers that arrive after its end are
/// dropped.
class JobExecution {
 public:
  JobExecution(std::shared_ptr<const protocol::JobGraph> graph, const JobSettings& settings,
               JobToken token, ResourceManager& resources, EventLoop& loop, const Clock& clock,
               ExecutionListener& listener);

  [[nodiscard]] const scheduler::ExecutionGraph& graph() const { return graph_; }

  /// Asks for the slots of everything that may start now, and deploys it once they are there.
  void scheduleReady();
  /// Stops scheduling and cancels what runs. Idempotent.
  void cancelAll();
  /// Cancels those of `tasks` that have not ended.
  void cancel(const std::vector<scheduler::TaskIndex>& tasks);
  /// Ends the workers of the tasks that did not follow a cancel.
  void forceEnd(const std::string& reason);

  /// What has to start over when these have failed: their pipelined regions, what produced results
  /// that are lost and needed again, and everything that consumes from any of them; of a source
  /// with a split enumerator all subtasks, as its splits are dealt out anew.
  [[nodiscard]] std::vector<scheduler::TaskIndex> tasksToRestart(
      const std::vector<scheduler::TaskIndex>& failed) const;
  /// Gives them new attempts, which scheduleReady() starts. REQUIRES: all have ended; they are a
  /// result of tasksToRestart(), or all tasks.
  void restart(const std::vector<scheduler::TaskIndex>& tasks);
  /// What a task's later attempts start from (checkpoint::encodeTaskRestore); empty: nothing.
  void setRestore(scheduler::TaskIndex task, std::string restore);

  /// Errors: kTaskNotFound when no current attempt of this job runs there.
  Status onTaskStateChanged(const TaskManagerId& sender, protocol::TaskStateChangedRequest report);
  /// The subtasks that a coordinator serves fail with it. Errors: kTaskNotFound when it is not that
  /// of a current attempt of this job there.
  Status onCoordinatorFailed(const TaskManagerId& sender,
                             protocol::CoordinatorFailedRequest report);
  void onTaskReport(const TaskManagerId& sender, protocol::TaskReport report);
  void onTasksLost(const TaskManagerId& taskManager, const protocol::FailureInfo& failure);

  /// The attempt that a message of or to a coordinator is for. Errors: kNotFound, kTaskNotFound.
  [[nodiscard]] Result<TaskManagerId> locate(const protocol::OperatorEvent& event) const;
  void countAssignedTasks(const TaskManagerId& taskManager,
                          std::map<AllocationId, std::int32_t>& counts) const;

 private:
  using TaskIndex = scheduler::TaskIndex;
  using SharedSlotIndex = scheduler::SharedSlotIndex;
  using Regions = std::vector<scheduler::RegionIndex>;
  struct SharedSlot {
    std::optional<scheduler::SlotAssignment> assignment;
    std::int32_t runningTasks = 0;
  };

  /// Regions that wait for slots, and how often they had started over when they asked.
  struct SlotDemand {
    Regions regions;
    std::vector<std::uint32_t> restarts;
    std::vector<SharedSlotIndex> slots;
  };

  // Slots.
  void requestSlots(Regions regions);
  void onSlots(SlotDemand demand, Result<std::vector<scheduler::SlotAssignment>> slots);
  [[nodiscard]] Regions stillWaiting(const SlotDemand& demand) const;
  void failForSlots(const Regions& regions, const Status& reason);
  [[nodiscard]] std::vector<SharedSlotIndex> slotsWithoutAssignment(const Regions& regions) const;
  [[nodiscard]] scheduler::SlotRequest requestFor(SharedSlotIndex slot) const;
  void giveBack(SharedSlotIndex slot);
  [[nodiscard]] std::vector<TaskIndex> tasksOf(const Regions& regions) const;
  [[nodiscard]] SharedSlot& at(SharedSlotIndex slot) {
    return sharedSlots_[static_cast<std::size_t>(slot)];
  }

  // Deployment.
  void deploy(const Regions& regions);
  void flushDeployments();
  void submit(const TaskManagerId& taskManager, const std::vector<TaskIndex>& tasks);
  void send(const TaskManagerId& taskManager, protocol::SubmitTasks submission);
  void onSubmitFailed(const TaskManagerId& taskManager,
                      const std::vector<ExecutionAttemptId>& attempts, const Status& error);

  // Ends.
  void move(TaskIndex task, protocol::ExecutionState to);
  void end(TaskIndex task, protocol::ExecutionState to);
  Status endByReport(TaskIndex task, protocol::TaskStateChangedRequest report);
  [[nodiscard]] protocol::FailureInfo unexplainedEnd(TaskIndex task,
                                                     protocol::ExecutionState state) const;
  /// Marks the blocking results there as lost and returns the producers of those that have readers
  /// to come.
  std::vector<TaskIndex> loseResultsOf(const TaskManagerId& taskManager);
  /// The subtasks that wait for coordinators there whose own subtask 0 has finished before.
  [[nodiscard]] std::vector<TaskIndex> servedFrom(const TaskManagerId& taskManager) const;
  [[nodiscard]] std::vector<TaskIndex> unfinishedOf(scheduler::VertexIndex vertex) const;
  void onForcedEnd(const TaskManagerId& taskManager, const std::string& reason);
  void releaseConsumedPartitions(TaskIndex consumer);
  void releasePartitions(scheduler::EdgeIndex edge);
  [[nodiscard]] std::vector<TaskIndex> unfinishedOn(const TaskManagerId& taskManager) const;
  [[nodiscard]] protocol::ExceptionEntry entryFor(TaskIndex task,
                                                  protocol::FailureInfo failure) const;

  /// `f` as a callback that does nothing once this object is gone.
  template <class F>
  auto guarded(F f) {
    return [alive = std::weak_ptr<const int>(alive_), f = std::move(f)](auto&&... args) {
      if (!alive.expired()) f(std::forward<decltype(args)>(args)...);
    };
  }

  scheduler::ExecutionGraph graph_;
  scheduler::RegionSchedule schedule_;
  const JobSettings settings_;
  const JobToken token_;
  ResourceManager& resources_;
  EventLoop& loop_;
  const Clock& clock_;
  ExecutionListener& listener_;
  const JobId job_;
  const bool batch_;
  std::vector<SharedSlot> sharedSlots_;
  std::vector<std::int32_t> unfinishedConsumers_;  // by edge; blocking ones only
  std::set<scheduler::PartitionRef> unavailable_;  // released or lost results of finished tasks
  std::vector<std::uint32_t> restarts_;            // by region
  std::vector<std::string> restores_;              // by task
  /// Tasks with slots that are sent together at the end of this turn of the loop.
  std::map<TaskManagerId, std::vector<TaskIndex>> outbox_;
  bool stopped_ = false;
  const std::shared_ptr<const int> alive_ = std::make_shared<const int>(0);
};

}  // namespace flink::jobmanager
