#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/control/ordered_calls.h"
#include "cluster/control/rpc.h"
#include "cluster/protocol/messages.h"
#include "cluster/taskmanager/worker_launcher.h"
#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/fs.h"

namespace flink::taskmanager {

class JobWorker;

/// What a worker's supervision reports. Thread: the supervisor's loop.
class JobWorkerListener {
 public:
  virtual ~JobWorkerListener() = default;
  virtual void onTaskStateChanged(JobWorker& worker, protocol::TaskStateChangedRequest change) = 0;
  virtual void onCoordinatorFailed(protocol::CoordinatorFailedRequest report) = 0;
  virtual void onOperatorEvent(protocol::OperatorEventRequest event) = 0;
  virtual void onCheckpointAcknowledged(protocol::AcknowledgeCheckpointRequest answer) = 0;
  virtual void onCheckpointDeclined(protocol::DeclineCheckpointRequest answer) = 0;
  virtual void onCollectedRecords(
      protocol::CollectedRecordsRequest records,
      control::RpcEndpoint::Responder<protocol::CollectedRecordsRequest> respond) = 0;
  virtual void onWorkerReport(JobWorker& worker) = 0;
  /// The worker is gone, with the failure when nobody had asked it to end. The listener may drop
  /// the worker.
  virtual void onWorkerGone(JobWorker& worker,
                            const std::optional<protocol::FailureInfo>& failure) = 0;
};

/// Fetches a job's library by its digest and answers with its path, on the supervisor's loop.
using FetchLibrary =
    std::function<void(const protocol::ProgramReference& program, const std::string& blobServer,
                       std::function<void(Result<std::string>)> done)>;

/// One job's worker on this TaskManager, from the first submission to its end.
/// States: starting → running → ending → gone. Moves: running when the worker answered StartWorker;
/// ending on release() or a failed start; gone from any state once the process was reaped. What is
/// asked of it while it starts waits in order. Thread: the supervisor's loop. Ownership: owns the
/// process handle; borrows the rest. Held by shared_ptr because answers and timers may come late.
class JobWorker : public std::enable_shared_from_this<JobWorker> {
 public:
  struct Services {
    EventLoop& loop;
    const Clock& clock;
    FileSystem& files;
    WorkerLauncher& launcher;
    const FetchLibrary& fetchLibrary;
    JobWorkerListener& listener;
  };
  struct Limits {
    Duration heartbeatTimeout{}, stopTimeout{}, cancellationTimeout{};
  };

  JobWorker(Services services, Limits limits, WorkerLaunch launch, std::string host);
  ~JobWorker();

  /// Starts the process and, in parallel, fetches the library. `start` has everything but the
  /// library's path. Errors: kProcessSpawn; the worker is gone then.
  Status start(protocol::StartWorkerRequest start, const std::string& blobServer);
  void submit(protocol::SubmitTasks submission);
  void cancel(const std::vector<ExecutionAttemptId>& attempts);
  /// Errors: kTaskNotFound when the worker is ending.
  Status deliver(protocol::DeliverOperatorEventRequest event);
  /// Errors: kTaskNotFound when the worker is ending, kLimitExceeded.
  Status triggerCheckpoint(protocol::TriggerCheckpointRequest request);
  void notifyCheckpoint(protocol::NotifyCheckpointRequest request);
  void releasePartitions(protocol::ReleasePartitionsRequest request);
  /// Passes a data connection on whose hello was checked.
  void adopt(OwnedFd connection, std::string peer);
  /// Asks the worker to end and kills it when it does not.
  void release();

  [[nodiscard]] const JobId& job() const { return launch_.job; }
  [[nodiscard]] const JobToken& token() const { return token_; }
  [[nodiscard]] const BlobDigest& library() const { return library_; }
  [[nodiscard]] int pid() const { return process_ == nullptr ? 0 : process_->pid(); }
  [[nodiscard]] bool ending() const { return stage_ == Stage::kEnding || stage_ == Stage::kGone; }
  [[nodiscard]] bool runs(const ExecutionAttemptId& attempt) const {
    return active_.contains(attempt);
  }
  [[nodiscard]] const protocol::WorkerReportRequest& lastReport() const { return report_; }
  /// Slot of an attempt that was submitted here; -1 when unknown.
  [[nodiscard]] int slotOf(const ExecutionAttemptId& attempt) const;

 private:
  enum class Stage : std::uint8_t { kStarting, kRunning, kEnding, kGone };
  struct Attempt {
    int slot = 0;
    /// When a task that was cancelled has to have ended.
    std::optional<MonotonicTime> endsBy;
  };

  void serveWorker();
  void onLibrary(Result<std::string> path);
  void onStarted(const Status& status);
  /// Without effect on a worker that is not starting any more.
  void failStart(const Status& reason);
  void onTaskStateChanged(protocol::TaskStateChangedRequest change);
  void onSilent(const Status& reason);
  void onExit(WorkerExit exit);
  /// Reports every active attempt of `attempts` as failed.
  void failAttempts(const std::vector<ExecutionAttemptId>& attempts, const Status& reason);
  void failAll(const Status& reason);
  /// Runs `action` now, or once the worker has started. Errors: kTaskNotFound when it ends,
  /// kLimitExceeded when too much waits; the caller says what becomes of its work then.
  Status whenRunning(std::function<void()> action);
  /// Tells the worker something that it has to take: once, in the order of these calls.
  template <class Request>
  void tell(const Request& request);
  void onStreamBroken(const Status& reason);
  /// Waits for the earliest time at which a cancelled task has to have ended.
  void watchCancellation();
  void killBecause(std::string reason);
  [[nodiscard]] std::string errorTail() const;
  void schedule(EventLoop::TimerId& timer, Duration after, void (JobWorker::*action)());
  void onCancellationTimeout();
  void onStopTimeout();
  void onUnreapedTimeout();

  Services services_;
  Limits limits_;
  WorkerLaunch launch_;
  std::string host_;
  std::string jobName_, libraryName_;
  JobToken token_;
  BlobDigest library_;
  Stage stage_ = Stage::kStarting;
  std::unique_ptr<WorkerProcess> process_;
  std::unique_ptr<control::RpcEndpoint> rpc_;
  std::unique_ptr<control::OrderedCalls> calls_;
  std::optional<protocol::StartWorkerRequest> start_;
  std::vector<std::function<void()>> waiting_;
  std::map<ExecutionAttemptId, Attempt> active_;
  protocol::WorkerReportRequest report_;
  std::string silence_, killedBecause_;
  std::int64_t errorBegin_ = 0;  ///< where the worker's output begins in its file
  EventLoop::TimerId cancellationTimer_ = EventLoop::TimerId::kNone;
  EventLoop::TimerId stopTimer_ = EventLoop::TimerId::kNone;
  EventLoop::TimerId unreapedTimer_ = EventLoop::TimerId::kNone;
};

}  // namespace flink::taskmanager
