#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/executor.h"
#include "dataflow/task/task.h"

namespace flink::task {

/// Passes a collect sink's records to the listener, a few bundles at a time: past that the emitting
/// step waits. Thread: send on the task's step; the rest any.
class CollectPort final : public WaitCondition, public std::enable_shared_from_this<CollectPort> {
 public:
  CollectPort(ExecutionAttemptId attempt, TaskListener& listener, Executor& executor)
      : attempt_(attempt), listener_(listener), executor_(executor) {}

  /// Waits for room. False, and the records are dropped, once the port is closed.
  bool send(const std::string& collectId, std::vector<std::string>& records);
  /// Ends waits; what is under way is not waited for.
  void close();
  [[nodiscard]] bool ready() const override {
    return inFlight_.load(std::memory_order_acquire) < kMaxInFlight ||
           closed_.load(std::memory_order_acquire);
  }

 private:
  static constexpr int kMaxInFlight = 2;
  void onRoom();

  const ExecutionAttemptId attempt_;
  TaskListener& listener_;
  Executor& executor_;
  std::atomic<int> inFlight_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace flink::task
