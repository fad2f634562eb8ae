#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/control/local_channel.h"
#include "cluster/control/ordered_calls.h"
#include "cluster/control/rpc.h"
#include "cluster/protocol/messages.h"
#include "cluster/worker/coordinators.h"
#include "cluster/worker/managed_memory.h"
#include "cluster/worker/worker_runtime.h"
#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/fs.h"
#include "dataflow/operators/operator_factory.h"
#include "dataflow/task/task.h"

namespace flink::worker {

/// Runs the tasks of one job on one TaskManager for its supervisor.
/// States: idle → starting → running → stopping → ended. Moves: StartWorker; the program is
/// rebuilt; StopWorker, or a lost supervisor in any state; every task has ended. Thread: start()
/// and the destructor from the owner's thread, the rest on the loop; tasks call back from the
/// executor and only post. Lifetime: destroy after onEnded, or when the loop has stopped.
class Worker final : private task::TaskListener, private task::CheckpointResponder {
 public:
  /// Runs the job's program again for the code of its operators. Blocks; runs outside the loop.
  using RebuildResult = Result<std::shared_ptr<const operators::OperatorCatalog>>;
  using Rebuild = std::function<RebuildResult(const protocol::StartWorkerRequest&)>;
  struct Services {
    EventLoop& loop;
    const Clock& clock;
    FileSystem& files;
    Rebuild rebuild;
    /// Memory and CPU of this process under their REST names; empty for workers that share a
    /// process.
    std::function<std::map<std::string, std::int64_t>()> processFigures;
    /// Called once on the loop: nothing of the job runs here any more.
    std::function<void()> onEnded;
    /// Called on the loop when the supervisor is gone; a process of its own ends at once.
    std::function<void()> onOrphaned;
    Duration reportInterval = std::chrono::seconds(1);
    WorkerPlatform platform = systemPlatform();
  };

  Worker(Services services, std::unique_ptr<control::LocalChannel> channel);
  ~Worker() override;
  void start();

 private:
  enum class Stage : std::uint8_t { kIdle, kStarting, kRunning, kStopping, kEnded };
  void serveSupervisor();
  void handleStart(protocol::StartWorkerRequest request,
                   control::RpcEndpoint::Responder<protocol::StartWorkerRequest> respond);
  void onRebuilt(RebuildResult catalog);
  /// Gives the network memory of slots that are new here to the worker's network.
  void takeSlots(const protocol::SubmitTasks& submission);
  Status submit(const protocol::SubmitTasks& submission);
  Status deploy(const protocol::TaskDeploymentDescriptor& deployment);
  void openCoordinators(const protocol::TaskDeploymentDescriptor& deployment,
                        const protocol::JobVertex& vertex);
  void cancel(const std::vector<ExecutionAttemptId>& attempts);
  void deliver(const protocol::OperatorEvent& event);
  void triggerCheckpoint(const protocol::TriggerCheckpointRequest& request);
  void notifyCheckpoint(const protocol::NotifyCheckpointRequest& request);
  Status adopt(const std::string& peer);
  void stop(const std::string& reason);
  void endWhenIdle();

  // TaskListener, on executor threads: hand over to the loop.
  void onStateChanged(const ExecutionAttemptId& attempt, task::TaskState state,
                      const std::optional<Status>& failure,
                      const std::map<std::string, std::string>& accumulators) override;
  void onOperatorEvent(const ExecutionAttemptId& attempt, const OperatorId& op,
                       std::string payload) override;
  void onCollect(const ExecutionAttemptId& attempt, const std::string& collectId,
                 std::vector<std::string> records, std::function<void()> room) override;

  // CheckpointResponder, on executor threads: hand over to the loop.
  void acknowledgeCheckpoint(const ExecutionAttemptId& task, checkpoint::CheckpointId id,
                             std::string snapshot,
                             const checkpoint::SubtaskMetrics& metrics) override;
  void declineCheckpoint(const ExecutionAttemptId& task, checkpoint::CheckpointId id,
                         checkpoint::CheckpointFailureReason reason, const Status& why) override;

  void reportState(const ExecutionAttemptId& attempt, task::TaskState state,
                   const std::optional<Status>& failure,
                   const std::map<std::string, std::string>& accumulators);
  void sendToCoordinator(const ExecutionAttemptId& attempt, const OperatorId& op,
                         std::string payload);
  void sendToSubtask(const OperatorId& op, int attempt, int subtask, std::string payload);
  [[nodiscard]] task::Task* findTask(const OperatorId& op, int attempt, int subtask);
  void onCoordinatorFailed(const ExecutionAttemptId& attempt, const Status& reason);
  void sendCollected(const ExecutionAttemptId& attempt, protocol::CollectedRecordsRequest request,
                     std::function<void()> room);
  void scheduleReport();
  void sendReport();
  /// What the supervisor has to know: it takes each of these once, in this order.
  template <class Request>
  void tell(const Request& request);
  void onSupervisorLost(const std::string& how);
  /// Posts to the loop unless this worker is gone by then.
  void post(std::function<void()> action);

  /// Declared first: what comes late finds it gone only after everything else.
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  Services services_;
  std::unique_ptr<control::LocalChannel> channel_;
  control::RpcEndpoint rpc_;
  control::OrderedCalls calls_;
  Stage stage_ = Stage::kIdle;
  std::optional<protocol::StartWorkerRequest> start_;
  control::RpcEndpoint::Responder<protocol::StartWorkerRequest> respondStart_;
  std::unique_ptr<WorkerRuntime> runtime_;
  std::unique_ptr<Coordinators> coordinators_;
  std::optional<ManagedMemory> managedMemory_;  ///< once the program was rebuilt
  /// What each slot that tasks came for has brought of the network memory.
  std::map<std::int32_t, std::int64_t> slotNetworkBytes_;
  std::map<ExecutionAttemptId, std::unique_ptr<task::Task>> tasks_;
  EventLoop::TimerId reportTimer_ = EventLoop::TimerId::kNone;
};

}  // namespace flink::worker
