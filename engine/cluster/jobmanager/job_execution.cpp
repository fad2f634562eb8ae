#include "cluster/jobmanager/job_execution.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "cluster/jobmanager/failures.h"
#include "cluster/scheduler/deployment.h"
#include "core/base/error_codes.h"

namespace flink::jobmanager {
namespace {

using protocol::ExecutionState;

/// Channels described in one SubmitTasks message, so that it stays well below the frame limit.
constexpr std::size_t kMaxChannelsPerMessage = 100'000;

std::size_t channelsOf(const protocol::TaskDeploymentDescriptor& task) {
  std::size_t channels = 1;
  for (const auto& gate : task.inputGates) channels += gate.channels.size();
  for (const auto& partition : task.producedPartitions) channels += partition.consumers.size();
  return channels;
}

}  // namespace

JobExecution::JobExecution(std::shared_ptr<const protocol::JobGraph> graph,
                           const JobSettings& settings, JobToken token, ResourceManager& resources,
                           EventLoop& loop, const Clock& clock, ExecutionListener& listener)
    : graph_(std::move(graph), clock.wallMs()),
      schedule_(graph_.topology(), graph_.regions()),
      settings_(settings),
      token_(token),
      resources_(resources),
      loop_(loop),
      clock_(clock),
      listener_(listener),
      job_(graph_.topology().graph().id),
      batch_(graph_.topology().graph().type == protocol::JobType::kBatch),
      sharedSlots_(static_cast<std::size_t>(graph_.slotSharing().count())),
      restarts_(static_cast<std::size_t>(graph_.regions().count())),
      restores_(static_cast<std::size_t>(graph_.topology().numTasks())) {
  const auto& topology = graph_.topology();
  for (scheduler::EdgeIndex e = 0; e < topology.numEdges(); ++e) {
    unfinishedConsumers_.push_back(topology.vertex(topology.targetOf(e)).parallelism);
  }
}

void JobExecution::move(TaskIndex task, ExecutionState to) {
  graph_.move(task, to, clock_.wallMs());
  listener_.onTaskMoved(task);
}

// --- slots
// --------------------------------------------------------------------------------------------------------

void JobExecution::scheduleReady() {
  if (stopped_) return;
  Regions ready = schedule_.takeReady();
  for (const auto region : ready) {
    for (const TaskIndex task : graph_.regions().tasksOf(region))
      move(task, ExecutionState::kScheduled);
  }
  if (ready.empty()) return;
  if (!batch_) return requestSlots(std::move(ready));
  for (const auto region : ready) requestSlots({region});
}

std::vector<JobExecution::SharedSlotIndex> JobExecution::slotsWithoutAssignment(
    const Regions& regions) const {
  std::set<SharedSlotIndex> missing;
  for (const auto region : regions) {
    for (const TaskIndex task : graph_.regions().tasksOf(region)) {
      const SharedSlotIndex slot = graph_.slotSharing().slotOf(task);
      if (!sharedSlots_[static_cast<std::size_t>(slot)].assignment) missing.insert(slot);
    }
  }
  return {missing.begin(), missing.end()};
}

scheduler::SlotRequest JobExecution::requestFor(SharedSlotIndex slot) const {
  scheduler::SlotRequest request;
  request.profile = graph_.slotSharing().profileOf(slot);
  for (const TaskIndex task : graph_.slotSharing().tasksOf(slot)) {
    if (graph_.execution(task).state != ExecutionState::kScheduled) continue;
    const auto preferred = scheduler::preferredLocations(graph_, task);
    request.preferred.insert(request.preferred.end(), preferred.begin(), preferred.end());
  }
  return request;
}

void JobExecution::requestSlots(Regions regions) {
  auto missing = slotsWithoutAssignment(regions);
  if (missing.empty()) return deploy(regions);
  std::vector<scheduler::SlotRequest> requests;
  requests.reserve(missing.size());
  for (const SharedSlotIndex slot : missing) requests.push_back(requestFor(slot));
  SlotDemand demand{std::move(regions), {}, std::move(missing)};
  for (const auto region : demand.regions)
    demand.restarts.push_back(restarts_[static_cast<std::size_t>(region)]);
  resources_.slots().request(job_, std::move(requests), {batch_, settings_.slotRequestTimeout},
                             guarded([this, demand = std::move(demand)](auto slots) {
                               onSlots(demand, std::move(slots));
                             }));
}

JobExecution::Regions JobExecution::stillWaiting(const SlotDemand& demand) const {
  Regions waiting;
  for (std::size_t i = 0; i < demand.regions.size(); ++i) {
    const auto region = demand.regions[i];
    const auto state = graph_.execution(graph_.regions().tasksOf(region).front()).state;
    if (restarts_[static_cast<std::size_t>(region)] == demand.restarts[i] &&
        state == ExecutionState::kScheduled)
      waiting.push_back(region);
  }
  return waiting;
}

std::vector<scheduler::TaskIndex> JobExecution::tasksOf(const Regions& regions) const {
  std::vector<TaskIndex> tasks;
  for (const auto region : regions) {
    const auto& part = graph_.regions().tasksOf(region);
    tasks.insert(tasks.end(), part.begin(), part.end());
  }
  return tasks;
}

void JobExecution::failForSlots(const Regions& regions, const Status& reason) {
  TaskFailure failure;
  failure.entry.failure = makeFailure(kNoResourceAvailableException, reason, clock_.wallMs());
  failure.tasks = tasksOf(regions);
  listener_.onFailure(std::move(failure));
}

void JobExecution::onSlots(SlotDemand demand,
                           Result<std::vector<scheduler::SlotAssignment>> slots) {
  if (stopped_) return;
  const Regions regions = stillWaiting(demand);
  if (!slots) {
    if (!regions.empty()) failForSlots(regions, slots.status());
    return;
  }
  const auto needed = slotsWithoutAssignment(regions);
  std::vector<SharedSlotIndex> taken;
  for (std::size_t i = 0; i < demand.slots.size(); ++i) {
    scheduler::SlotAssignment& granted = (*slots)[i];
    const SharedSlotIndex slot = demand.slots[i];
    if (std::find(needed.begin(), needed.end(), slot) == needed.end()) {
      // Another region has got it in the meantime, or who wanted it has started over.
      resources_.slots().idle(job_, granted.allocation);
    } else if (resources_.slots().holds(job_, granted)) {
      at(slot).assignment = std::move(granted);
      taken.push_back(slot);
    }
  }
  if (regions.empty()) return;
  if (slotsWithoutAssignment(regions).empty()) return deploy(regions);
  // A slot that another region still used at the time of the request is gone: holding some while
  // waiting for others could block for ever, so everything is asked for again at once.
  for (const SharedSlotIndex slot : taken) giveBack(slot);
  requestSlots(regions);
}

void JobExecution::giveBack(SharedSlotIndex slot) {
  const AllocationId allocation = at(slot).assignment->allocation;
  at(slot).assignment.reset();
  resources_.slots().idle(job_, allocation);
}

// --- deployment
// ---------------------------------------------------------------------------------------------------

void JobExecution::deploy(const Regions& regions) {
  if (outbox_.empty()) loop_.post(guarded([this] { flushDeployments(); }));
  for (const auto region : regions) {
    for (const TaskIndex task : graph_.regions().tasksOf(region)) {
      SharedSlot& slot = at(graph_.slotSharing().slotOf(task));
      ++slot.runningTasks;
      graph_.assign(task, *slot.assignment);
      outbox_[slot.assignment->location.taskManager].push_back(task);
    }
  }
}

void JobExecution::flushDeployments() {
  const auto outbox = std::exchange(outbox_, {});
  for (const auto& [taskManager, tasks] : outbox) {
    for (const TaskIndex task : tasks) move(task, ExecutionState::kDeploying);
  }
  for (const auto& [taskManager, tasks] : outbox) submit(taskManager, tasks);
}

void JobExecution::submit(const TaskManagerId& taskManager, const std::vector<TaskIndex>& tasks) {
  protocol::SubmitTasks message;
  std::size_t channels = 0;
  for (const TaskIndex task : tasks) {
    message.tasks.push_back(scheduler::deploymentOf(graph_, task));
    message.tasks.back().restore = restores_[static_cast<std::size_t>(task)];
    channels += channelsOf(message.tasks.back());
    if (channels < kMaxChannelsPerMessage) continue;
    send(taskManager, std::exchange(message, {}));
    channels = 0;
  }
  if (!message.tasks.empty()) send(taskManager, std::move(message));
}

void JobExecution::send(const TaskManagerId& taskManager, protocol::SubmitTasks submission) {
  submission.job = job_;
  submission.token = token_;
  std::vector<ExecutionAttemptId> attempts;
  attempts.reserve(submission.tasks.size());
  for (const auto& task : submission.tasks) attempts.push_back(task.attempt);
  // Posted, as a call may fail before it returns, in the middle of a deployment.
  auto done = guarded([this, taskManager, attempts = std::move(attempts)](const Status& status) {
    if (status.isOk()) return;
    loop_.post(guarded(
        [this, taskManager, attempts, status] { onSubmitFailed(taskManager, attempts, status); }));
  });
  resources_.submitTasks(taskManager, std::move(submission), graph_.topology().sharedGraph(),
                         std::move(done));
}

void JobExecution::onSubmitFailed(const TaskManagerId& taskManager,
                                  const std::vector<ExecutionAttemptId>& attempts,
                                  const Status& error) {
  Status cause(ErrorCode::kUnavailable,
               fmt::format("TaskManager did not take the job's tasks: taskManager={} tasks={}",
                           taskManager.text(), attempts.size()));
  const auto failure =
      makeFailure(kTaskSubmissionException, std::move(cause).causedBy(error), clock_.wallMs());
  std::optional<TaskFailure> failed;
  for (const ExecutionAttemptId& attempt : attempts) {
    const auto task = graph_.find(attempt);
    if (!task || protocol::isTerminal(graph_.execution(*task).state)) continue;
    const bool canceling = graph_.execution(*task).state == ExecutionState::kCanceling;
    if (!canceling) {
      if (!failed) failed = TaskFailure{entryFor(*task, failure), {}, false};
      failed->tasks.push_back(*task);
      graph_.setFailure(*task, failure);
    }
    end(*task, canceling ? ExecutionState::kCanceled : ExecutionState::kFailed);
  }
  if (failed) listener_.onFailure(std::move(*failed));
  listener_.onTasksEnded();
}

}  // namespace flink::jobmanager
