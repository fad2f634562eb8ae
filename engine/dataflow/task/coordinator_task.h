#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/fs.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "dataflow/operators/operator.h"

namespace flink::task {

struct CoordinatorServices {
  const Clock* clock = nullptr;
  FileSystem* files = nullptr;
  Executor* executor = nullptr;
  EventLoop* timers = nullptr;  ///< where processing-time timers wait; null: there are none
  bool batchMode = false;
  OperatorId op;
  /// What subtask 0 of the operator starts with (TaskCheckpointing::restore): the coordinator finds
  /// its own part there.
  std::string restore;
  /// Carries a message to a subtask of the coordinator's operator. Called from executor threads.
  std::function<void(int subtask, std::string payload)> sendToSubtask;
  /// The coordinator threw; it will not be stepped again. Called once, from an executor thread.
  std::function<void(const Status& reason)> onFailed;
};

/// Runs an operator's coordinator as a cooperative task beside the operator's subtask 0.
/// Thread: all methods from any thread, close() not from a callback.
/// Lifetime: start() → close(); the destructor closes.
class CoordinatorTask {
 public:
  /// `name` is the operator's; `parallelism` that of its vertex.
  CoordinatorTask(std::string name, std::unique_ptr<operators::OperatorCoordinator> coordinator,
                  int parallelism, CoordinatorServices services);
  ~CoordinatorTask();
  CoordinatorTask(const CoordinatorTask&) = delete;
  CoordinatorTask& operator=(const CoordinatorTask&) = delete;

  void start();
  /// A message of subtask `subtask`; those that come before start() wait.
  void deliverEvent(int subtask, std::string payload);
  /// Returns once the coordinator is closed. Idempotent.
  void close();

 private:
  class Runner;
  const std::unique_ptr<Runner> runner_;
};

}  // namespace flink::task
