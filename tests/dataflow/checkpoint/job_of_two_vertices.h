#pragma once

#include <string>
#include <utility>
#include <vector>

#include "dataflow/checkpoint/coordinator.h"
#include "tests/support/job_graph_builder.h"

namespace flink::checkpoint {

using flink::testing::idOf;

/// "source" and "map", two subtasks each, every map reads from every source; and what the test of a
/// coordinator tells about it.
struct JobOfTwoVertices {
  static constexpr std::size_t kSource = 0, kMap = 1;

  static CheckpointTopology topology(std::int32_t parallelism = 2) {
    CheckpointTopology topology;
    for (std::uint32_t v = 0; v < 2; ++v) {
      CheckpointTopology::Vertex vertex;
      vertex.id = idOf<JobVertexId>(v + 1);
      vertex.name = v == 0 ? "source" : "map";
      vertex.parallelism = parallelism;
      vertex.operators.push_back({idOf<OperatorId>(v + 1), vertex.name, ""});
      if (v == 1) vertex.inputs.push_back({kSource, {}});
      topology.vertices.push_back(std::move(vertex));
    }
    return topology;
  }

  static ExecutionAttemptId task(std::size_t vertex, std::int32_t subtask,
                                 std::int32_t attempt = 0) {
    return {idOf<JobId>(1), idOf<JobVertexId>(static_cast<std::uint32_t>(vertex) + 1), subtask,
            attempt};
  }

  static std::vector<ExecutionAttemptId> allTasks(std::int32_t parallelism = 2,
                                                  std::int32_t attempt = 0) {
    std::vector<ExecutionAttemptId> tasks;
    for (const std::size_t vertex : {kSource, kMap}) {
      for (std::int32_t s = 0; s < parallelism; ++s) tasks.push_back(task(vertex, s, attempt));
    }
    return tasks;
  }

  static StateFile file(std::uint32_t number, FileScope scope) {
    StateFile file;
    file.id = idOf<StateFileId>(number);
    file.scope = scope;
    file.path = (scope == FileScope::kShared ? "/shared/" : "/own/") + std::to_string(number);
    file.size = 100;
    return file;
  }

  /// A subtask's state in these shared files, of which each holds one keyed block.
  static TaskSnapshot snapshot(const ExecutionAttemptId& task,
                               const std::vector<std::uint32_t>& sharedFiles,
                               CheckpointId confirmed = 0) {
    TaskSnapshot snapshot;
    snapshot.confirmed = confirmed;
    OperatorSnapshot part;
    part.id = task.vertex == idOf<JobVertexId>(1) ? idOf<OperatorId>(1) : idOf<OperatorId>(2);
    for (const std::uint32_t number : sharedFiles) {
      BlockRef block;
      block.file = static_cast<std::uint32_t>(snapshot.files.size());
      block.kind = state::BlockKind::kKeyedBase;
      block.stateName = "state";
      block.length = 50;
      part.blocks.push_back(block);
      snapshot.files.push_back(file(number, FileScope::kShared));
    }
    snapshot.operators.push_back(std::move(part));
    return snapshot;
  }
};

/// All commands of one type, in order.
template <class T>
std::vector<T> only(const Commands& commands) {
  std::vector<T> found;
  for (const Command& command : commands) {
    if (const T* match = std::get_if<T>(&command)) found.push_back(*match);
  }
  return found;
}

}  // namespace flink::checkpoint
