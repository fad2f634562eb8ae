#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/protocol/job_graph.h"
#include "core/base/ids.h"

namespace flink::protocol {

/// Where the worker that produces a partition listens (through its TaskManager's data port).
struct PartitionLocation {
  TaskManagerId taskManager;
  std::string host;
  std::int32_t dataPort = 0;
};

/// One consumed channel: subpartition `subpartition` of one producer's partition.
struct InputChannelDescriptor {
  ResultPartitionId partition;
  std::int32_t subpartition = 0;
  PartitionLocation location;
};

/// All channels of one edge at one consumer subtask.
struct InputGateDescriptor {
  IntermediateDataSetId dataSet;
  std::int32_t streamNode = 0;  ///< target operator
  std::int32_t inputIndex = 0;  ///< which input of it
  std::vector<InputChannelDescriptor> channels;
  bool compressed = false;
};

/// What one subtask produces for one edge.
struct ResultPartitionDescriptor {
  ResultPartitionId id;
  std::int32_t numSubpartitions = 1;
  /// Consumer's TaskManager per subpartition, so that the writer knows which channels stay in this
  /// process.
  std::vector<TaskManagerId> consumers;
  ExchangeType exchange = ExchangeType::kPipelinedBounded;
  bool compressed = false;
};

/// One subtask to run (Flink's TaskDeploymentDescriptor).
struct TaskDeploymentDescriptor {
  ExecutionAttemptId attempt;
  AllocationId allocation;
  std::int32_t slot = 0;     ///< slot index on the TaskManager
  ResourceProfile resource;  ///< the slot's part of the TaskManager, for all tasks in it together
  std::vector<InputGateDescriptor> inputGates;
  std::vector<ResultPartitionDescriptor> producedPartitions;
  /// What it starts from (checkpoint::encodeTaskRestore); empty: nothing.
  std::string restore;
};

/// All tasks of one job that start on one TaskManager together; the first one also brings the job
/// itself.
struct SubmitTasks {
  JobId job;
  JobToken token;
  std::optional<JobGraph> jobGraph;  ///< present when this TaskManager has not got it yet
  /// The endpoint of the blob server that has the library, host:port.
  std::string blobServer;
  std::vector<TaskDeploymentDescriptor> tasks;
};

/// Final figures of one subtask; also sent while it runs.
struct TaskIoMetrics {
  std::int64_t bytesIn = 0, bytesOut = 0, recordsIn = 0, recordsOut = 0;
  std::int64_t buffersOut = 0;
  std::int64_t accumulatedBackPressuredMs = 0, accumulatedIdleMs = 0;
  double accumulatedBusyMs = 0;
  double backPressuredMsPerSecond = 0, idleMsPerSecond = 0, busyMsPerSecond = 0;
};

/// The root or a concurrent failure as users see it.
struct FailureInfo {
  std::string exceptionName;  ///< Flink's class name where one fits, else the error id
  std::string errorId;        ///< e.g. FLINK-TM-003
  std::string message;        ///< first line
  std::string stackTrace;     ///< message with causes and, for crashes, the native frames
  std::int64_t timestampMs = 0;
};

}  // namespace flink::protocol
