#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/fs.h"
#include "core/base/ids.h"
#include "dataflow/operators/operator_factory.h"

namespace flink::task {
class CoordinatorTask;
}

namespace flink::worker {

/// The split enumerators whose subtask 0 runs in this worker. They live until the worker stops:
/// other subtasks may still ask after subtask 0 has ended. Thread: the worker's loop; the callbacks
/// come from executor threads.
class Coordinators {
 public:
  struct Services {
    const Clock& clock;
    FileSystem& files;
    Executor& executor;
    EventLoop& timers;
    /// `attempt` is that of the coordinator, and of the subtasks that it serves.
    std::function<void(const OperatorId& op, int attempt, int subtask, std::string payload)>
        sendToSubtask;
    /// `attempt` is that of subtask 0 for which the coordinator was opened.
    std::function<void(const ExecutionAttemptId& attempt, const Status& reason)> onFailed;
  };
  explicit Coordinators(Services services);
  ~Coordinators();

  /// Starts the coordinator of `op`, which the factory must have, in place of one of an earlier
  /// attempt. `restore`: what subtask 0 starts from.
  void open(const ExecutionAttemptId& attempt, const OperatorId& op, const std::string& name,
            const operators::OperatorFactory& factory, int parallelism, bool batchMode,
            std::string restore);
  /// False when this attempt at the coordinator of `op` does not run here.
  bool deliver(const OperatorId& op, int attempt, int subtask, std::string payload);
  /// Subtask 0 did not come to its end: its attempt at all subtasks is over.
  void closeOf(const ExecutionAttemptId& attempt);
  void close();

 private:
  Services services_;
  struct Running {
    ExecutionAttemptId attempt;
    std::unique_ptr<task::CoordinatorTask> task;
  };
  std::map<OperatorId, Running> running_;
};

}  // namespace flink::worker
