#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cluster/control/ordered_calls.h"
#include "cluster/control/rpc.h"
#include "cluster/jobmanager/settings.h"
#include "cluster/jobmanager/slot_manager.h"
#include "cluster/protocol/messages.h"
#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/fs.h"
#include "core/base/rng.h"

namespace flink::jobmanager {

/// What the resource manager asks and tells those who run jobs.
class ResourceListener {
 public:
  virtual ~ResourceListener() = default;
  /// Whatever the job ran on this TaskManager is gone.
  virtual void onTasksLost(const JobId& job, const TaskManagerId& taskManager,
                           const protocol::FailureInfo& failure) = 0;
  virtual void onTaskReports(const TaskManagerId& taskManager,
                             std::vector<protocol::TaskReport> reports) = 0;
  /// How many tasks run in each slot of a TaskManager.
  [[nodiscard]] virtual std::map<AllocationId, std::int32_t> assignedTasks(
      const TaskManagerId& taskManager) const = 0;
};

/// Knows the TaskManagers: registers them, watches their heartbeats, calls them by id, owns the
/// slot table. Thread: the JobManager's event loop. Ownership: borrows its collaborators. Lifetime:
/// outlives the job masters.
class ResourceManager {
 public:
  using PeerId = control::RpcEndpoint::PeerId;
  using Publish =
      std::function<void(std::string kind, std::map<std::string, std::string> attributes)>;

  ResourceManager(const JobManagerSettings& settings, const JobManagerProcess& process,
                  EventLoop& loop, const Clock& clock, Rng& rng, control::RpcEndpoint& rpc,
                  FileSystem& files, Publish publish, std::function<void()> onSlotsChanged);
  ~ResourceManager();
  ResourceManager(const ResourceManager&) = delete;
  ResourceManager& operator=(const ResourceManager&) = delete;

  /// REQUIRES: before the first TaskManager registers.
  void setListener(ResourceListener& listener) { listener_ = &listener; }
  [[nodiscard]] SlotManager& slots() { return slots_; }
  [[nodiscard]] const SlotManager& slots() const { return slots_; }

  // From TaskManagers.
  Result<protocol::RegisterTaskManagerRequest::Response> registerTaskManager(
      const PeerId& peer, protocol::RegisterTaskManagerRequest request, Epoch epoch);
  Status heartbeat(const PeerId& peer, protocol::HeartbeatRequest request);
  Status unregister(const PeerId& peer, const protocol::UnregisterTaskManagerRequest& request);
  /// The job's worker there is gone; tasks that are sent later bring the job graph again.
  void workerEnded(const TaskManagerId& id, const JobId& job);
  void onPeerLost(const PeerId& peer, const Status& reason);

  // To TaskManagers.
  using Done = std::function<void(Status)>;
  /// Brings the job graph along when this TaskManager has not got it yet.
  void submitTasks(const TaskManagerId& id, protocol::SubmitTasks submission,
                   const std::shared_ptr<const protocol::JobGraph>& graph, Done done);
  /// Ends the job's worker there, whatever it is doing; `done` when it has ended.
  void forceEnd(const JobId& job, const TaskManagerId& id, const std::string& reason, Done done);
  /// The job is over: ends its workers everywhere and frees its slots as the TaskManagers confirm.
  void releaseJob(const JobId& job, const std::string& reason);
  template <class Request>
  void call(const TaskManagerId& id, const Request& request,
            std::function<void(Result<typename Request::Response>)> done) {
    const auto peer = peerOf(id);
    if (!peer) {
      loop_.post([done = std::move(done), error = unknown(id)] { done(error); });
      return;
    }
    rpc_.call<Request>(
        *peer, request, settings_.rpcTimeout,
        [alive = std::weak_ptr<const int>(alive_), done = std::move(done)](auto answer) {
          if (!alive.expired()) done(std::move(answer));
        });
  }

  /// A call that changes something there: it runs once, in the order of these calls, or the
  /// TaskManager is lost. `done` gets its answer, however long that takes.
  template <class Request>
  void callInOrder(const TaskManagerId& id, const Request& request,
                   std::function<void(Result<typename Request::Response>)> done) {
    const auto found = taskManagers_.find(id);
    if (found == taskManagers_.end()) {
      loop_.post([done = std::move(done), error = unknown(id)] { done(error); });
      return;
    }
    found->second.calls->call<Request>(
        request, [alive = std::weak_ptr<const int>(alive_), done = std::move(done)](auto answer) {
          if (!alive.expired()) done(std::move(answer));
        });
  }

  [[nodiscard]] std::optional<TaskManagerId> taskManagerOf(const PeerId& peer) const;
  [[nodiscard]] std::int32_t numTaskManagers() const {
    return static_cast<std::int32_t>(taskManagers_.size());
  }
  [[nodiscard]] std::vector<protocol::TaskManagerView> views() const;
  /// Errors: kTaskManagerUnknown.
  [[nodiscard]] Result<protocol::TaskManagerView> view(const TaskManagerId& id) const;

 private:
  struct TaskManager {
    PeerId peer;
    std::unique_ptr<control::OrderedCalls> calls;  ///< of this registration
    protocol::TaskManagerView self;
    MonotonicTime lastHeartbeat{};
    std::int64_t lastHeartbeatMs = 0;
    EventLoop::TimerId timer = EventLoop::TimerId::kNone;
    /// Set while a process whose connection closed is about to end.
    EventLoop::TimerId endTimer = EventLoop::TimerId::kNone;
    std::set<JobId> jobs;  ///< have (or had) a worker there that was not released
  };

  [[nodiscard]] Status accept(const protocol::RegisterTaskManagerRequest& request) const;
  /// Compares the jobs that a TaskManager says it runs with those it should run.
  void reconcileJobs(const TaskManagerId& id, const std::vector<JobId>& running);
  void watch(const TaskManagerId& id, TaskManager& taskManager, Duration after);
  /// Loses a TaskManager whose connection closed, after waiting a moment for what became of it.
  void loseUnreachable(const TaskManagerId& id, const std::string& reason, int checksLeft);
  /// What the kernel says of its process when that runs here: ": process 7 on host h is gone".
  [[nodiscard]] std::string fateOf(const TaskManager& taskManager) const;
  [[nodiscard]] bool isOnThisHost(const TaskManager& taskManager) const {
    return taskManager.self.host == process_.host;
  }
  void lose(const TaskManagerId& id, const protocol::FailureInfo& failure);
  [[nodiscard]] protocol::FailureInfo lossOf(const TaskManager& taskManager,
                                             std::string_view exceptionName, std::string_view what,
                                             const std::string& reason = {}) const;
  void sendRelease(const TaskManagerId& id, const protocol::ReleaseJobRequest& request, Done done);
  [[nodiscard]] std::optional<PeerId> peerOf(const TaskManagerId& id) const;
  [[nodiscard]] static Status unknown(const TaskManagerId& id);
  [[nodiscard]] protocol::TaskManagerView viewOf(const TaskManager& taskManager) const;

  const JobManagerSettings& settings_;
  const JobManagerProcess& process_;
  EventLoop& loop_;
  const Clock& clock_;
  control::RpcEndpoint& rpc_;
  FileSystem& files_;
  Publish publish_;
  SlotManager slots_;
  ResourceListener* listener_ = nullptr;
  std::map<TaskManagerId, TaskManager> taskManagers_;
  std::map<PeerId, TaskManagerId> byPeer_;
  const std::shared_ptr<const int> alive_ =
      std::make_shared<const int>(0);  // answers may come after us
};

}  // namespace flink::jobmanager
