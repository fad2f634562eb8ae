#include "cluster/jobmanager/job_checkpoints.h"

#include <utility>

#include <fmt/format.h>

#include "cluster/jobmanager/failures.h"
#include "cluster/scheduler/checkpoint_topology.h"
#include "core/base/check.h"
#include "core/base/error_codes.h"
#include "core/base/log.h"

namespace flink::jobmanager {
namespace {

Logger kLog{"flink.jobmanager.checkpoints"};

namespace command = checkpoint::command;
using checkpoint::CheckpointFailureReason;
using checkpoint::CheckpointId;
using checkpoint::CheckpointLocation;
using checkpoint::StorageKind;
using checkpoint::StoreOutcome;

}  // namespace

JobCheckpoints::JobCheckpoints(const scheduler::ExecutionGraph& graph,
                               const checkpoint::CheckpointSettings& settings,
                               const JobServices& services, metrics::MetricGroup& jobGroup,
                               Callbacks callbacks)
    : graph_(graph),
      services_(services),
      job_(graph.topology().graph().id),
      callbacks_(std::move(callbacks)),
      storage_(std::make_shared<checkpoint::CheckpointStorage>(services.files, settings.directory,
                                                               job_, settings.createSubdirectory)),
      coordinator_({job_, graph.topology().graph().name, services.epoch}, settings,
                   scheduler::checkpointTopologyOf(graph.topology()), 1, {},
                   services.settings.checkpointHistorySize),
      probe_(jobGroup) {
  probe_.initializing(services_.clock.wallMs());
}

JobCheckpoints::~JobCheckpoints() {
  services_.loop.cancel(timer_);
}

checkpoint::Instant JobCheckpoints::now() const {
  const auto monotonic = services_.clock.now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(monotonic).count(),
          services_.clock.wallMs()};
}

template <class Work, class Then>
void JobCheckpoints::onDisk(Work work, Then then) {
  services_.runBlocking([work = std::move(work), then = std::move(then), loop = &services_.loop,
                         alive = std::weak_ptr<const int>(alive_)]() mutable {
    auto result = std::make_shared<decltype(work())>(work());
    loop->post([result, then = std::move(then), alive = std::move(alive)]() mutable {
      if (!alive.expired()) then(std::move(*result));
    });
  });
}

// --- what happens
// -------------------------------------------------------------------------------------------------

void JobCheckpoints::startFrom(std::shared_ptr<const checkpoint::CheckpointMetadata> metadata,
                               const std::string& path) {
  coordinator_.restoreFrom({std::move(metadata), path, services_.clock.wallMs(), false});
}

void JobCheckpoints::start() {
  run(coordinator_.start(now(),
                         checkpoint::initialDelayMs(coordinator_.settings(), services_.rng)));
}

void JobCheckpoints::stop(CheckpointFailureReason reason) {
  run(coordinator_.stop(reason, now()));
}

void JobCheckpoints::jobEnded(checkpoint::JobEnd end) {
  run(coordinator_.jobEnded(end, now()));
}

void JobCheckpoints::onTaskMoved(scheduler::TaskIndex task) {
  const auto& execution = graph_.execution(task);
  run(coordinator_.taskChanged(execution.id, scheduler::taskPhaseOf(execution.state), now()));
}

void JobCheckpoints::acknowledge(const protocol::AcknowledgeCheckpointRequest& answer) {
  auto snapshot = checkpoint::decodeTaskSnapshot(asBytes(answer.snapshot));
  if (!snapshot) {
    return run(coordinator_.decline(answer.attempt, answer.checkpoint,
                                    CheckpointFailureReason::kCheckpointAsyncException,
                                    snapshot.status(), now()));
  }
  const auto unsignedOf = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
  checkpoint::SubtaskMetrics metrics;
  metrics.syncDurationMs = answer.syncDurationMs;
  metrics.asyncDurationMs = answer.asyncDurationMs;
  metrics.alignmentDurationMs = answer.alignmentDurationMs;
  metrics.startDelayMs = answer.startDelayMs;
  metrics.checkpointedBytes = unsignedOf(answer.checkpointedBytes);
  metrics.stateBytes = unsignedOf(answer.stateBytes);
  metrics.processedBytes = unsignedOf(answer.processedBytes);
  metrics.persistedBytes = unsignedOf(answer.persistedBytes);
  metrics.unaligned = answer.unaligned;
  if (answer.checkpoint > firstAcknowledged_) {
    firstAcknowledged_ = answer.checkpoint;
    publish("checkpoint.answered", answer.checkpoint);
  }
  run(coordinator_.acknowledge(answer.attempt, answer.checkpoint, std::move(*snapshot), metrics,
                               now()));
}

void JobCheckpoints::decline(const protocol::DeclineCheckpointRequest& answer) {
  const auto code = errorCodeById(answer.why.errorId).value_or(ErrorCode::kCheckpointFailed);
  run(coordinator_.decline(answer.attempt, answer.checkpoint,
                           static_cast<CheckpointFailureReason>(answer.reason),
                           {code, answer.why.message}, now()));
}

void JobCheckpoints::trigger(checkpoint::RequestId request, checkpoint::SnapshotKind kind,
                             const std::string& target) {
  run(checkpoint::isSavepoint(kind) ? coordinator_.triggerSavepoint(request, kind, target, now())
                                    : coordinator_.triggerCheckpoint(request, now()));
}

Result<std::vector<std::pair<scheduler::TaskIndex, std::string>>> JobCheckpoints::restores(
    bool allowNonRestoredState) {
  probe_.initializing(services_.clock.wallMs());
  std::vector<std::pair<scheduler::TaskIndex, std::string>> result;
  if (coordinator_.retained().empty()) return result;
  const auto& latest = coordinator_.retained().back();
  const auto& topology = graph_.topology();
  FLINK_ASSIGN_OR_RETURN(
      const auto plan,
      checkpoint::planRecovery(*latest.metadata, scheduler::recoveryVerticesOf(topology),
                               allowNonRestoredState));
  FLINK_INFO(kLog, "restoring job {} from checkpoint {} in {}", job_.toHex(), latest.metadata->id,
             latest.directory);
  coordinator_.history().restored(
      {latest.metadata->id, latest.metadata->kind, services_.clock.wallMs(), latest.directory, 0});
  for (const auto& vertex : plan.vertices) {
    const auto index = topology.find(vertex.id);
    FLINK_CHECK(index.has_value(), "the plan was made for this job");
    if (vertex.maxParallelism !=
        static_cast<std::uint32_t>(topology.vertex(*index).maxParallelism)) {
      return Status(
          ErrorCode::kStateNotRestorable,
          fmt::format("maximum parallelism of the state differs: operator=\"{}\" job={} "
                      "state={}; set it by setMaxParallelism({})",
                      topology.vertex(*index).name, topology.vertex(*index).maxParallelism,
                      vertex.maxParallelism, vertex.maxParallelism));
    }
    for (std::size_t s = 0; s < vertex.subtasks.size(); ++s) {
      auto part = vertex.subtasks[s];
      // What is not ours may go away: nothing of ours builds on it.
      part.unchangedParallelism &= latest.owned;
      result.emplace_back(topology.task(*index, static_cast<std::int32_t>(s)),
                          checkpoint::encodeTaskRestore(part));
    }
  }
  return result;
}

// --- commands
// -----------------------------------------------------------------------------------------------------

void JobCheckpoints::run(Commands commands) {
  for (auto& next : commands) {
    std::visit([this](auto& what) { execute(std::move(what)); }, next);
  }
  probe_.show(coordinator_.history());
  scheduleTick();
}

void JobCheckpoints::scheduleTick() {
  const auto next = coordinator_.nextTickMs();
  if (next == timerAtMs_) return;
  services_.loop.cancel(timer_);
  timer_ = EventLoop::TimerId::kNone;
  timerAtMs_ = next;
  if (!next) return;
  const auto delay = std::max<std::int64_t>(0, *next - now().monotonicMs);
  timer_ = services_.loop.schedule(std::chrono::milliseconds(delay), [this] {
    timer_ = EventLoop::TimerId::kNone;
    timerAtMs_.reset();
    run(coordinator_.tick(now()));
  });
}

void JobCheckpoints::execute(command::PrepareLocation what) {
  const bool savepoint = checkpoint::isSavepoint(what.kind);
  if (!savepoint && coordinator_.settings().directory.empty()) {
    // Storage `jobmanager`: everything travels with the metadata, which stays in memory.
    return services_.loop.post([this, id = what.id, alive = std::weak_ptr<const int>(alive_)] {
      if (alive.expired()) return;
      run(coordinator_.locationPrepared(id, CheckpointLocation{{}, {}, false}, now()));
    });
  }
  const bool inFiles = savepoint || coordinator_.settings().storage == StorageKind::kFileSystem;
  onDisk(
      [storage = storage_, what, savepoint, inFiles,
       seed = services_.rng.next()]() -> Result<CheckpointLocation> {
        if (savepoint) {
          const auto rng = makeSeededRng(seed);
          return storage->prepareSavepoint(what.target, *rng);
        }
        FLINK_RETURN_IF_ERROR(storage->initialize());
        auto location = storage->prepareCheckpoint(what.id);
        if (location) location->filesAllowed = inFiles;
        return location;
      },
      [this, id = what.id](Result<CheckpointLocation> location) {
        run(coordinator_.locationPrepared(id, std::move(location), now()));
      });
}

std::map<TaskManagerId, std::vector<ExecutionAttemptId>> JobCheckpoints::byTaskManager(
    const std::vector<ExecutionAttemptId>& tasks) const {
  std::map<TaskManagerId, std::vector<ExecutionAttemptId>> result;
  for (const auto& attempt : tasks) {
    const auto task = graph_.find(attempt);
    if (task && graph_.execution(*task).slot)
      result[graph_.execution(*task).slot->location.taskManager].push_back(attempt);
  }
  return result;
}

void JobCheckpoints::publish(std::string kind, CheckpointId id) {
  services_.publish(std::move(kind), {{"job", job_.toHex()}, {"checkpoint", fmt::to_string(id)}});
}

void JobCheckpoints::execute(command::TriggerTasks what) {
  publish("checkpoint.triggered", what.id);
  for (auto& [taskManager, attempts] : byTaskManager(what.tasks)) {
    protocol::TriggerCheckpointRequest request;
    request.job = job_;
    request.attempts = attempts;
    request.checkpoint = what.id;
    request.kind = static_cast<std::int32_t>(what.kind);
    request.timestampMs = what.timestampMs;
    request.directory = what.location.directory;
    request.sharedDirectory = what.location.sharedDirectory;
    request.filesAllowed = what.location.filesAllowed;
    services_.resources.call<protocol::TriggerCheckpointRequest>(
        taskManager, request,
        [this, alive = std::weak_ptr<const int>(alive_), id = what.id, attempts](auto answer) {
          if (answer.isOk() || alive.expired()) return;
          services_.loop.post([this, alive, id, attempts, status = answer.status()] {
            if (!alive.expired()) onTriggerFailed(id, attempts, status);
          });
        });
  }
}

void JobCheckpoints::onTriggerFailed(CheckpointId id, const std::vector<ExecutionAttemptId>& tasks,
                                     const Status& why) {
  for (const auto& task : tasks) {
    run(coordinator_.decline(task, id, CheckpointFailureReason::kTriggerCheckpointFailure, why,
                             now()));
  }
}

void JobCheckpoints::notify(CheckpointId id, bool completed,
                            const std::vector<ExecutionAttemptId>& tasks) {
  for (auto& [taskManager, attempts] : byTaskManager(tasks)) {
    // A task that does not hear of it learns by the next checkpoint, or ends with its worker.
    services_.resources.call<protocol::NotifyCheckpointRequest>(
        taskManager, {job_, std::move(attempts), id, completed}, [](const auto&) {});
  }
}

void JobCheckpoints::execute(command::NotifyAborted what) {
  publish("checkpoint.aborted", what.id);
  notify(what.id, false, what.tasks);
}

void JobCheckpoints::execute(command::NotifyComplete what) {
  publish("checkpoint.completed", what.id);
  notify(what.id, true, what.tasks);
}

void JobCheckpoints::execute(command::StoreCheckpoint what) {
  const CheckpointId id = what.metadata->id;
  publish("checkpoint.acknowledged", id);
  const auto stored = [this, id](const Result<std::uint64_t>& metadataBytes) {
    const Status status = metadataBytes.isOk() ? Status::ok() : metadataBytes.status();
    if (!status.isOk()) {
      FLINK_WARN(kLog, "checkpoint could not be stored: job={} checkpoint={} error=\"{}\"",
                 job_.toHex(), id, status.toString());
    }
    run(coordinator_.stored(id, status.isOk() ? StoreOutcome::kStored : StoreOutcome::kFailed,
                            status, now(), metadataBytes.isOk() ? *metadataBytes : 0));
    callbacks_.onStored();
  };
  if (what.location.directory.empty()) {
    return services_.loop.post([stored, alive = std::weak_ptr<const int>(alive_)] {
      if (!alive.expired()) stored(std::uint64_t{0});
    });
  }
  onDisk(
      [storage = storage_, what = std::move(what)]() -> Result<std::uint64_t> {
        FLINK_ASSIGN_OR_RETURN(const auto pointer, storage->store(what.location, *what.metadata));
        return pointer.metadataSize;
      },
      stored);
}

void JobCheckpoints::execute(command::Discard what) {
  if (what.directories.empty() && what.files.empty()) return;
  services_.runBlocking([storage = storage_, what = std::move(what), job = job_] {
    const auto warn = [&job](const Status& status) {
      if (status.isOk()) return;
      FLINK_WARN(kLog, "files of a checkpoint are left behind: job={} error=\"{}\"", job.toHex(),
                 status.toString());
    };
    for (const auto& directory : what.directories) {
      if (!directory.empty()) warn(storage->discardDirectory(directory));
    }
    warn(storage->discardFiles(what.files));
  });
}

void JobCheckpoints::execute(command::AnswerRequest what) {
  callbacks_.onAnswer(what);
}

void JobCheckpoints::execute(command::FailJob what) {
  TaskFailure failure;
  failure.entry.failure =
      makeFailure(kFlinkRuntimeException, what.reason, services_.clock.wallMs());
  if (what.task) {
    if (const auto task = graph_.find(*what.task)) {
      failure.tasks.push_back(*task);
      failure.entry.taskName = graph_.taskName(*task);
    }
  }
  // Posted: the job may be in the middle of a move.
  services_.loop.post(
      [this, alive = std::weak_ptr<const int>(alive_), failure = std::move(failure)] {
        if (!alive.expired()) callbacks_.onFailure(failure);
      });
}

}  // namespace flink::jobmanager
