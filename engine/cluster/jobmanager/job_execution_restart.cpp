#include <set>
#include <utility>

#include "cluster/jobmanager/job_execution.h"

/// Which tasks start over after a failure, and their new attempts.
namespace flink::jobmanager {

using protocol::ExecutionState;

std::vector<scheduler::TaskIndex> JobExecution::tasksToRestart(
    const std::vector<TaskIndex>& failed) const {
  const auto& topology = graph_.topology();
  scheduler::FailoverFacts facts;
  facts.stateOf = [this](TaskIndex task) { return graph_.execution(task).state; };
  facts.isAvailable = [this](const scheduler::PartitionRef& partition) {
    return graph_.execution(partition.producer).state == ExecutionState::kFinished &&
           !unavailable_.contains(partition);
  };
  std::set<TaskIndex> result;
  std::set<scheduler::VertexIndex> coordinated;
  std::vector<TaskIndex> toVisit = failed;
  while (!toVisit.empty()) {
    const TaskIndex task = toVisit.back();
    toVisit.pop_back();
    for (const TaskIndex other :
         scheduler::tasksToRestart(topology, graph_.regions(), task, facts)) {
      result.insert(other);
      const auto vertex = topology.vertexOf(other);
      if (!topology.hasCoordinator(vertex) || !coordinated.insert(vertex).second) continue;
      for (std::int32_t s = 0; s < topology.vertex(vertex).parallelism; ++s)
        toVisit.push_back(topology.task(vertex, s));
    }
  }
  return {result.begin(), result.end()};
}

void JobExecution::restart(const std::vector<TaskIndex>& tasks) {
  std::set<scheduler::RegionIndex> regions;
  std::vector<TaskIndex> finished;
  for (const TaskIndex task : tasks) {
    regions.insert(graph_.regions().regionOf(task));
    if (graph_.execution(task).state != ExecutionState::kFinished) continue;
    finished.push_back(task);
    for (const scheduler::EdgeIndex e : graph_.topology().inputs(graph_.topology().vertexOf(task)))
      if (graph_.regions().isBlocking(e)) ++unfinishedConsumers_[static_cast<std::size_t>(e)];
  }
  for (const auto region : regions) ++restarts_[static_cast<std::size_t>(region)];
  for (const TaskIndex task : tasks) {
    std::erase_if(unavailable_, [task](const auto& lost) { return lost.producer == task; });
    graph_.restart(task, clock_.wallMs());
    listener_.onTaskMoved(task);
  }
  schedule_.restart({regions.begin(), regions.end()}, finished);
}

void JobExecution::setRestore(TaskIndex task, std::string restore) {
  restores_[static_cast<std::size_t>(task)] = std::move(restore);
}

}  // namespace flink::jobmanager
