#include <utility>

#include <fmt/format.h>

#include "cluster/jobmanager/failures.h"
#include "cluster/jobmanager/job_master.h"
#include "core/base/error_codes.h"
#include "dataflow/checkpoint/storage.h"

/// What a job has to do with its checkpoints: start from one, take them, restart from the latest.
namespace flink::jobmanager {
namespace {

using protocol::JobStatus;

}  // namespace

JobCheckpoints::Callbacks JobMaster::checkpointCallbacks() {
  JobCheckpoints::Callbacks callbacks;
  callbacks.onFailure = [this](TaskFailure failure) { onFailure(std::move(failure)); };
  callbacks.onAnswer = [this](const auto& answer) { onSnapshot_(answer); };
  callbacks.onStored = [this] {
    if (concludes_) return conclude();
    state().onTasksEnded(*this);
  };
  return callbacks;
}

void JobMaster::loadRestorePoint() {
  if (!checkpoints_) {
    return failUnrecoverably({ErrorCode::kUnsupported,
                              "a batch job starts from its inputs, not from a savepoint: path=" +
                                  settings_.restorePath});
  }
  services_.runBlocking([this, &files = services_.files, &loop = services_.loop,
                         path = settings_.restorePath,
                         alive = std::weak_ptr<const int>(alive_)]() mutable {
    auto metadata = std::make_shared<Result<checkpoint::CheckpointMetadata>>(
        checkpoint::loadMetadata(files, path));
    loop.post([this, metadata, alive = std::move(alive)] {
      if (!alive.expired()) onRestorePoint(std::move(*metadata));
    });
  });
}

void JobMaster::onRestorePoint(Result<checkpoint::CheckpointMetadata> metadata) {
  if (status_ != JobStatus::kInitializing) return;  // cancelled meanwhile
  if (!metadata) return failUnrecoverably(metadata.status());
  checkpoints_->startFrom(
      std::make_shared<const checkpoint::CheckpointMetadata>(std::move(*metadata)),
      settings_.restorePath);
  if (const Status status = setRestores(); !status.isOk()) return failUnrecoverably(status);
  state().enter(*this);
}

Status JobMaster::setRestores() {
  if (!checkpoints_) return Status::ok();
  FLINK_ASSIGN_OR_RETURN(auto restores, checkpoints_->restores(settings_.allowNonRestoredState));
  for (auto& [task, restore] : restores) execution_.setRestore(task, std::move(restore));
  return Status::ok();
}

void JobMaster::failUnrecoverably(const Status& reason) {
  TaskFailure failure;
  failure.entry.failure = makeFailure(
      status_ == JobStatus::kInitializing ? kJobInitializationException : kFlinkRuntimeException,
      reason, services_.clock.wallMs());
  log(failure);
  failures_.addRoot(failure.entry);
  failures_.suppressed(restarts_.strategy());
  moveTo(status_ == JobStatus::kInitializing ? JobStatus::kFailed : JobStatus::kFailing);
}

Status JobMaster::triggerSnapshot(checkpoint::RequestId request, checkpoint::SnapshotKind kind,
                                  const std::string& target) {
  if (!checkpoints_) {
    return {ErrorCode::kUnsupported,
            fmt::format("a batch job has no checkpoints and savepoints: job={}", id_.toHex())};
  }
  if (status_ != JobStatus::kRunning) {
    return {ErrorCode::kCheckpointFailed, fmt::format("the job is not running: job={} status={}",
                                                      id_.toHex(), protocol::toString(status_))};
  }
  checkpoints_->trigger(request, kind, target);
  return Status::ok();
}

Status JobMaster::runsThere(const TaskManagerId& sender, const ExecutionAttemptId& attempt) const {
  const auto task = execution_.graph().find(attempt);
  const bool there = task && execution_.graph().execution(*task).slot &&
                     execution_.graph().execution(*task).slot->location.taskManager == sender;
  if (there && checkpoints_) return Status::ok();
  return {ErrorCode::kTaskNotFound,
          fmt::format("no such task runs there: attempt={} taskManager={}", attempt.toString(),
                      sender.text())};
}

Status JobMaster::onAcknowledge(const TaskManagerId& sender,
                                const protocol::AcknowledgeCheckpointRequest& answer) {
  FLINK_RETURN_IF_ERROR(runsThere(sender, answer.attempt));
  checkpoints_->acknowledge(answer);
  return Status::ok();
}

Status JobMaster::onDecline(const TaskManagerId& sender,
                            const protocol::DeclineCheckpointRequest& answer) {
  FLINK_RETURN_IF_ERROR(runsThere(sender, answer.attempt));
  checkpoints_->decline(answer);
  return Status::ok();
}

}  // namespace flink::jobmanager
