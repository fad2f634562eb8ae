#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/check.h"
#include "core/base/error_codes.h"
#include "dataflow/checkpoint/coordinator.h"

namespace flink::checkpoint {
namespace {

/// How many aborted checkpoints are remembered for acknowledgements that come late.
constexpr std::size_t kRecentlyAborted = 16;

Status failure(CheckpointId id, CheckpointFailureReason reason, const Status& why) {
  Status status(ErrorCode::kCheckpointFailed,
                fmt::format("checkpoint failed: {}: checkpoint={}", reasonText(reason), id));
  return why.isOk() ? status : std::move(status).causedBy(why);
}

}  // namespace

std::vector<ExecutionAttemptId> CheckpointCoordinator::liveParticipants(
    const PendingCheckpoint& checkpoint) const {
  std::vector<ExecutionAttemptId> tasks;
  for (const auto& [position, participant] : checkpoint.participants) {
    const TaskStatus& status = tasks_[position.vertex][static_cast<std::size_t>(position.subtask)];
    if (status.phase == TaskPhase::kRunning && status.attempt == participant.attempt)
      tasks.push_back(attemptAt(position, participant.attempt));
  }
  return tasks;
}

// --- failing ---

void CheckpointCoordinator::abort(Pending::iterator it, CheckpointFailureReason reason,
                                  const Status& why, const std::optional<ExecutionAttemptId>& task,
                                  const Instant& now, Commands& out) {
  FLINK_CHECK(it->second.state != PendingCheckpoint::State::kStoring,
              "only its outcome ends a checkpoint that is being stored");
  const PendingCheckpoint checkpoint = std::move(it->second);
  pending_.erase(it);
  if (triggering_ == checkpoint.id) triggering_.reset();
  std::erase(acknowledged_, checkpoint.id);
  const Status status = failure(checkpoint.id, reason, why);
  history_.failed(checkpoint.id, status.toString(), now.wallMs);
  if (checkpoint.state != PendingCheckpoint::State::kPreparing) {
    out.emplace_back(command::NotifyAborted{checkpoint.id, liveParticipants(checkpoint)});
    recentlyAborted_.emplace_back(checkpoint.id, checkpoint.location.directory);
    if (recentlyAborted_.size() > kRecentlyAborted) recentlyAborted_.pop_front();
    sharedFiles_.release(checkpoint.id);
    out.emplace_back(command::Discard{{checkpoint.location.directory}, sharedFiles_.takeUnused()});
  }
  if (checkpoint.request.request.has_value())
    out.emplace_back(command::AnswerRequest{*checkpoint.request.request, status, 0, ""});
  judgeFailure(checkpoint, reason, status, task, out);
  if (isSynchronous(checkpoint.request.kind)) {
    stopping_ = false;
    schedulePeriodic(now, settings_.intervalMs);
  }
  executeQueued(now, out);
}

void CheckpointCoordinator::judgeFailure(const PendingCheckpoint& checkpoint,
                                         CheckpointFailureReason reason, const Status& why,
                                         const std::optional<ExecutionAttemptId>& task,
                                         Commands& out) {
  const SnapshotKind kind = checkpoint.request.kind;
  const bool byTask = task.has_value() && !isPreFlight(reason);
  // A failed task fails the job by itself, as far as it is to fail.
  const bool taskIsGone = reason == CheckpointFailureReason::kTaskFailure ||
                          reason == CheckpointFailureReason::kCheckpointDeclinedTaskClosing;
  if (byTask && isSynchronous(kind) && !taskIsGone) {
    // Some tasks may have stopped at its barrier already; only a restart lets them go on.
    out.emplace_back(command::FailJob{why, task});
    return;
  }
  if (!byTask && isSavepoint(kind)) return;
  if (!failures_.onFailure(reason, checkpoint.id)) return;
  Status exceeded(ErrorCode::kCheckpointFailuresExceeded,
                  fmt::format("too many checkpoints failed in a row: tolerable={}",
                              settings_.tolerableFailures));
  out.emplace_back(
      command::FailJob{std::move(exceeded).causedBy(why), byTask ? task : std::nullopt});
}

void CheckpointCoordinator::discardLate(CheckpointId id, const TaskSnapshot& snapshot,
                                        Commands& out) {
  const auto aborted = std::find_if(recentlyAborted_.begin(), recentlyAborted_.end(),
                                    [&](const auto& entry) { return entry.first == id; });
  // An answer to a completed or unknown checkpoint (repeated, or meant for an earlier JobManager)
  // proves nothing about its files.
  if (aborted == recentlyAborted_.end()) return;
  command::Discard discard{{aborted->second}, {}};
  for (const StateFile& file : snapshot.files) {
    if (file.scope == FileScope::kShared && !file.path.empty() && !sharedFiles_.isUsed(file.id))
      discard.files.push_back(file.path);
  }
  out.emplace_back(std::move(discard));
}

Status CheckpointCoordinator::checkSnapshot(const TaskPosition& task,
                                            const TaskSnapshot& snapshot) const {
  FLINK_RETURN_IF_ERROR(checkConsistency(snapshot));
  const CheckpointTopology::Vertex& vertex = topology_.vertices[task.vertex];
  for (const OperatorSnapshot& part : snapshot.operators) {
    const bool known =
        std::any_of(vertex.operators.begin(), vertex.operators.end(),
                    [&](const CheckpointTopology::Operator& op) { return op.id == part.id; });
    if (!known) {
      return {ErrorCode::kInvalidArgument,
              fmt::format("acknowledgement names an operator of another task: operator={} task={}",
                          part.id.toHex(), vertex.name)};
    }
  }
  return Status::ok();
}

Status CheckpointCoordinator::checkPartlyFinished(const PendingCheckpoint& checkpoint) const {
  std::map<std::size_t, std::int32_t> numFinished;
  for (const TaskPosition& task : checkpoint.plan.finished) ++numFinished[task.vertex];
  for (const auto& [task, participant] : checkpoint.participants)
    numFinished[task.vertex] += participant.snapshot->finished ? 1 : 0;
  for (const auto& [task, participant] : checkpoint.participants) {
    const CheckpointTopology::Vertex& vertex = topology_.vertices[task.vertex];
    if (numFinished[task.vertex] == 0 || numFinished[task.vertex] == vertex.parallelism) continue;
    for (const OperatorSnapshot& part : participant.snapshot->operators) {
      const auto isUnion = [](const BlockRef& block) {
        return block.kind == state::BlockKind::kOperatorUnion;
      };
      if (std::none_of(part.blocks.begin(), part.blocks.end(), isUnion)) continue;
      return {ErrorCode::kUnsupported,
              fmt::format("some subtasks with union list state have finished and others have not, "
                          "so the state would not be whole: task={}",
                          vertex.name)};
    }
  }
  return Status::ok();
}

// --- completing ---

void CheckpointCoordinator::makeMetadata(PendingCheckpoint& checkpoint) {
  MetadataBuilder builder({job_.id,
                           job_.name,
                           checkpoint.id,
                           job_.epoch,
                           checkpoint.request.kind,
                           checkpoint.timestampMs,
                           {},
                           {}});
  for (const CheckpointTopology::Vertex& vertex : topology_.vertices) {
    for (const CheckpointTopology::Operator& op : vertex.operators) {
      builder.addOperator({op.id,
                           op.name,
                           op.uid,
                           static_cast<std::uint32_t>(vertex.parallelism),
                           static_cast<std::uint32_t>(vertex.maxParallelism),
                           {},
                           {}});
    }
  }
  const auto addFinished = [&](const TaskPosition& task) {
    for (const CheckpointTopology::Operator& op : topology_.vertices[task.vertex].operators)
      builder.addFinished(op.id, static_cast<std::uint32_t>(task.subtask));
  };
  for (const TaskPosition& task : checkpoint.plan.finished) addFinished(task);
  checkpoint.oldestBase = checkpoint.id;
  for (auto& [task, participant] : checkpoint.participants) {
    const TaskSnapshot& snapshot = *participant.snapshot;
    builder.addSubtask(static_cast<std::uint32_t>(task.subtask), snapshot);
    if (snapshot.finished) addFinished(task);
    checkpoint.oldestBase = std::min(checkpoint.oldestBase, snapshot.confirmed);
  }
  checkpoint.metadata = std::make_shared<const CheckpointMetadata>(std::move(builder).build());
}

void CheckpointCoordinator::storeNext(Commands& out) {
  if (storing_.has_value() || acknowledged_.empty()) return;
  storing_ = acknowledged_.front();
  acknowledged_.pop_front();
  PendingCheckpoint& checkpoint = pending_.at(*storing_);
  checkpoint.state = PendingCheckpoint::State::kStoring;
  makeMetadata(checkpoint);
  for (auto& [task, participant] : checkpoint.participants) participant.snapshot->operators.clear();
  out.emplace_back(command::StoreCheckpoint{checkpoint.location, checkpoint.metadata});
}

Commands CheckpointCoordinator::stored(CheckpointId id, StoreOutcome outcome, const Status& why,
                                       const Instant& now, std::uint64_t metadataBytes) {
  FLINK_CHECK(storing_ == id, "an outcome is of the checkpoint that is being stored");
  Commands out;
  storing_.reset();
  const auto it = pending_.find(id);
  PendingCheckpoint checkpoint = std::move(it->second);
  pending_.erase(it);
  if (outcome == StoreOutcome::kStored) {
    complete(std::move(checkpoint), metadataBytes, now, out);
  } else {
    failStoring(std::move(checkpoint), outcome, why, now, out);
  }
  storeNext(out);
  executeQueued(now, out);
  return out;
}

void CheckpointCoordinator::complete(PendingCheckpoint checkpoint, std::uint64_t metadataBytes,
                                     const Instant& now, Commands& out) {
  const CheckpointId id = checkpoint.id;
  const SnapshotKind kind = checkpoint.request.kind;
  failures_.onCompleted(id);
  history_.completed(id, checkpoint.location.directory, metadataBytes);
  lastCompletionMs_ = now.monotonicMs;
  command::Discard discard;
  if (!isSavepoint(kind) || isSynchronous(kind)) {
    retain(checkpoint, now, discard);
    subsumeOlder(id, now, out);
    out.emplace_back(
        command::NotifyComplete{id, checkpoint.timestampMs, liveParticipants(checkpoint)});
  }
  if (isSynchronous(kind)) stopped_ = true;
  if (checkpoint.request.request.has_value())
    out.emplace_back(command::AnswerRequest{*checkpoint.request.request, Status::ok(), id,
                                            checkpoint.location.directory});
  if (!discard.directories.empty() || !discard.files.empty()) out.emplace_back(std::move(discard));
}

void CheckpointCoordinator::retain(PendingCheckpoint& checkpoint, const Instant& now,
                                   command::Discard& discard) {
  sharedFiles_.completed(checkpoint.id);
  sharedFiles_.buildsOn(checkpoint.oldestBase);
  retained_.push_back({std::move(checkpoint.metadata), checkpoint.location.directory, now.wallMs});
  const std::vector<std::size_t> gone = subsumed(retained_, settings_.numRetained);
  for (auto it = gone.rbegin(); it != gone.rend(); ++it) {
    const CompletedCheckpoint& old = retained_[*it];
    if (!isSavepoint(old.metadata->kind) && old.owned) {
      sharedFiles_.release(old.metadata->id);
      history_.discarded(old.metadata->id);
      discard.directories.push_back(old.directory);
    }
    retained_.erase(retained_.begin() + static_cast<std::ptrdiff_t>(*it));
  }
  discard.files = sharedFiles_.takeUnused();
}

void CheckpointCoordinator::subsumeOlder(CheckpointId id, const Instant& now, Commands& out) {
  std::vector<CheckpointId> older;
  for (const auto& [other, checkpoint] : pending_) {
    if (other < id && !isSavepoint(checkpoint.request.kind)) older.push_back(other);
  }
  for (const CheckpointId other : older)
    abort(pending_.find(other), CheckpointFailureReason::kCheckpointSubsumed, {}, std::nullopt, now,
          out);
}

void CheckpointCoordinator::failStoring(PendingCheckpoint checkpoint, StoreOutcome outcome,
                                        const Status& why, const Instant& now, Commands& out) {
  constexpr auto kReason = CheckpointFailureReason::kFinalizeCheckpointFailure;
  const Status status = failure(checkpoint.id, kReason, why);
  history_.failed(checkpoint.id, status.toString(), now.wallMs);
  out.emplace_back(command::NotifyAborted{checkpoint.id, liveParticipants(checkpoint)});
  if (outcome == StoreOutcome::kFailed) {
    sharedFiles_.release(checkpoint.id);
    out.emplace_back(command::Discard{{checkpoint.location.directory}, sharedFiles_.takeUnused()});
  }
  if (checkpoint.request.request.has_value())
    out.emplace_back(command::AnswerRequest{*checkpoint.request.request, status, 0, ""});
  judgeFailure(checkpoint, kReason, status, std::nullopt, out);
  if (isSynchronous(checkpoint.request.kind)) {
    stopping_ = false;
    schedulePeriodic(now, settings_.intervalMs);
  }
}

}  // namespace flink::checkpoint
