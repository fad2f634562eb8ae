#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/fs.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/rng.h"
#include "core/metrics/registry.h"
#include "dataflow/network/network_environment.h"
#include "dataflow/operators/operator_factory.h"
#include "dataflow/state/keyed_state_backend.h"
#include "dataflow/task/task_checkpoint.h"

namespace flink::task {

/// One operator of a task's chain and where its outputs go inside the chain.
struct ChainNode {
  std::int32_t streamNode = 0;
  OperatorId id;
  std::string name;
  struct ChainedOutput {
    std::int32_t target = 0;  ///< streamNode in the same chain
    std::string tag;
  };
  std::vector<ChainedOutput> outputs;
  bool hasCoordinator = false;
};

struct TaskInput {
  network::GateSpec gate;
  std::int32_t sourceNode = 0, targetNode = 0, targetInput = 0;
  std::string sideOutputTag;
};

struct TaskOutput {
  network::PartitionSpec partition;
  std::int32_t sourceNode = 0, targetNode = 0, targetInput = 0;
  std::string sideOutputTag;
  operators::ChannelSelection selection = operators::ChannelSelection::kForward;
  int consumerMaxParallelism = 128;
};

/// Everything that defines one subtask; made from the deployment descriptor by the worker.
struct TaskSpec {
  ExecutionAttemptId attempt;
  JobId jobId;
  std::string jobName;
  std::string taskName;
  int parallelism = 1;
  int maxParallelism = 128;
  bool batchMode = false;
  std::int64_t bufferTimeoutMs = 100;
  std::int64_t autoWatermarkIntervalMs = 200;
  std::int64_t managedMemoryBytes = 0;  ///< for each operator that uses it
  std::string temporaryDirectory;
  std::map<std::string, std::string> globalJobParameters;
  TaskCheckpointing checkpointing;
  state::LatencyTracking stateLatency;
  std::vector<ChainNode> chain;  ///< topological order, head first
  std::vector<TaskInput> inputs;
  std::vector<TaskOutput> outputs;
};

enum class TaskState : std::uint8_t {
  kDeploying,
  kInitializing,
  kRunning,
  kFinished,
  kCanceled,
  kFailed
};

/// Figures of a task at one moment (milliseconds, bytes).
struct TaskFigures {
  std::int64_t bytesIn = 0, bytesOut = 0, recordsIn = 0, recordsOut = 0, buffersOut = 0;
  std::int64_t accumulatedBackPressuredMs = 0, accumulatedIdleMs = 0, accumulatedBusyMs = 0;
  double backPressuredMsPerSecond = 0, idleMsPerSecond = 0, busyMsPerSecond = 0;
};

/// What a task tells its worker. Thread: called from executor threads; must only hand over.
class TaskListener {
 public:
  virtual ~TaskListener() = default;
  /// Called once per state; with the failure for kFailed and the accumulators for final states.
  virtual void onStateChanged(const ExecutionAttemptId& attempt, TaskState state,
                              const std::optional<Status>& failure,
                              const std::map<std::string, std::string>& accumulators) = 0;
  virtual void onOperatorEvent(const ExecutionAttemptId& attempt, const OperatorId& op,
                               std::string payload) = 0;
  /// A collect sink's records; `room` is called when the JobManager took them.
  virtual void onCollect(const ExecutionAttemptId& attempt, const std::string& collectId,
                         std::vector<std::string> records, std::function<void()> room) = 0;
};

struct TaskServices {
  const operators::OperatorCatalog* catalog = nullptr;
  network::NetworkEnvironment* network = nullptr;
  Executor* executor = nullptr;
  FileSystem* files = nullptr;
  const Clock* clock = nullptr;
  EventLoop* timers = nullptr;                     ///< where processing-time timers wait
  std::shared_ptr<metrics::MetricGroup> jobGroup;  ///< scope taskmanager.job
  TaskListener* listener = nullptr;
  // Null where a job is never checkpointed; a barrier is then refused.
  CheckpointResponder* checkpoints = nullptr;
  Rng* rng = nullptr;  ///< names state files; any thread
};

/// One subtask's life: deploy, run its chain cooperatively, finish, cancel or fail. States as
/// Flink's ExecutionState. Legal moves: DEPLOYING → INITIALIZING → RUNNING → FINISHED; from each of
/// those → CANCELED or FAILED. Thread: start, cancel, figures, deliverEvent from any thread; the
/// chain runs on the executor. Lifetime: destroy only after a final state was reported.
class Task : public CheckpointableTask {
 public:
  /// Builds the chain, opens partitions and gates, and lets the executor step it. A failure is
  /// reported to the listener.
  virtual void start() = 0;
  /// Idempotent. Ends in CANCELED once the running step returns.
  virtual void cancel() = 0;
  virtual void fail(Status reason) = 0;
  /// A message of the coordinator for operator `op`.
  virtual void deliverEvent(const OperatorId& op, std::string payload) = 0;
  [[nodiscard]] virtual TaskFigures figures() const = 0;
  [[nodiscard]] virtual const ExecutionAttemptId& attempt() const = 0;
  /// The operator whose code the calling thread runs, for crash reports; empty outside a step.
  /// Async-signal-safe source: see crash_context.h.
  [[nodiscard]] virtual std::string_view currentOperator() const = 0;
};

std::unique_ptr<Task> makeTask(TaskSpec spec, const TaskServices& services);

}  // namespace flink::task
