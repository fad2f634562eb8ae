#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "cluster/jobmanager/failures.h"
#include "cluster/jobmanager/job_execution.h"
#include "cluster/scheduler/deployment.h"
#include "cluster/scheduler/state_moves.h"
#include "core/base/error_codes.h"
#include "core/base/log.h"

/// How tasks end: cancels, reports, losses; and the lookups over running tasks.
namespace flink::jobmanager {
namespace {

using protocol::ExecutionState;

Logger kLog{"flink.jobmanager.execution"};

}  // namespace

void JobExecution::cancelAll() {
  stopped_ = true;
  resources_.slots().cancelRequests(job_);
  cancel(graph_.unfinishedTasks());
}

void JobExecution::cancel(const std::vector<TaskIndex>& tasks) {
  std::map<TaskManagerId, std::vector<ExecutionAttemptId>> byTaskManager;
  for (const TaskIndex task : tasks) {
    const auto& execution = graph_.execution(task);
    if (execution.state == ExecutionState::kCanceling || protocol::isTerminal(execution.state))
      continue;
    if (execution.state == ExecutionState::kCreated ||
        execution.state == ExecutionState::kScheduled) {
      for (auto& entry : outbox_) std::erase(entry.second, task);
      end(task, ExecutionState::kCanceled);
    } else {
      move(task, ExecutionState::kCanceling);
      byTaskManager[execution.slot->location.taskManager].push_back(execution.id);
    }
  }
  for (auto& [taskManager, attempts] : byTaskManager) {
    resources_.callInOrder<protocol::CancelTasksRequest>(
        taskManager, {job_, std::move(attempts)},
        [id = taskManager, job = job_](const auto& answer) {
          if (answer.isOk()) return;
          FLINK_WARN(kLog,
                     "TaskManager did not confirm a cancel: job={} taskManager={} error=\"{}\"",
                     job.toHex(), id.text(), answer.status().toString());
        });
  }
}

void JobExecution::forceEnd(const std::string& reason) {
  std::set<TaskManagerId> taskManagers;
  for (const TaskIndex task : graph_.unfinishedTasks()) {
    const auto& execution = graph_.execution(task);
    if (execution.state == ExecutionState::kCanceling)
      taskManagers.insert(execution.slot->location.taskManager);
  }
  for (const TaskManagerId& taskManager : taskManagers) {
    FLINK_WARN(kLog, "ending a worker by force: job={} taskManager={} reason=\"{}\"", job_.toHex(),
               taskManager.text(), reason);
    resources_.forceEnd(
        job_, taskManager, reason,
        guarded([this, taskManager, reason](const Status&) { onForcedEnd(taskManager, reason); }));
  }
}

void JobExecution::onForcedEnd(const TaskManagerId& taskManager, const std::string& reason) {
  onTasksLost(taskManager,
              makeFailure(kJobException,
                          {ErrorCode::kWorkerDied,
                           fmt::format("worker was ended by force: taskManager={} reason=\"{}\"",
                                       taskManager.text(), reason)},
                          clock_.wallMs()));
}

Status JobExecution::onTaskStateChanged(const TaskManagerId& sender,
                                        protocol::TaskStateChangedRequest report) {
  const auto task = graph_.find(report.attempt);
  if (!task || !graph_.execution(*task).slot ||
      graph_.execution(*task).slot->location.taskManager != sender) {
    return {ErrorCode::kTaskNotFound,
            fmt::format("no such task runs there: attempt={} taskManager={}",
                        report.attempt.toString(), sender.text())};
  }
  const ExecutionState state = graph_.execution(*task).state;
  if (protocol::isTerminal(state)) return Status::ok();  // a repeated or late report
  if (protocol::isTerminal(report.state)) return endByReport(*task, std::move(report));
  const bool forward =
      report.state == ExecutionState::kInitializing || report.state == ExecutionState::kRunning;
  if (forward && scheduler::isLegalMove(state, report.state)) move(*task, report.state);
  return Status::ok();
}

Status JobExecution::onCoordinatorFailed(const TaskManagerId& sender,
                                         protocol::CoordinatorFailedRequest report) {
  const auto first = graph_.find(report.attempt);
  if (!first || !graph_.execution(*first).slot ||
      graph_.execution(*first).slot->location.taskManager != sender) {
    return {ErrorCode::kTaskNotFound,
            fmt::format("no such coordinator runs there: attempt={} taskManager={}",
                        report.attempt.toString(), sender.text())};
  }
  const auto served = unfinishedOf(graph_.topology().vertexOf(*first));
  if (served.empty()) return Status::ok();  // all have what they need
  TaskFailure failed{entryFor(*first, withFlinkName(std::move(report.failure))), {}, false};
  failed.entry.taskName.clear();  // that task may be well
  for (const TaskIndex task : served) {
    if (graph_.execution(task).state != ExecutionState::kCanceling) failed.tasks.push_back(task);
  }
  failed.concurrent = stopped_ || failed.tasks.empty();
  listener_.onFailure(std::move(failed));
  listener_.onTasksEnded();
  return Status::ok();
}

Status JobExecution::endByReport(TaskIndex task, protocol::TaskStateChangedRequest report) {
  graph_.report(task, report.io, {});
  graph_.setAccumulators(task, std::move(report.accumulators));
  const bool canceling = graph_.execution(task).state == ExecutionState::kCanceling;
  const bool finished = report.state == ExecutionState::kFinished;
  std::optional<protocol::FailureInfo> failure;
  if (report.state == ExecutionState::kFailed || (!finished && !canceling)) {
    failure = report.failure ? withFlinkName(std::move(*report.failure))
                             : unexplainedEnd(task, report.state);
    if (failure->timestampMs == 0) failure->timestampMs = clock_.wallMs();
  }
  if (failure && !canceling) graph_.setFailure(task, *failure);
  end(task, canceling  ? ExecutionState::kCanceled
            : finished ? ExecutionState::kFinished
                       : ExecutionState::kFailed);
  if (failure) {
    listener_.onFailure({entryFor(task, std::move(*failure)), {task}, canceling});
  }
  scheduleReady();
  listener_.onTasksEnded();
  return Status::ok();
}

protocol::FailureInfo JobExecution::unexplainedEnd(TaskIndex task, ExecutionState state) const {
  return makeFailure(kJobException,
                     {ErrorCode::kInternal,
                      fmt::format("task ended without being asked to and without a cause: task={} "
                                  "state={}",
                                  graph_.taskName(task), protocol::toString(state))},
                     clock_.wallMs());
}

void JobExecution::end(TaskIndex task, ExecutionState to) {
  move(task, to);
  const SharedSlotIndex shared = graph_.slotSharing().slotOf(task);
  if (graph_.execution(task).slot && --at(shared).runningTasks == 0) giveBack(shared);
  if (to != ExecutionState::kFinished) return;
  schedule_.onFinished(task);
  releaseConsumedPartitions(task);
}

void JobExecution::releaseConsumedPartitions(TaskIndex consumer) {
  for (const scheduler::EdgeIndex e :
       graph_.topology().inputs(graph_.topology().vertexOf(consumer))) {
    if (!graph_.regions().isBlocking(e)) continue;
    if (--unfinishedConsumers_[static_cast<std::size_t>(e)] == 0) releasePartitions(e);
  }
}

void JobExecution::releasePartitions(scheduler::EdgeIndex edge) {
  const auto& topology = graph_.topology();
  const scheduler::VertexIndex source = topology.sourceOf(edge);
  std::map<TaskManagerId, std::vector<ResultPartitionId>> byTaskManager;
  for (std::int32_t p = 0; p < topology.vertex(source).parallelism; ++p) {
    const TaskIndex producer = topology.task(source, p);
    unavailable_.insert({edge, producer});
    byTaskManager[graph_.execution(producer).slot->location.taskManager].push_back(
        scheduler::partitionOf(graph_, edge, producer));
  }
  for (auto& [taskManager, partitions] : byTaskManager) {
    // What is not released now goes when the job does.
    resources_.callInOrder<protocol::ReleasePartitionsRequest>(
        taskManager, {job_, std::move(partitions)}, [](const auto&) {});
  }
}

void JobExecution::onTasksLost(const TaskManagerId& taskManager,
                               const protocol::FailureInfo& failure) {
  TaskFailure lost{{}, loseResultsOf(taskManager), false};
  bool concurrent = false;
  for (const TaskIndex task : unfinishedOn(taskManager)) {
    const bool canceling = graph_.execution(task).state == ExecutionState::kCanceling;
    concurrent |= canceling;
    if (!canceling) graph_.setFailure(task, failure);
    if (!canceling) lost.tasks.push_back(task);
    end(task, canceling ? ExecutionState::kCanceled : ExecutionState::kFailed);
  }
  for (const TaskIndex task : servedFrom(taskManager)) lost.tasks.push_back(task);
  if (stopped_ || lost.tasks.empty()) lost.concurrent = true;
  if (!lost.tasks.empty() || concurrent) {
    lost.entry.failure = failure;
    lost.entry.taskManagerId = taskManager.text();
    listener_.onFailure(std::move(lost));
  }
  listener_.onTasksEnded();
}

std::vector<scheduler::TaskIndex> JobExecution::loseResultsOf(const TaskManagerId& taskManager) {
  const auto& topology = graph_.topology();
  std::set<TaskIndex> producers;
  for (scheduler::EdgeIndex e = 0; e < topology.numEdges(); ++e) {
    if (!graph_.regions().isBlocking(e)) continue;
    const scheduler::VertexIndex source = topology.sourceOf(e);
    for (std::int32_t p = 0; p < topology.vertex(source).parallelism; ++p) {
      const TaskIndex producer = topology.task(source, p);
      const auto& execution = graph_.execution(producer);
      const bool here = execution.state == ExecutionState::kFinished && execution.slot &&
                        execution.slot->location.taskManager == taskManager;
      if (!here || !unavailable_.insert({e, producer}).second) continue;
      if (unfinishedConsumers_[static_cast<std::size_t>(e)] > 0) producers.insert(producer);
    }
  }
  return {producers.begin(), producers.end()};
}

std::vector<scheduler::TaskIndex> JobExecution::servedFrom(const TaskManagerId& taskManager) const {
  const auto& topology = graph_.topology();
  std::vector<TaskIndex> result;
  for (scheduler::VertexIndex v = 0; v < topology.numVertices(); ++v) {
    const auto& first = graph_.execution(topology.task(v, 0));
    const bool here = first.state == ExecutionState::kFinished && first.slot &&
                      first.slot->location.taskManager == taskManager;
    if (!here || !topology.hasCoordinator(v)) continue;
    for (const TaskIndex task : unfinishedOf(v)) {
      if (graph_.execution(task).state != ExecutionState::kCanceling) result.push_back(task);
    }
  }
  return result;
}

std::vector<scheduler::TaskIndex> JobExecution::unfinishedOf(scheduler::VertexIndex vertex) const {
  const auto& topology = graph_.topology();
  std::vector<TaskIndex> result;
  for (std::int32_t s = 0; s < topology.vertex(vertex).parallelism; ++s) {
    const TaskIndex task = topology.task(vertex, s);
    if (!protocol::isTerminal(graph_.execution(task).state)) result.push_back(task);
  }
  return result;
}

std::vector<scheduler::TaskIndex> JobExecution::unfinishedOn(
    const TaskManagerId& taskManager) const {
  std::vector<TaskIndex> result;
  for (const TaskIndex task : graph_.unfinishedTasks()) {
    const auto& slot = graph_.execution(task).slot;
    if (slot && slot->location.taskManager == taskManager) result.push_back(task);
  }
  return result;
}

protocol::ExceptionEntry JobExecution::entryFor(TaskIndex task,
                                                protocol::FailureInfo failure) const {
  protocol::ExceptionEntry entry;
  entry.failure = std::move(failure);
  entry.taskName = graph_.taskName(task);
  if (const auto& slot = graph_.execution(task).slot) {
    entry.endpoint = fmt::format("{}:{}", slot->location.host, slot->location.dataPort);
    entry.taskManagerId = slot->location.taskManager.text();
  }
  return entry;
}

void JobExecution::onTaskReport(const TaskManagerId& sender, protocol::TaskReport report) {
  const auto task = graph_.find(report.attempt);
  if (!task) return;
  const auto& execution = graph_.execution(*task);
  const bool current = execution.slot && execution.slot->location.taskManager == sender;
  if (current && !protocol::isTerminal(execution.state))
    graph_.report(*task, report.io, std::move(report.metrics));
}

Result<TaskManagerId> JobExecution::locate(const protocol::OperatorEvent& event) const {
  const auto vertex = graph_.topology().find(event.op);
  const std::int32_t subtask = event.toCoordinator ? 0 : event.subtask;
  if (!vertex || subtask < 0 || subtask >= graph_.topology().vertex(*vertex).parallelism) {
    return Status(ErrorCode::kNotFound,
                  fmt::format("no such operator or subtask: operator={} subtask={}",
                              event.op.toHex(), event.subtask));
  }
  const auto& execution = graph_.execution(graph_.topology().task(*vertex, subtask));
  // All subtasks of a coordinated vertex restart together, so their attempts have one number.
  if (execution.id.attempt != event.attempt) {
    return Status(ErrorCode::kTaskNotFound,
                  fmt::format("event of another attempt: operator={} subtask={} attempt={} "
                              "current={}",
                              event.op.toHex(), subtask, event.attempt, execution.id.attempt));
  }
  // A coordinator outlives the subtask it started with: it ends with its worker.
  const bool there =
      execution.slot && (event.toCoordinator || !protocol::isTerminal(execution.state));
  if (!there) {
    return Status(ErrorCode::kTaskNotFound,
                  fmt::format("task is not deployed: operator={} subtask={} state={}",
                              event.op.toHex(), subtask, protocol::toString(execution.state)));
  }
  return execution.slot->location.taskManager;
}

void JobExecution::countAssignedTasks(const TaskManagerId& taskManager,
                                      std::map<AllocationId, std::int32_t>& counts) const {
  for (const TaskIndex task : unfinishedOn(taskManager))
    ++counts[graph_.execution(task).slot->allocation];
}

}  // namespace flink::jobmanager
