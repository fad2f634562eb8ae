#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/protocol/cluster_view.h"
#include "cluster/protocol/deployment.h"
#include "cluster/protocol/job_graph.h"
#include "core/base/ids.h"

/// Requests and responses of the control plane. Every request names its Response; Method numbers
/// are part of the protocol and never reused. codec.h encodes them as protobuf.
namespace flink::protocol {

enum class Method : std::uint16_t {
  // client → JobManager
  kGetVersion = 1,
  kSubmitJob = 2,
  kListJobs = 3,
  kGetJob = 4,
  kCancelJob = 5,
  kWaitJob = 6,
  kGetOverview = 7,
  kListTaskManagers = 8,
  kGetTaskManager = 9,
  kReadLog = 10,
  kListLogs = 11,
  kGetMetrics = 12,
  kCollectResults = 13,
  kTriggerSnapshot = 14,
  kWaitSnapshot = 15,
  kGetCheckpoints = 16,
  kDisposeSavepoint = 17,
  // blobs, at jobmanager's blob port
  kHasBlob = 30,
  kPutBlobChunk = 31,
  kGetBlobChunk = 32,
  // TaskManager → JobManager
  kRegisterTaskManager = 50,
  kHeartbeat = 51,
  kTaskStateChanged = 52,
  kWorkerEnded = 53,
  kOperatorEvent = 54,
  kUnregisterTaskManager = 55,
  kCollectedRecords = 56,
  kAcknowledgeCheckpoint = 57,
  kDeclineCheckpoint = 58,
  kCoordinatorFailed = 59,
  // JobManager → TaskManager
  kSubmitTasks = 70,
  kCancelTasks = 71,
  kReleaseJob = 72,
  kReadTaskManagerLog = 73,
  kListTaskManagerLogs = 74,
  kDeliverOperatorEvent = 75,
  kReleasePartitions = 76,
  kTriggerCheckpoint = 77,
  kNotifyCheckpoint = 78,
  // supervisor ↔ worker (local channel)
  kStartWorker = 90,
  kAdoptConnection = 91,
  kWorkerReport = 92,
  kStopWorker = 93,
  // spawner ↔ flink-program (local channel); the program also uses kSubmitJob, kWaitJob,
  // kCancelJob, kCollectResults,
  // which its spawner relays
  kProgramStart = 110,
  kProgramFinished = 111
};

struct Empty {};

struct GetVersionRequest {
  static constexpr Method kMethod = Method::kGetVersion;
  struct Response {
    std::string version, commit, abi;
    Epoch epoch = Epoch::kNone;
    std::string restAddress;  ///< host:port, empty when REST is off
    std::int32_t blobPort = 0, eventPort = 0;
    std::int32_t taskManagers = 0, slotsTotal = 0;
    std::int32_t pid = 0;
    std::string configDirectory;  ///< absolute, on the JobManager's host; empty: it has none
  };
};

struct SubmitJobRequest {
  static constexpr Method kMethod = Method::kSubmitJob;
  JobGraph graph;
  using Response = Empty;
};

struct ListJobsRequest {
  static constexpr Method kMethod = Method::kListJobs;
  struct Response {
    std::vector<JobOverview> jobs;
  };
};

struct GetJobRequest {
  static constexpr Method kMethod = Method::kGetJob;
  JobId job;
  using Response = JobDetails;
};

struct CancelJobRequest {
  static constexpr Method kMethod = Method::kCancelJob;
  JobId job;
  using Response = Empty;
};

/// Answers when the job is globally terminal, or with nothing after `waitMs`.
struct WaitJobRequest {
  static constexpr Method kMethod = Method::kWaitJob;
  JobId job;
  std::int64_t waitMs = 10'000;
  struct Response {
    JobStatus status = JobStatus::kRunning;
    std::optional<JobResult> result;
  };
};

struct GetOverviewRequest {
  static constexpr Method kMethod = Method::kGetOverview;
  using Response = ClusterOverview;
};

struct ListTaskManagersRequest {
  static constexpr Method kMethod = Method::kListTaskManagers;
  struct Response {
    std::vector<TaskManagerView> taskManagers;
  };
};

struct GetTaskManagerRequest {
  static constexpr Method kMethod = Method::kGetTaskManager;
  TaskManagerId id;
  using Response = TaskManagerView;
};

struct LogFile {
  std::string name;
  std::int64_t size = 0, modifiedMs = 0;
};

/// `process` is "jobmanager" or a TaskManager id. Names come from ListLogs and are looked up, never
/// joined into paths.
struct ListLogsRequest {
  static constexpr Method kMethod = Method::kListLogs;
  std::string process;
  struct Response {
    std::vector<LogFile> files;
  };
};
struct ReadLogRequest {
  static constexpr Method kMethod = Method::kReadLog;
  std::string process;
  std::string name;
  std::int64_t offset = 0;  ///< negative: from the end
  std::int32_t maxBytes = 1 << 20;
  struct Response {
    std::string data;
    std::int64_t offset = 0;  ///< where data starts
    std::int64_t fileSize = 0;
  };
};

/// A metric's current value by Flink's REST id, per subtask.
struct SubtaskMetrics {
  std::int32_t subtask = 0;
  std::map<std::string, std::string> values;
};
struct GetMetricsRequest {
  static constexpr Method kMethod = Method::kGetMetrics;
  JobId job;
  JobVertexId vertex;
  struct Response {
    std::vector<SubtaskMetrics> subtasks;
  };
};

/// Records that executeAndCollect's sink sent to the JobManager, from `offset` on; bounded by back
/// pressure on the sink.
struct CollectResultsRequest {
  static constexpr Method kMethod = Method::kCollectResults;
  JobId job;
  std::string collectId;
  std::int64_t offset = 0;
  std::int64_t waitMs = 1000;
  struct Response {
    std::vector<std::string> records;
    bool finished = false;
  };
};

/// Begins a checkpoint or savepoint that a user asked for.
struct TriggerSnapshotRequest {
  static constexpr Method kMethod = Method::kTriggerSnapshot;
  JobId job;
  std::int32_t kind = 0;  ///< checkpoint::SnapshotKind
  std::string target;     ///< savepoints: directory; empty: the configured one
  /// Chosen by the client, so that the same request again begins nothing new; zero: the server's.
  SnapshotTriggerId trigger;
  struct Response {
    SnapshotTriggerId trigger;
  };
};
/// Answers when what was triggered has ended, or with nothing after `waitMs`.
struct WaitSnapshotRequest {
  static constexpr Method kMethod = Method::kWaitSnapshot;
  JobId job;
  SnapshotTriggerId trigger;
  std::int64_t waitMs = 10'000;
  struct Response {
    bool completed = false;
    std::int64_t checkpoint = 0;
    std::string path;  ///< of its folder
    std::optional<FailureInfo> failure;
  };
};
struct GetCheckpointsRequest {
  static constexpr Method kMethod = Method::kGetCheckpoints;
  JobId job;
  std::int64_t checkpoint = 0;  ///< with its subtasks; 0: all that is remembered, without them
  struct Response {
    std::string report;  ///< checkpoint::encodeReport()
  };
};
struct DisposeSavepointRequest {
  static constexpr Method kMethod = Method::kDisposeSavepoint;
  std::string path;
  using Response = Empty;
};

struct HasBlobRequest {
  static constexpr Method kMethod = Method::kHasBlob;
  BlobDigest digest;
  struct Response {
    bool present = false;
  };
};
struct PutBlobChunkRequest {
  static constexpr Method kMethod = Method::kPutBlobChunk;
  BlobDigest digest;
  std::int64_t offset = 0;
  std::int64_t totalSize = 0;
  std::string data;
  struct Response {
    bool complete = false;
  };
};
struct GetBlobChunkRequest {
  static constexpr Method kMethod = Method::kGetBlobChunk;
  BlobDigest digest;
  std::int64_t offset = 0;
  std::int32_t maxBytes = 1 << 20;
  struct Response {
    std::string data;
    std::int64_t totalSize = 0;
  };
};

struct RegisterTaskManagerRequest {
  static constexpr Method kMethod = Method::kRegisterTaskManager;
  TaskManagerView self;
  std::string version;
  /// Tasks that still run here from before a JobManager's restart; it answers by ending unknown
  /// jobs.
  std::vector<JobId> runningJobs;
  struct Response {
    Epoch epoch = Epoch::kNone;
    std::int64_t heartbeatIntervalMs = 0, heartbeatTimeoutMs = 0;
    std::int32_t blobPort = 0;
  };
};

/// Figures of one running subtask inside a heartbeat.
struct TaskReport {
  ExecutionAttemptId attempt;
  TaskIoMetrics io;
  std::map<std::string, std::string> metrics;  ///< REST id → value
};
struct HeartbeatRequest {
  static constexpr Method kMethod = Method::kHeartbeat;
  TaskManagerId id;
  TaskManagerView self;
  std::vector<TaskReport> tasks;
  using Response = Empty;
};
struct UnregisterTaskManagerRequest {
  static constexpr Method kMethod = Method::kUnregisterTaskManager;
  TaskManagerId id;
  std::string reason;
  using Response = Empty;
};

struct TaskStateChangedRequest {
  static constexpr Method kMethod = Method::kTaskStateChanged;
  ExecutionAttemptId attempt;
  ExecutionState state = ExecutionState::kRunning;
  std::int64_t timestampMs = 0;
  std::optional<FailureInfo> failure;
  TaskIoMetrics io;
  std::map<std::string, std::string> accumulators;
  using Response = Empty;
};

/// The supervisor's verdict on a worker that ended without being asked to.
struct WorkerEndedRequest {
  static constexpr Method kMethod = Method::kWorkerEnded;
  TaskManagerId taskManager;
  JobId job;
  FailureInfo failure;  ///< host, pid, signal; operator and library for crashes in user code
  using Response = Empty;
};

/// A coordinator threw: the subtasks that it served cannot go on. `attempt` is that of subtask 0,
/// beside which it was started and which may have ended long ago.
struct CoordinatorFailedRequest {
  static constexpr Method kMethod = Method::kCoordinatorFailed;
  ExecutionAttemptId attempt;
  FailureInfo failure;
  using Response = Empty;
};

/// Between source readers and their enumerator, through the JobManager.
struct OperatorEvent {
  JobId job;
  OperatorId op;
  std::int32_t subtask = 0;  ///< sender (to coordinator) or receiver (from coordinator)
  std::int32_t attempt = 0;
  bool toCoordinator = true;
  std::string payload;
};
struct OperatorEventRequest {
  static constexpr Method kMethod = Method::kOperatorEvent;
  OperatorEvent event;
  using Response = Empty;
};
struct DeliverOperatorEventRequest {
  static constexpr Method kMethod = Method::kDeliverOperatorEvent;
  OperatorEvent event;
  using Response = Empty;
};

/// Records of one collect sink; the response, which comes when there is room, is the back pressure.
struct CollectedRecordsRequest {
  static constexpr Method kMethod = Method::kCollectedRecords;
  JobId job;
  std::string collectId;
  std::vector<std::string> records;
  using Response = Empty;
};

/// A subtask's part of a checkpoint is durable.
struct AcknowledgeCheckpointRequest {
  static constexpr Method kMethod = Method::kAcknowledgeCheckpoint;
  ExecutionAttemptId attempt;
  std::int64_t checkpoint = 0;
  std::string snapshot;  ///< checkpoint::encodeTaskSnapshot()
  std::int64_t syncDurationMs = 0, asyncDurationMs = 0, alignmentDurationMs = 0, startDelayMs = 0;
  std::int64_t checkpointedBytes = 0, stateBytes = 0, processedBytes = 0, persistedBytes = 0;
  bool unaligned = false;
  using Response = Empty;
};
struct DeclineCheckpointRequest {
  static constexpr Method kMethod = Method::kDeclineCheckpoint;
  ExecutionAttemptId attempt;
  std::int64_t checkpoint = 0;
  std::int32_t reason = 0;  ///< checkpoint::CheckpointFailureReason
  FailureInfo why;
  using Response = Empty;
};

struct SubmitTasksRequest {
  static constexpr Method kMethod = Method::kSubmitTasks;
  SubmitTasks submission;
  using Response = Empty;
};
struct CancelTasksRequest {
  static constexpr Method kMethod = Method::kCancelTasks;
  JobId job;
  std::vector<ExecutionAttemptId> attempts;  ///< empty: all of the job
  using Response = Empty;
};
/// The job is over (or unknown): end its worker, free its slots and files.
struct ReleaseJobRequest {
  static constexpr Method kMethod = Method::kReleaseJob;
  JobId job;
  std::string reason;
  bool awaitEnd = false;  ///< the answer says that the worker has ended
  using Response = Empty;
};
struct ReleasePartitionsRequest {
  static constexpr Method kMethod = Method::kReleasePartitions;
  JobId job;
  std::vector<ResultPartitionId> partitions;
  using Response = Empty;
};
/// Lets a checkpoint's barriers begin at these tasks.
struct TriggerCheckpointRequest {
  static constexpr Method kMethod = Method::kTriggerCheckpoint;
  JobId job;
  std::vector<ExecutionAttemptId> attempts;
  std::int64_t checkpoint = 0;
  std::int32_t kind = 0;  ///< checkpoint::SnapshotKind
  std::int64_t timestampMs = 0;
  std::string directory, sharedDirectory;
  bool filesAllowed = true;
  using Response = Empty;
};
/// Tells these tasks that a checkpoint is completed, or never will be.
struct NotifyCheckpointRequest {
  static constexpr Method kMethod = Method::kNotifyCheckpoint;
  JobId job;
  std::vector<ExecutionAttemptId> attempts;
  std::int64_t checkpoint = 0;
  bool completed = false;
  using Response = Empty;
};
struct ListTaskManagerLogsRequest {
  static constexpr Method kMethod = Method::kListTaskManagerLogs;
  using Response = ListLogsRequest::Response;
};
struct ReadTaskManagerLogRequest {
  static constexpr Method kMethod = Method::kReadTaskManagerLog;
  std::string name;
  std::int64_t offset = 0;
  std::int32_t maxBytes = 1 << 20;
  using Response = ReadLogRequest::Response;
};

/// First message to a new worker: everything it needs besides the tasks.
struct StartWorkerRequest {
  static constexpr Method kMethod = Method::kStartWorker;
  JobGraph graph;
  JobToken token;
  TaskManagerId taskManager;
  std::string host;
  std::int32_t dataPort = 0;
  std::string libraryPath;
  std::map<std::string, std::string>
      configuration;  ///< the TaskManager's, with the job's keys on top
  std::int32_t numThreads = 1;
  std::int64_t networkBytes = 0;
  using Response = Empty;
};
/// Carries a connected socket (SCM_RIGHTS) whose hello the supervisor has checked.
struct AdoptConnectionRequest {
  static constexpr Method kMethod = Method::kAdoptConnection;
  std::string peer;
  using Response = Empty;
};
/// Periodic figures of a worker: all its metrics, for the supervisor's reporters and heartbeats.
struct MetricValue {
  std::string scope;
  std::map<std::string, std::string> variables;
  std::string name;
  std::int32_t kind = 0;          ///< metrics::MetricKind
  std::string value;              ///< text form
  std::vector<double> histogram;  ///< count,min,max,mean,stddev,p50,p75,p95,p98,p99,p999
};
struct WorkerReportRequest {
  static constexpr Method kMethod = Method::kWorkerReport;
  std::vector<MetricValue> metrics;
  std::vector<TaskReport> tasks;
  std::map<std::string, std::int64_t> memory;  ///< as TaskManagerView::metrics
  using Response = Empty;
};
struct StopWorkerRequest {
  static constexpr Method kMethod = Method::kStopWorker;
  using Response = Empty;
};

/// First message to a new flink-program.
struct ProgramStartRequest {
  static constexpr Method kMethod = Method::kProgramStart;
  std::string libraryPath, entry;
  BlobDigest library;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> configuration;  ///< cluster defaults with -D, -p on top
  bool detached = false;                             ///< execute() returns after submission
  bool planOnly = false;         ///< the spawner takes the first graph and answers with kCancelled
  std::string workingDirectory;  ///< where relative paths begin; empty: they are refused
  using Response = Empty;
};
/// The program's function returned (or threw).
struct ProgramFinishedRequest {
  static constexpr Method kMethod = Method::kProgramFinished;
  std::string errorId, errorMessage;  ///< empty: success
  std::int32_t numJobs = 0;
  using Response = Empty;
};

}  // namespace flink::protocol
