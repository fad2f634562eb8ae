#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/control/blob_transfer.h"
#include "cluster/control/rpc.h"
#include "cluster/protocol/messages.h"
#include "cluster/taskmanager/data_port.h"
#include "cluster/taskmanager/held_connections.h"
#include "cluster/taskmanager/job_worker.h"
#include "cluster/taskmanager/jobmanager_connection.h"
#include "cluster/taskmanager/log_directory.h"
#include "cluster/taskmanager/slot_table.h"
#include "cluster/taskmanager/task_manager_figures.h"
#include "cluster/taskmanager/task_manager_settings.h"
#include "cluster/taskmanager/worker_launcher.h"
#include "core/base/executor.h"
#include "core/base/fs.h"
#include "core/base/message_transport.h"
#include "core/base/rng.h"
#include "core/fs/owned_directory.h"
#include "core/metrics/registry.h"

namespace flink::taskmanager {

/// Supervises the slots of one host: registers them at the JobManager, gives each job a worker,
/// passes data connections on, and answers for what its workers do. User code never runs here.
/// Thread: the loop; metrics from any. Ownership: borrows its services; they outlive it.
/// Lifetime: start() once; destroy after stop() called back.
class TaskManager final : private JobWorkerListener {
 public:
  struct Services {
    EventLoop& loop;
    const Clock& clock;
    Rng& rng;
    FileSystem& files;
    MessageTransport& transport;
    WorkerLauncher& launcher;
    /// Runs work that blocks (removing files, reading logs) off the loop.
    std::function<void(std::function<void()>)> runBlocking;
    metrics::MetricRegistry& registry;
    /// What this process takes of the system (metrics::restProcessFigures()); may be empty.
    std::function<std::map<std::string, std::int64_t>()> processFigures;
    /// Called on the loop: after each registration; when there is no point in going on.
    std::function<void()> onRegistered;
    std::function<void(Status)> onFatal;
    /// Opens the port for data connections; the simulator has its own.
    std::function<Result<std::unique_ptr<DataPort>>(const DataPort::Settings&, DataPort::Handler)>
        listenForData = DataPort::listen;
  };

  TaskManager(TaskManagerSettings settings, Services services);
  ~TaskManager() override;

  /// Binds the ports and begins to register. Errors: kPortInUse, kBindRefused, kInvalidArgument.
  Status start();
  /// Ends the workers (killing those that do not end in time), says good-bye to the JobManager and
  /// calls `stopped`.
  void stop(std::function<void()> stopped);

  [[nodiscard]] const TaskManagerId& id() const { return id_; }
  [[nodiscard]] int dataPort() const { return dataPort_->port(); }
  /// Metrics of the supervisor and of all its workers. Thread: any.
  [[nodiscard]] std::vector<metrics::MetricSample> collectMetrics();
  /// What the supervisor and its workers take of the system together. Thread: any.
  [[nodiscard]] metrics::ProcessFigures processFigures() const { return figures_.processFigures(); }

 private:
  using PeerId = control::RpcEndpoint::PeerId;

  void serveJobManager();
  template <class Request>
  void serve(void (TaskManager::*handler)(Request, control::RpcEndpoint::Responder<Request>));

  void handle(protocol::SubmitTasksRequest request,
              control::RpcEndpoint::Responder<protocol::SubmitTasksRequest> respond);
  void handle(protocol::CancelTasksRequest request,
              control::RpcEndpoint::Responder<protocol::CancelTasksRequest> respond);
  void handle(protocol::ReleaseJobRequest request,
              control::RpcEndpoint::Responder<protocol::ReleaseJobRequest> respond);
  void handle(protocol::DeliverOperatorEventRequest request,
              control::RpcEndpoint::Responder<protocol::DeliverOperatorEventRequest> respond);
  void handle(protocol::TriggerCheckpointRequest request,
              control::RpcEndpoint::Responder<protocol::TriggerCheckpointRequest> respond);
  void handle(protocol::NotifyCheckpointRequest request,
              control::RpcEndpoint::Responder<protocol::NotifyCheckpointRequest> respond);
  void handle(protocol::ReleasePartitionsRequest request,
              control::RpcEndpoint::Responder<protocol::ReleasePartitionsRequest> respond);
  void handle(protocol::ListTaskManagerLogsRequest request,
              control::RpcEndpoint::Responder<protocol::ListTaskManagerLogsRequest> respond);
  void handle(protocol::ReadTaskManagerLogRequest request,
              control::RpcEndpoint::Responder<protocol::ReadTaskManagerLogRequest> respond);

  Status submit(protocol::SubmitTasks submission);
  Result<std::shared_ptr<JobWorker>> startWorker(protocol::SubmitTasks& submission);
  [[nodiscard]] protocol::StartWorkerRequest makeStartRequest(
      protocol::SubmitTasks& submission) const;
  /// Takes a directory for temporary files and begins to remove those of TaskManagers that died.
  Status takeDirectory();
  [[nodiscard]] std::string jobDirectory(const JobId& job) const;
  /// A job of a program that is linked into this process (MiniCluster) has no library.
  void fetchLibrary(const protocol::ProgramReference& program, const std::string& blobServer,
                    std::function<void(Result<std::string>)> done);
  void scheduleLibraryCleanup();
  void releaseJob(const JobId& job, const std::string& reason);
  void releaseEverything(const std::string& reason);
  /// Whether a worker of this job was told to end and has not.
  [[nodiscard]] bool isEnding(const JobId& job) const;
  void answerEnded(const JobId& job);
  void onDataConnection(DataConnection connection);
  void passOn(JobWorker& worker, DataConnection connection);
  void scheduleHeldExpiry(Duration after);
  /// Removes what a worker that is gone left on disk, and log files beyond the cap.
  void cleanUpAfter(const JobId& job);
  protocol::RegisterTaskManagerRequest makeRegistration();
  protocol::HeartbeatRequest makeHeartbeat();
  protocol::TaskManagerView view();
  void finishStopWhenIdle();

  // JobWorkerListener
  void onTaskStateChanged(JobWorker& worker, protocol::TaskStateChangedRequest change) override;
  void onCoordinatorFailed(protocol::CoordinatorFailedRequest report) override;
  void onCheckpointAcknowledged(protocol::AcknowledgeCheckpointRequest answer) override;
  void onCheckpointDeclined(protocol::DeclineCheckpointRequest answer) override;
  void onOperatorEvent(protocol::OperatorEventRequest event) override;
  void onCollectedRecords(
      protocol::CollectedRecordsRequest records,
      control::RpcEndpoint::Responder<protocol::CollectedRecordsRequest> respond) override;
  void onWorkerGone(JobWorker& worker,
                    const std::optional<protocol::FailureInfo>& failure) override;
  void onWorkerReport(JobWorker& worker) override;

  TaskManagerSettings settings_;
  Services services_;
  TaskManagerId id_;
  SlotTable slots_;
  LogDirectory logs_;
  HeldConnections held_;
  TaskManagerFigures figures_;
  FetchLibrary fetchLibrary_;
  std::unique_ptr<fs::OwnedDirectory> directory_;
  std::unique_ptr<control::BlobStore> blobStore_;
  std::unique_ptr<control::RpcEndpoint> rpc_;
  std::unique_ptr<control::BlobCache> blobs_;
  std::unique_ptr<JobManagerConnection> jobManager_;
  std::unique_ptr<DataPort> dataPort_;
  int rpcPort_ = 0;
  /// The worker that serves a job now, and workers that were told to end but have not.
  std::map<JobId, std::shared_ptr<JobWorker>> workers_;
  std::vector<std::shared_ptr<JobWorker>> ending_;
  /// The JobManager waits for the end of these jobs' workers.
  std::multimap<JobId, control::RpcEndpoint::Responder<protocol::ReleaseJobRequest>> awaitingEnd_;
  EventLoop::TimerId heldTimer_ = EventLoop::TimerId::kNone;
  EventLoop::TimerId libraryTimer_ = EventLoop::TimerId::kNone;
  std::function<void()> onStopped_;
  bool stopping_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace flink::taskmanager
