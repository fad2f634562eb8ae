#include "dataflow/checkpoint/coordinator.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/check.h"
#include "core/base/error_codes.h"

namespace flink::checkpoint {
namespace {

Status failure(CheckpointFailureReason reason, const Status& why) {
  Status status(ErrorCode::kCheckpointFailed,
                fmt::format("checkpoint failed: {}", reasonText(reason)));
  return why.isOk() ? status : std::move(status).causedBy(why);
}

}  // namespace

CheckpointCoordinator::CheckpointCoordinator(CheckpointedJob job, CheckpointSettings settings,
                                             CheckpointTopology topology, CheckpointId nextId,
                                             std::vector<CompletedCheckpoint> retained,
                                             std::size_t historyLimit)
    : job_(std::move(job)),
      settings_(std::move(settings)),
      topology_(std::move(topology)),
      nextId_(nextId),
      retained_(std::move(retained)),
      history_(historyLimit),
      failures_(settings_.tolerableFailures) {
  for (std::size_t v = 0; v < topology_.vertices.size(); ++v) {
    vertexById_.emplace(topology_.vertices[v].id, v);
    tasks_.emplace_back(static_cast<std::size_t>(topology_.vertices[v].parallelism));
  }
  for (const CompletedCheckpoint& checkpoint : retained_) {
    const CheckpointMetadata& metadata = *checkpoint.metadata;
    FLINK_CHECK(metadata.id < nextId_, "checkpoint numbers only grow");
    sharedFiles_.use(metadata.id, metadata.files);
    sharedFiles_.completed(metadata.id);
  }
}

// --- the job ---

void CheckpointCoordinator::restoreFrom(CompletedCheckpoint checkpoint) {
  FLINK_CHECK(!running_, "a job is restored before it runs");
  checkpoint.owned = false;
  nextId_ = std::max(nextId_, checkpoint.metadata->id + 1);
  retained_.push_back(std::move(checkpoint));
}

Commands CheckpointCoordinator::start(const Instant& now, std::int64_t initialDelayMs) {
  running_ = true;
  stopping_ = stopped_ = false;
  schedulePeriodic(now, initialDelayMs);
  return {};
}

void CheckpointCoordinator::schedulePeriodic(const Instant& now, std::int64_t delayMs) {
  if (!settings_.periodic() || !running_ || stopping_) return;
  nextPeriodicMs_ = now.monotonicMs + delayMs;
}

Commands CheckpointCoordinator::stop(CheckpointFailureReason reason, const Instant& now) {
  Commands out;
  running_ = false;
  nextPeriodicMs_.reset();
  abortAll(reason, now, out);
  stopping_ = stopped_;
  return out;
}

Commands CheckpointCoordinator::abortPending(CheckpointFailureReason reason, const Instant& now) {
  Commands out;
  abortAll(reason, now, out);
  return out;
}

void CheckpointCoordinator::abortAll(CheckpointFailureReason reason, const Instant& now,
                                     Commands& out) {
  for (const TriggerRequest& queued : queue_.takeAll()) refuse(queued, reason, {}, out);
  std::vector<CheckpointId> ids;
  for (const auto& [id, checkpoint] : pending_) ids.push_back(id);
  for (const CheckpointId id : ids) {
    const auto it = pending_.find(id);
    if (it == pending_.end() || it->second.state == PendingCheckpoint::State::kStoring) continue;
    abort(it, reason, {}, std::nullopt, now, out);
  }
}

Commands CheckpointCoordinator::jobEnded(JobEnd end, const Instant& now) {
  FLINK_CHECK(!storeInFlight(), "a job ends after its last checkpoint was stored or not");
  Commands out = stop(CheckpointFailureReason::kCheckpointCoordinatorShutdown, now);
  if (!discardedAtEnd(settings_.retention, end)) return out;
  command::Discard discard;
  std::vector<CompletedCheckpoint> kept;
  for (CompletedCheckpoint& checkpoint : retained_) {
    if (isSavepoint(checkpoint.metadata->kind) || !checkpoint.owned) {
      kept.push_back(std::move(checkpoint));
      continue;
    }
    sharedFiles_.release(checkpoint.metadata->id);
    history_.discarded(checkpoint.metadata->id);
    discard.directories.push_back(checkpoint.directory);
  }
  retained_ = std::move(kept);
  sharedFiles_.buildsOnNothing();
  discard.files = sharedFiles_.takeUnused();
  if (!discard.directories.empty() || !discard.files.empty()) out.emplace_back(std::move(discard));
  return out;
}

std::optional<TaskPosition> CheckpointCoordinator::positionOf(
    const ExecutionAttemptId& task) const {
  const auto it = vertexById_.find(task.vertex);
  if (task.job != job_.id || it == vertexById_.end() || task.subtask < 0 ||
      task.subtask >= topology_.vertices[it->second].parallelism)
    return std::nullopt;
  return TaskPosition{it->second, task.subtask};
}

ExecutionAttemptId CheckpointCoordinator::attemptAt(const TaskPosition& task,
                                                    std::int32_t attempt) const {
  return {job_.id, topology_.vertices[task.vertex].id, task.subtask, attempt};
}

Commands CheckpointCoordinator::taskChanged(const ExecutionAttemptId& task, TaskPhase phase,
                                            const Instant& now) {
  Commands out;
  const std::optional<TaskPosition> position = positionOf(task);
  FLINK_CHECK(position.has_value(), "a task is one of the job's");
  TaskStatus& status = tasks_[position->vertex][static_cast<std::size_t>(position->subtask)];
  if (task.attempt < status.attempt) return out;  // a report that came late
  status = {phase, task.attempt};
  if (phase == TaskPhase::kRunning) return out;
  const CheckpointFailureReason reason =
      phase == TaskPhase::kFinished ? CheckpointFailureReason::kCheckpointDeclinedTaskClosing
                                    : CheckpointFailureReason::kTaskFailure;
  std::vector<CheckpointId> waiting;
  for (const auto& [id, checkpoint] : pending_) {
    const auto it = checkpoint.participants.find(*position);
    if (it != checkpoint.participants.end() && !it->second.snapshot.has_value())
      waiting.push_back(id);
  }
  for (const CheckpointId id : waiting) {
    if (const auto it = pending_.find(id); it != pending_.end())
      abort(it, reason, {}, task, now, out);
  }
  return out;
}

// --- time ---

std::optional<std::int64_t> CheckpointCoordinator::nextTickMs() const {
  std::optional<std::int64_t> next = nextPeriodicMs_;
  for (const auto& [id, checkpoint] : pending_) {
    if (checkpoint.state != PendingCheckpoint::State::kPreparing &&
        checkpoint.state != PendingCheckpoint::State::kWaiting)
      continue;
    next = std::min(next.value_or(checkpoint.deadlineMs), checkpoint.deadlineMs);
  }
  return next;
}

Commands CheckpointCoordinator::tick(const Instant& now) {
  Commands out;
  std::vector<CheckpointId> expired;
  for (const auto& [id, checkpoint] : pending_) {
    const bool inTasks = checkpoint.state == PendingCheckpoint::State::kPreparing ||
                         checkpoint.state == PendingCheckpoint::State::kWaiting;
    if (inTasks && checkpoint.deadlineMs <= now.monotonicMs) expired.push_back(id);
  }
  for (const CheckpointId id : expired) {
    if (const auto it = pending_.find(id); it != pending_.end())
      abort(it, CheckpointFailureReason::kCheckpointExpired, {}, std::nullopt, now, out);
  }
  if (nextPeriodicMs_.has_value() && *nextPeriodicMs_ <= now.monotonicMs) {
    // Moments that were missed are not made up for.
    const std::int64_t missed = (now.monotonicMs - *nextPeriodicMs_) / settings_.intervalMs;
    *nextPeriodicMs_ += (missed + 1) * settings_.intervalMs;
    TriggerRequest periodic;
    periodic.periodic = true;
    request(std::move(periodic), now, out);
  }
  return out;
}

// --- users ---

Commands CheckpointCoordinator::triggerCheckpoint(RequestId requestId, const Instant& now) {
  Commands out;
  TriggerRequest wanted;
  wanted.request = requestId;
  request(std::move(wanted), now, out);
  return out;
}

Commands CheckpointCoordinator::triggerSavepoint(RequestId requestId, SnapshotKind kind,
                                                 const std::string& target, const Instant& now) {
  Commands out;
  TriggerRequest wanted{requestId, kind, target.empty() ? settings_.savepointDirectory : target,
                        false};
  const auto answer = [&](Status why) {
    out.emplace_back(command::AnswerRequest{requestId, std::move(why), 0, ""});
  };
  if (wanted.target.empty()) {
    answer(
        Status(ErrorCode::kInvalidArgument,
               "no savepoint directory: name one, or set execution.checkpointing.savepoint-dir"));
    return out;
  }
  if (stopping_) {
    answer(Status(ErrorCode::kAlreadyExists, "the job is being stopped with a savepoint already"));
    return out;
  }
  if (isSynchronous(kind)) {
    // Nothing may come after its barrier, and no older checkpoint may complete behind its back.
    nextPeriodicMs_.reset();
    abortAll(CheckpointFailureReason::kCheckpointCoordinatorSuspend, now, out);
    stopping_ = true;
  }
  request(std::move(wanted), now, out);
  return out;
}

void CheckpointCoordinator::request(TriggerRequest wanted, const Instant& now, Commands& out) {
  const TriggerRequest copy = wanted;
  if (queue_.add(std::move(wanted))) {
    executeQueued(now, out);
  } else {
    refuse(copy, CheckpointFailureReason::kTooManyCheckpointRequests, {}, out);
  }
}

void CheckpointCoordinator::executeQueued(const Instant& now, Commands& out) {
  while (true) {
    RequestQueue::Choice choice = queue_.choose(
        {triggering_.has_value(), static_cast<std::int32_t>(pending_.size()),
         settings_.maxConcurrent, now.monotonicMs, settings_.minPauseMs, lastCompletionMs_});
    if (choice.reschedulePeriodicMs.has_value() && nextPeriodicMs_.has_value())
      nextPeriodicMs_ = choice.reschedulePeriodicMs;
    if (choice.start.has_value()) {
      startTriggering(std::move(*choice.start), now, out);
    } else if (!choice.reschedulePeriodicMs.has_value()) {
      return;
    }
  }
}

void CheckpointCoordinator::refuse(const TriggerRequest& request, CheckpointFailureReason reason,
                                   const Status& why, Commands& out) {
  if (!request.request.has_value()) return;
  out.emplace_back(command::AnswerRequest{*request.request, failure(reason, why), 0, ""});
}

void CheckpointCoordinator::startTriggering(TriggerRequest wanted, const Instant& now,
                                            Commands& out) {
  const auto reason = CheckpointFailureReason::kNotAllRequiredTasksRunning;
  const bool allowed = running_ && !stopped_ && (!wanted.periodic || nextPeriodicMs_.has_value());
  Result<CheckpointPlan> plan =
      allowed ? planCheckpoint(topology_, tasks_, settings_.afterTasksFinish)
              : Result<CheckpointPlan>(ErrorCode::kCheckpointFailed, "the job is not running");
  if (!plan.isOk()) {
    history_.failedBeforeStart();
    refuse(wanted, reason, plan.status(), out);
    if (isSynchronous(wanted.kind)) {
      stopping_ = false;
      schedulePeriodic(now, settings_.intervalMs);
    }
    return;
  }
  PendingCheckpoint checkpoint;
  checkpoint.id = nextId_++;
  checkpoint.request = std::move(wanted);
  checkpoint.plan = std::move(plan).value();
  checkpoint.timestampMs = now.wallMs;
  checkpoint.deadlineMs = now.monotonicMs + settings_.timeoutMs;
  for (const TaskPosition& task : checkpoint.plan.toWaitFor) {
    const TaskStatus& status = tasks_[task.vertex][static_cast<std::size_t>(task.subtask)];
    checkpoint.participants[task].attempt = status.attempt;
  }
  history_.started(checkpoint.id, checkpoint.request.kind, now.wallMs, topology_, checkpoint.plan);
  triggering_ = checkpoint.id;
  out.emplace_back(
      command::PrepareLocation{checkpoint.id, checkpoint.request.kind, checkpoint.request.target});
  const CheckpointId id = checkpoint.id;
  pending_.emplace(id, std::move(checkpoint));
}

// --- answers ---

Commands CheckpointCoordinator::locationPrepared(CheckpointId id,
                                                 Result<CheckpointLocation> location,
                                                 const Instant& now) {
  Commands out;
  const auto it = pending_.find(id);
  if (it == pending_.end()) {  // aborted meanwhile
    if (location.isOk()) {
      recentlyAborted_.emplace_back(id, location->directory);
      out.emplace_back(command::Discard{{location->directory}, {}});
    }
    return out;
  }
  PendingCheckpoint& checkpoint = it->second;
  FLINK_CHECK(checkpoint.state == PendingCheckpoint::State::kPreparing,
              "a location is prepared once");
  triggering_.reset();
  if (!location.isOk()) {
    abort(it, CheckpointFailureReason::kIoException, location.status(), std::nullopt, now, out);
    return out;
  }
  checkpoint.location = std::move(location).value();
  checkpoint.state = PendingCheckpoint::State::kWaiting;
  command::TriggerTasks trigger{
      id, checkpoint.request.kind, checkpoint.timestampMs, checkpoint.location, {}};
  for (const TaskPosition& task : checkpoint.plan.toTrigger)
    trigger.tasks.push_back(attemptAt(task, checkpoint.participants.at(task).attempt));
  out.emplace_back(std::move(trigger));
  executeQueued(now, out);
  return out;
}

Commands CheckpointCoordinator::acknowledge(const ExecutionAttemptId& task, CheckpointId id,
                                            TaskSnapshot snapshot, const SubtaskMetrics& metrics,
                                            const Instant& now) {
  Commands out;
  const std::optional<TaskPosition> position = positionOf(task);
  if (!position.has_value()) return out;
  const auto it = pending_.find(id);
  if (it == pending_.end()) {
    history_.acknowledged(id, *position, metrics, now.wallMs);
    discardLate(id, snapshot, out);
    return out;
  }
  PendingCheckpoint& checkpoint = it->second;
  const auto participant = checkpoint.participants.find(*position);
  // An attempt that is not waited for, or an acknowledgement that was repeated. What an old
  // attempt stored in the checkpoint's folder goes with it; the sweep finds the rest.
  if (participant == checkpoint.participants.end() || participant->second.attempt != task.attempt ||
      checkpoint.state != PendingCheckpoint::State::kWaiting ||
      participant->second.snapshot.has_value())
    return out;
  history_.acknowledged(id, *position, metrics, now.wallMs);
  if (const Status wrong = checkSnapshot(*position, snapshot); !wrong.isOk()) {
    abort(it, CheckpointFailureReason::kCheckpointAsyncException, wrong, task, now, out);
    return out;
  }
  if (!isSavepoint(checkpoint.request.kind)) sharedFiles_.use(id, snapshot.files);
  participant->second.snapshot = std::move(snapshot);
  ++checkpoint.numAcknowledged;
  if (!checkpoint.fullyAcknowledged()) return out;
  if (const Status wrong = checkPartlyFinished(checkpoint); !wrong.isOk()) {
    abort(it, CheckpointFailureReason::kCheckpointDeclinedTaskClosing, wrong, std::nullopt, now,
          out);
    return out;
  }
  checkpoint.state = PendingCheckpoint::State::kAcknowledged;
  acknowledged_.push_back(id);
  storeNext(out);
  return out;
}

Commands CheckpointCoordinator::decline(const ExecutionAttemptId& task, CheckpointId id,
                                        CheckpointFailureReason reason, const Status& why,
                                        const Instant& now) {
  Commands out;
  const std::optional<TaskPosition> position = positionOf(task);
  const auto it = pending_.find(id);
  if (!position.has_value() || it == pending_.end()) return out;
  const auto participant = it->second.participants.find(*position);
  if (participant == it->second.participants.end() || participant->second.attempt != task.attempt ||
      it->second.state == PendingCheckpoint::State::kStoring)
    return out;
  abort(it, reason, why, task, now, out);
  return out;
}

}  // namespace flink::checkpoint
