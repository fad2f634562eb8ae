#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"

namespace flink::checkpoint {

/// Which subtasks of a producer one consumer reads from.
struct ProducerRange {
  std::int32_t first = 0;
  std::int32_t count = 0;
};

/// A job as checkpoints see it.
struct CheckpointTopology {
  struct Operator {
    OperatorId id;
    std::string name;
    std::string uid;  ///< empty: none was given
  };
  struct Input {
    std::size_t source = 0;  ///< position of the producing vertex
    /// Per subtask of the consumer; empty: every consumer reads from every producer.
    std::vector<ProducerRange> producersOf;
  };
  struct Vertex {
    JobVertexId id;
    std::string name;
    std::int32_t parallelism = 1;
    std::int32_t maxParallelism = 128;
    std::vector<Operator> operators;
    std::vector<Input> inputs;  ///< none: a source
  };
  std::vector<Vertex> vertices;  ///< producers before consumers
};

/// One subtask of a CheckpointTopology.
struct TaskPosition {
  std::size_t vertex = 0;
  std::int32_t subtask = 0;
  friend auto operator<=>(const TaskPosition&, const TaskPosition&) = default;
};

enum class TaskPhase : std::uint8_t { kNotRunning, kRunning, kFinished };

struct TaskStatus {
  TaskPhase phase = TaskPhase::kNotRunning;
  std::int32_t attempt = 0;
};
/// By vertex and subtask.
using TaskTable = std::vector<std::vector<TaskStatus>>;

/// Who takes part in a checkpoint.
struct CheckpointPlan {
  std::vector<TaskPosition> toTrigger;  ///< where barriers start
  std::vector<TaskPosition> toWaitFor;  ///< who acknowledges, and is told of the outcome
  std::vector<TaskPosition> finished;   ///< who ended before
};

/// Barriers start at the sources, and below finished sources at every subtask none of whose
/// producers still runs. Errors: kCheckpointFailed when a subtask is not running, or has finished
/// and `afterTasksFinish` is false.
Result<CheckpointPlan> planCheckpoint(const CheckpointTopology& topology, const TaskTable& tasks,
                                      bool afterTasksFinish);

}  // namespace flink::checkpoint
