#include "cluster/scheduler/execution_graph.h"

#include <utility>

#include <fmt/format.h>

#include "cluster/scheduler/state_moves.h"
#include "core/base/check.h"
#include "core/metrics/accumulated_value.h"

namespace flink::scheduler {
namespace {

using protocol::ExecutionState;

std::size_t position(ExecutionState state) {
  return static_cast<std::size_t>(state);
}

protocol::SubtaskView viewOf(const Execution& execution) {
  protocol::SubtaskView view;
  view.subtask = execution.id.subtask;
  view.attempt = execution.id.attempt;
  view.state = execution.state;
  view.endpoint = "(unassigned)";
  if (execution.slot) {
    const auto& location = execution.slot->location;
    view.endpoint = fmt::format("{}:{}", location.host, location.dataPort);
    view.host = location.host;
    view.taskManager = location.taskManager;
  }
  view.timestampsMs = execution.timestampsMs;
  view.io = execution.io;
  view.ioComplete = execution.ioReported;
  view.failure = execution.failure;
  return view;
}

}  // namespace

ExecutionGraph::ExecutionGraph(std::shared_ptr<const protocol::JobGraph> graph, std::int64_t nowMs)
    : topology_(std::make_unique<Topology>(std::move(graph))),
      regions_(std::make_unique<PipelinedRegions>(*topology_)),
      slotSharing_(std::make_unique<SlotSharing>(*topology_)),
      executions_(static_cast<std::size_t>(topology_->numTasks())),
      lastModificationMs_(nowMs) {
  for (std::int32_t t = 0; t < topology_->numTasks(); ++t) {
    const auto task = static_cast<TaskIndex>(t);
    Execution& execution = at(task);
    execution.id = {topology_->graph().id, topology_->vertex(topology_->vertexOf(task)).id,
                    topology_->subtaskOf(task), 0};
    execution.timestampsMs[position(ExecutionState::kCreated)] = nowMs;
  }
  counts_[position(ExecutionState::kCreated)] = topology_->numTasks();
}

std::optional<TaskIndex> ExecutionGraph::find(const ExecutionAttemptId& attempt) const {
  const auto vertex = topology_->find(attempt.vertex);
  if (!vertex || attempt.subtask < 0 || attempt.subtask >= topology_->vertex(*vertex).parallelism)
    return std::nullopt;
  const TaskIndex task = topology_->task(*vertex, attempt.subtask);
  return at(task).id == attempt ? std::optional(task) : std::nullopt;
}

std::string ExecutionGraph::taskName(TaskIndex task) const {
  const auto& vertex = topology_->vertex(topology_->vertexOf(task));
  const ExecutionAttemptId& id = at(task).id;
  return fmt::format("{} ({}/{}) - execution #{}", vertex.name, id.subtask + 1, vertex.parallelism,
                     id.attempt);
}

void ExecutionGraph::move(TaskIndex task, ExecutionState to, std::int64_t nowMs) {
  Execution& execution = at(task);
  FLINK_CHECK(isLegalMove(execution.state, to),
              fmt::format("illegal move of a task: task={} from={} to={}", execution.id.toString(),
                          protocol::toString(execution.state), protocol::toString(to)));
  --counts_[position(execution.state)];
  ++counts_[position(to)];
  execution.state = to;
  execution.timestampsMs[position(to)] = nowMs;
  lastModificationMs_ = nowMs;
}

void ExecutionGraph::restart(TaskIndex task, std::int64_t nowMs) {
  Execution& execution = at(task);
  FLINK_CHECK(protocol::isTerminal(execution.state),
              fmt::format("a task restarts after its end: task={} state={}",
                          execution.id.toString(), protocol::toString(execution.state)));
  Execution next;
  next.id = execution.id;
  ++next.id.attempt;
  next.timestampsMs[position(ExecutionState::kCreated)] = nowMs;
  --counts_[position(execution.state)];
  ++counts_[position(ExecutionState::kCreated)];
  execution = std::move(next);
  lastModificationMs_ = nowMs;
}

void ExecutionGraph::report(TaskIndex task, const protocol::TaskIoMetrics& io,
                            std::map<std::string, std::string> metrics) {
  Execution& execution = at(task);
  execution.io = io;
  execution.ioReported = true;
  execution.metrics = std::move(metrics);
}

void ExecutionGraph::setAccumulators(TaskIndex task,
                                     std::map<std::string, std::string> accumulators) {
  at(task).accumulators = std::move(accumulators);
}

bool ExecutionGraph::allFinished() const {
  return count(ExecutionState::kFinished) == topology_->numTasks();
}

bool ExecutionGraph::allTerminal() const {
  return count(ExecutionState::kFinished) + count(ExecutionState::kCanceled) +
             count(ExecutionState::kFailed) ==
         topology_->numTasks();
}

std::vector<TaskIndex> ExecutionGraph::unfinishedTasks() const {
  std::vector<TaskIndex> result;
  for (std::int32_t t = 0; t < topology_->numTasks(); ++t) {
    const auto task = static_cast<TaskIndex>(t);
    if (!protocol::isTerminal(at(task).state)) result.push_back(task);
  }
  return result;
}

std::vector<protocol::VertexView> ExecutionGraph::view() const {
  std::vector<protocol::VertexView> views;
  views.reserve(static_cast<std::size_t>(topology_->numVertices()));
  for (VertexIndex v = 0; v < topology_->numVertices(); ++v) {
    const auto& vertex = topology_->vertex(v);
    protocol::VertexView view;
    view.id = vertex.id;
    view.name = vertex.name;
    view.parallelism = vertex.parallelism;
    view.maxParallelism = vertex.maxParallelism;
    for (const auto& group : topology_->graph().slotSharingGroups) {
      if (group.name == vertex.slotSharingGroup) view.slotSharingGroup = group.id;
    }
    view.subtasks.reserve(static_cast<std::size_t>(vertex.parallelism));
    for (std::int32_t s = 0; s < vertex.parallelism; ++s)
      view.subtasks.push_back(viewOf(at(topology_->task(v, s))));
    views.push_back(std::move(view));
  }
  return views;
}

std::map<std::string, std::string> ExecutionGraph::mergedAccumulators() const {
  std::map<std::string, std::string> merged;
  for (const Execution& execution : executions_) {
    for (const auto& [name, value] : execution.accumulators) {
      const auto [entry, isNew] = merged.emplace(name, value);
      if (!isNew) entry->second = metrics::addAccumulated(entry->second, value);
    }
  }
  return merged;
}

}  // namespace flink::scheduler
