// Subtask's part in checkpoints.
#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "dataflow/checkpoint/snapshot.h"
#include "dataflow/state/snapshot.h"
#include "dataflow/task/barrier_codec.h"
#include "dataflow/task/subtask.h"

namespace flink::task {

using checkpoint::CheckpointFailureReason;

namespace {

constexpr std::size_t kAllEntries = std::numeric_limits<std::size_t>::max();

std::int64_t msBetween(MonotonicTime from, MonotonicTime to) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
}

std::uint64_t stateBytesOf(const checkpoint::TaskSnapshot& snapshot) {
  std::uint64_t bytes = 0;
  for (const checkpoint::OperatorSnapshot& op : snapshot.operators) {
    for (const checkpoint::BlockRef& block : op.blocks) bytes += block.length;
    for (const checkpoint::BlockRef& block : op.coordinatorBlocks) bytes += block.length;
  }
  return bytes;
}

}  // namespace

// --- any thread
// ------------------------------------------------------------------------------------------------------

void Subtask::triggerCheckpoint(const CheckpointBarrier& barrier) {
  if (fate_.load(std::memory_order_acquire) != Fate::kOpen) {
    decline(barrier.id, CheckpointFailureReason::kCheckpointDeclinedTaskClosing,
            Status(ErrorCode::kCheckpointFailed, "the task is ending"));
    return;
  }
  mailbox_->put(barrier);
  wakeUp_->wake();
}

void Subtask::notifyCheckpointComplete(checkpoint::CheckpointId id) {
  mailbox_->put(CheckpointNotice{id, true});
  wakeUp_->wake();
}

void Subtask::notifyCheckpointAborted(checkpoint::CheckpointId id) {
  mailbox_->put(CheckpointNotice{id, false});
  wakeUp_->wake();
}

// --- barriers
// --------------------------------------------------------------------------------------------------------

Status Subtask::beginTriggered() {
  while (!triggers_.empty()) {
    const CheckpointBarrier barrier = triggers_.front();
    operators::SourceOperatorBase* source = chain_->source();
    // The producers have ended, but what they sent may still be on its way.
    if (source == nullptr && !input_->ended()) return Status::ok();
    const auto id = static_cast<state::SnapshotId>(barrier.id);
    if (source != nullptr && !hadFinished_ && !source->prepareSnapshot(id)) return Status::ok();
    triggers_.pop_front();
    if (phase_ == Phase::kRunning && checkpoint::isSynchronous(barrier.kind)) {
      stopsWith_ = barrier;  // beginDraining() takes the snapshot
      if (barrier.kind == checkpoint::SnapshotKind::kSuspendSavepoint) return beginDraining();
      chain_->endEventTime();
      phase_ = Phase::kFinishing;
      return Status::ok();
    }
    checkpoint::SubtaskMetrics metrics;  // nothing to align
    metrics.startDelayMs =
        std::max<std::int64_t>(0, services_.clock->wallMs() - barrier.timestampMs);
    FLINK_RETURN_IF_ERROR(takeSnapshot(barrier, metrics));
  }
  return Status::ok();
}

Status Subtask::takeSnapshot(const CheckpointBarrier& barrier,
                             const checkpoint::SubtaskMetrics& alignment) {
  if (services_.checkpoints == nullptr || services_.rng == nullptr) {
    return {ErrorCode::kUnsupported,
            fmt::format("a barrier reached a task that has nobody to answer to: checkpoint={}",
                        barrier.id)};
  }
  // An older one whose entries are not all written comes first: a backend writes one at a time.
  while (hasUnwrittenSnapshot()) writeSomeSnapshot(kAllEntries);
  probe_.setStartDelay(alignment.startDelayMs);
  const MonotonicTime began = services_.clock->now();
  RunningSnapshot snapshot;
  snapshot.barrier = barrier;
  snapshot.metrics = alignment;
  snapshot.writer = std::make_unique<checkpoint::SnapshotWriter>(
      *services_.files, *services_.rng, barrier.location, spec_.checkpointing.snapshots);
  const Status fixed = fixState(barrier, *snapshot.writer);
  if (phase_ == Phase::kDraining && !endsWith_) endsWith_ = barrier.id;
  if (checkpoint::isSynchronous(barrier.kind)) stopsWith_ = barrier;
  snapshot.asyncBegan = services_.clock->now();
  snapshot.metrics.syncDurationMs = msBetween(began, snapshot.asyncBegan);
  if (!fixed.isOk()) {
    if (fixed.code() == ErrorCode::kLimitExceeded) return fixed;  // a consumer hears nothing
    chain_->dropSnapshot(barrier.id);
    decline(barrier.id, CheckpointFailureReason::kIoException, fixed);
    return Status::ok();
  }
  snapshots_.push_back(std::move(snapshot));
  writeSomeSnapshot(kEntriesPerStep);
  return Status::ok();
}

Status Subtask::fixState(const CheckpointBarrier& barrier, checkpoint::SnapshotWriter& writer) {
  state::SnapshotContext context;
  context.checkpointId = static_cast<state::SnapshotId>(barrier.id);
  context.checkpointTimestamp = barrier.timestampMs;
  if (!hadFinished_) chain_->prepareSnapshot(context);
  const network::ChannelEvent event = encodeBarrier(barrier);
  for (const auto& partition : partitions_) FLINK_RETURN_IF_ERROR(partition->broadcastEvent(event));
  return chain_->beginSnapshot(context,
                               checkpoint::isSavepoint(barrier.kind)
                                   ? state::SnapshotMode::kComplete
                                   : state::SnapshotMode::kDelta,
                               writer);
}

Status Subtask::onCheckpointEvent(const CheckpointEvent& event) {
  for (const checkpoint::CheckpointId id : event.aborted) {
    network::ChannelEvent cancel;
    cancel.type = network::ChannelEvent::Type::kCancelCheckpoint;
    cancel.checkpointId = static_cast<std::uint64_t>(id);
    for (const auto& partition : partitions_)
      FLINK_RETURN_IF_ERROR(partition->broadcastEvent(cancel));
    decline(id, CheckpointFailureReason::kCheckpointDeclinedOnCancellationBarrier,
            Status(ErrorCode::kCheckpointFailed, "not all of its barriers came in"));
  }
  if (!event.barrier) return Status::ok();
  if (phase_ == Phase::kRunning && checkpoint::isSynchronous(event.barrier->kind)) {
    return {ErrorCode::kInternal,
            fmt::format("records could follow the savepoint that ends the job: savepoint={}",
                        event.barrier->id)};
  }
  probe_.setAlignmentTime(event.alignment);
  return takeSnapshot(*event.barrier, event.metrics);
}

// --- writing
// ---------------------------------------------------------------------------------------------------------

bool Subtask::hasUnwrittenSnapshot() const {
  return !snapshots_.empty() && snapshots_.back().state == RunningSnapshot::State::kWriting;
}

void Subtask::writeSomeSnapshot(std::size_t maxEntries) {
  if (!hasUnwrittenSnapshot()) return;
  RunningSnapshot& snapshot = snapshots_.back();
  const Result<bool> written = chain_->continueSnapshot(*snapshot.writer, maxEntries);
  Status failure = written.isOk() ? Status::ok() : written.status();
  constexpr std::uint64_t kMaxBytes = state::LimitedSnapshotSink::kDefaultMaxBytes;
  if (!snapshot.barrier.location.filesAllowed && snapshot.writer->size() > kMaxBytes) {
    failure = Status(ErrorCode::kStateTooLarge,
                     fmt::format("the state is too large for checkpoints without files (set "
                                 "execution.checkpointing.storage: filesystem): bytes={} max={}",
                                 snapshot.writer->size(), kMaxBytes));
  }
  if (!failure.isOk()) {
    const checkpoint::CheckpointId id = snapshot.barrier.id;
    giveUp(id);
    decline(id, CheckpointFailureReason::kIoException, failure);
  } else if (*written) {
    store(snapshot);
  }
}

void Subtask::store(RunningSnapshot& snapshot) {
  snapshot.metrics.checkpointedBytes = snapshot.writer->size();
  if (snapshot.writer->size() == 0) {  // nothing for the disk
    RunningSnapshot done = std::move(snapshot);
    snapshots_.pop_back();
    acknowledge(std::move(done), {});
    return;
  }
  snapshot.state = RunningSnapshot::State::kStoring;
  snapshot.store = std::make_shared<SnapshotStore>(*services_.files, *services_.executor);
  snapshot.store->start(std::move(snapshot.writer),
                        [id = snapshot.barrier.id, mailbox = mailbox_, wakeUp = wakeUp_] {
                          mailbox->put(SnapshotStored{id});
                          wakeUp->wake();
                        });
}

void Subtask::onSnapshotStored(checkpoint::CheckpointId id) {
  const auto found =
      std::find_if(snapshots_.begin(), snapshots_.end(),
                   [&](const RunningSnapshot& snapshot) { return snapshot.barrier.id == id; });
  if (found == snapshots_.end() || found->store == nullptr) return;  // given up
  Result<checkpoint::TaskSnapshot> stored = found->store->take();
  if (!stored.isOk()) {
    snapshots_.erase(found);
    chain_->dropSnapshot(id);
    decline(id, CheckpointFailureReason::kCheckpointAsyncException, stored.status());
    return;
  }
  RunningSnapshot snapshot = std::move(*found);
  snapshots_.erase(found);
  acknowledge(std::move(snapshot), std::move(*stored));
}

void Subtask::acknowledge(RunningSnapshot snapshot, checkpoint::TaskSnapshot stored) {
  checkpoint::TaskSnapshot complete = chain_->completeSnapshot(snapshot.barrier.id, stored);
  complete.finished = hadFinished_;
  snapshot.metrics.asyncDurationMs = msBetween(snapshot.asyncBegan, services_.clock->now());
  snapshot.metrics.stateBytes = stateBytesOf(complete);
  services_.checkpoints->acknowledgeCheckpoint(spec_.attempt, snapshot.barrier.id,
                                               checkpoint::encodeTaskSnapshot(complete),
                                               snapshot.metrics);
}

// --- outcomes
// --------------------------------------------------------------------------------------------------------

void Subtask::onCheckpointComplete(checkpoint::CheckpointId id) {
  endConfirmed_ = endConfirmed_ || (endsWith_ && id >= *endsWith_);
  if (!hadFinished_) chain_->notifyCheckpointComplete(id);
}

Status Subtask::onCheckpointAborted(checkpoint::CheckpointId id) {
  input_->abortCheckpoint(id);
  std::erase_if(triggers_, [&](const CheckpointBarrier& barrier) { return barrier.id == id; });
  giveUp(id);
  if (!hadFinished_) chain_->notifyCheckpointAborted(id);
  if (!stopsWith_ || stopsWith_->id != id) return Status::ok();
  return {ErrorCode::kCheckpointFailed,
          fmt::format("the savepoint failed with which the job was to stop, after its sources had "
                      "stopped; the job goes on from its latest checkpoint: savepoint={}",
                      id)};
}

void Subtask::giveUp(checkpoint::CheckpointId id) {
  std::erase_if(snapshots_, [&](const RunningSnapshot& snapshot) {
    if (snapshot.barrier.id != id) return false;
    if (snapshot.store != nullptr) snapshot.store->giveUp();
    return true;
  });
  chain_->dropSnapshot(id);
}

void Subtask::decline(checkpoint::CheckpointId id, CheckpointFailureReason reason,
                      const Status& why) {
  if (services_.checkpoints == nullptr) return;
  services_.checkpoints->declineCheckpoint(
      spec_.attempt, id, reason,
      Status(ErrorCode::kCheckpointFailed,
             fmt::format("the task took no part in a checkpoint: task=\"{}\" checkpoint={}", name_,
                         id))
          .causedBy(why));
}

}  // namespace flink::task
