#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/protocol/deployment.h"
#include "cluster/protocol/job_graph.h"
#include "cluster/protocol/job_status.h"
#include "core/base/ids.h"

/// What clients (flinkctl, REST, console) see of a cluster: values only. Times are epoch
/// milliseconds, -1 = unset, 0 in per-state timestamps = never.
namespace flink::protocol {

struct ClusterOverview {
  std::int32_t taskManagers = 0, slotsTotal = 0, slotsAvailable = 0;
  std::int32_t jobsRunning = 0, jobsFinished = 0, jobsCancelled = 0, jobsFailed = 0;
  std::string version, commit;
};

using StateCounts = std::array<std::int32_t, kNumExecutionStates>;

struct JobOverview {
  JobId id;
  std::string name;
  JobStatus status = JobStatus::kInitializing;
  JobType type = JobType::kStreaming;
  std::int64_t startMs = -1, endMs = -1, durationMs = 0, lastModificationMs = 0;
  StateCounts tasks{};
  std::int32_t pendingOperators = 0;
};

/// One attempt of one subtask.
struct SubtaskView {
  std::int32_t subtask = 0, attempt = 0;
  ExecutionState state = ExecutionState::kCreated;
  std::string endpoint;  ///< host:dataPort of its TaskManager, "(unassigned)" before
  std::string host;
  TaskManagerId taskManager;
  std::array<std::int64_t, kNumExecutionStates> timestampsMs{};
  TaskIoMetrics io;
  bool ioComplete = false;
  std::optional<FailureInfo> failure;
};

struct VertexView {
  JobVertexId id;
  std::string name;
  SlotSharingGroupId slotSharingGroup;
  std::int32_t parallelism = 0, maxParallelism = 0;
  std::vector<SubtaskView> subtasks;
};

struct ExceptionEntry {
  FailureInfo failure;
  std::string taskName;  ///< empty: global failure
  std::string endpoint;
  std::string taskManagerId;
  std::vector<ExceptionEntry> concurrent;
};

/// Everything about one job (Flink's ExecutionGraphInfo).
struct JobDetails {
  JobOverview overview;
  std::array<std::int64_t, kNumJobStatuses> timestampsMs{};
  std::int64_t nowMs = 0;
  std::int32_t maxParallelism = -1;
  std::vector<VertexView> vertices;
  std::string planJson, streamGraphJson;
  std::vector<ExceptionEntry> exceptions;  ///< newest first
  bool exceptionsTruncated = false;
  std::map<std::string, std::string> configuration;
  std::map<std::string, std::string> globalJobParameters;
  std::int32_t parallelismDefault = 1;
  std::string statusMessage;  ///< what keeps the job from going on, for people; mostly empty
};

/// Flink's derivation result, bytes.
struct TaskManagerMemory {
  std::int64_t frameworkHeap = 0, taskHeap = 0, frameworkOffHeap = 0, taskOffHeap = 0, network = 0,
               managed = 0, jvmMetaspace = 0, jvmOverhead = 0, totalFlink = 0, totalProcess = 0;
};

struct HardwareDescription {
  std::int32_t cpuCores = 0;
  std::int64_t physicalMemory = 0, freeMemory = 0, managedMemory = 0;
};

/// Slow-changing facts plus current figures of one TaskManager.
struct TaskManagerView {
  TaskManagerId id;
  std::string host;
  std::int32_t pid = 0;
  std::int32_t rpcPort = 0, dataPort = 0;
  std::int64_t lastHeartbeatMs = 0;
  std::int32_t slots = 0, freeSlots = 0, assignedTasks = 0;
  ResourceProfile total, free;
  HardwareDescription hardware;
  TaskManagerMemory memory;
  struct AllocatedSlot {
    JobId job;
    ResourceProfile resource;
    std::int32_t assignedTasks = 0;
  };
  std::vector<AllocatedSlot> allocatedSlots;
  std::map<std::string, std::int64_t>
      metrics;  ///< REST names: heapUsed, nettyShuffleMemorySegmentsTotal, ...
};

/// How a job ended, for execute(), `flinkctl wait` and /execution-result.
struct JobResult {
  JobId id;
  std::string name;
  JobStatus status = JobStatus::kFinished;
  std::int64_t startMs = 0, endMs = 0, netRuntimeMs = 0;
  std::optional<FailureInfo> failure;
  std::map<std::string, std::string> accumulators;  ///< name → serialized value
};

/// One change in a cluster, on the event stream. `sequence` grows by one; a gap means lost events.
struct ClusterEvent {
  std::uint64_t sequence = 0;
  Epoch epoch = Epoch::kNone;
  std::int64_t timestampMs = 0;
  /// "job.status", "task.state", "taskmanager.registered", "taskmanager.lost",
  /// "checkpoint.triggered" and the further steps of checkpoints (jobmanager/job_checkpoints.h)
  std::string kind;
  std::map<std::string, std::string> attributes;
};

}  // namespace flink::protocol
