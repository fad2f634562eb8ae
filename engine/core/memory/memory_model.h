#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/config/configuration.h"

namespace flink::memory {

/// The parts of a TaskManager's memory, in bytes, by Flink's derivation. Heap means user code and
/// operators, off-heap the engine's buffers; metaspace and overhead are what the process needs
/// beside them (code, stacks, allocator).
struct TaskManagerMemoryModel {
  std::int64_t frameworkHeap = 0, taskHeap = 0, frameworkOffHeap = 0, taskOffHeap = 0, network = 0,
               managed = 0, jvmMetaspace = 0, jvmOverhead = 0, totalFlink = 0, totalProcess = 0;
  /// Where a minimum or maximum replaced a fraction, or a configured fraction is not met.
  std::vector<std::string> remarks;

  /// What Flink passes as -Xmx.
  [[nodiscard]] std::int64_t heap() const { return frameworkHeap + taskHeap; }
};

struct JobManagerMemoryModel {
  std::int64_t heap = 0, offHeap = 0, jvmMetaspace = 0, jvmOverhead = 0, totalFlink = 0,
               totalProcess = 0;
  std::vector<std::string> remarks;
};

/// Derives every part from taskmanager.memory.*. Pure arithmetic, exact to the byte.
/// Errors: kIllegalMemoryConfiguration in Flink's words, kConfigInvalidValue.
Result<TaskManagerMemoryModel> deriveTaskManagerMemory(const config::Configuration& configuration);
/// The same from jobmanager.memory.*.
Result<JobManagerMemoryModel> deriveJobManagerMemory(const config::Configuration& configuration);

}  // namespace flink::memory
