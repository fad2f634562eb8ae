#include "dataflow/checkpoint/plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::checkpoint {
namespace {

bool isFinished(const TaskStatus& task) {
  return task.phase == TaskPhase::kFinished;
}

/// Whether a barrier can still reach the subtask through one of its inputs.
bool hasRunningProducer(const CheckpointTopology::Vertex& vertex, std::int32_t subtask,
                        const TaskTable& tasks) {
  for (const CheckpointTopology::Input& input : vertex.inputs) {
    const std::vector<TaskStatus>& producers = tasks[input.source];
    auto first = producers.begin();
    auto last = producers.end();
    if (!input.producersOf.empty()) {
      const ProducerRange range = input.producersOf[static_cast<std::size_t>(subtask)];
      first += range.first;
      last = first + range.count;
    }
    if (!std::all_of(first, last, isFinished)) return true;
  }
  return false;
}

}  // namespace

Result<CheckpointPlan> planCheckpoint(const CheckpointTopology& topology, const TaskTable& tasks,
                                      bool afterTasksFinish) {
  CheckpointPlan plan;
  for (std::size_t v = 0; v < topology.vertices.size(); ++v) {
    const CheckpointTopology::Vertex& vertex = topology.vertices[v];
    for (std::int32_t s = 0; s < vertex.parallelism; ++s) {
      const TaskStatus& task = tasks[v][static_cast<std::size_t>(s)];
      if (task.phase == TaskPhase::kNotRunning ||
          (task.phase == TaskPhase::kFinished && !afterTasksFinish)) {
        const char* why = task.phase == TaskPhase::kFinished ? "has finished" : "is not running";
        return Status(ErrorCode::kCheckpointFailed,
                      fmt::format("no checkpoint is possible now, a task {}: task={} ({}/{})", why,
                                  vertex.name, s + 1, vertex.parallelism));
      }
      if (task.phase == TaskPhase::kFinished) {
        plan.finished.push_back({v, s});
        continue;
      }
      plan.toWaitFor.push_back({v, s});
      if (!hasRunningProducer(vertex, s, tasks)) plan.toTrigger.push_back({v, s});
    }
  }
  if (plan.toWaitFor.empty())
    return Status(ErrorCode::kCheckpointFailed,
                  "no checkpoint is possible any more: all tasks have finished");
  return plan;
}

}  // namespace flink::checkpoint
