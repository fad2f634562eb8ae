#include "dataflow/task/operator_states.h"

#include <utility>

#include <fmt/format.h>

#include "core/base/check.h"
#include "core/base/error_codes.h"
#include "dataflow/checkpoint/blocks.h"

namespace flink::task {

OperatorStates::OperatorStates(const operators::StreamOperator& op,
                               const operators::OperatorContext& context,
                               const state::LatencyTracking& latency) {
  if (op.stateKey() == nullptr) return;
  state::KeyedBackendOptions options;
  options.key = op.stateKey();
  options.maxParallelism = static_cast<std::uint32_t>(context.maxParallelism);
  options.keyGroups = types::keyGroupRangeOf(static_cast<std::uint32_t>(context.subtaskIndex),
                                             options.maxParallelism,
                                             static_cast<std::uint32_t>(context.parallelism));
  options.clock = context.clock;
  options.metrics = context.metrics;
  options.latency = latency;
  keyed_ = state::makeHashMapStateBackend(std::move(options));
}

Status OperatorStates::restore(const checkpoint::RestoredOperator& from,
                               checkpoint::CheckpointId id, checkpoint::SnapshotReader& reader,
                               const std::function<bool()>& cancelled) {
  for (const checkpoint::RestoredBlock& restored : from.blocks) {
    if (cancelled()) return {ErrorCode::kCancelled, "the task was cancelled"};
    const checkpoint::BlockRef& ref = restored.block;
    const state::BlockInfo info{ref.kind, ref.stateName, ref.firstKeyGroup, ref.lastKeyGroup,
                                ref.numEntries};
    FLINK_ASSIGN_OR_RETURN(const ByteView content, reader.read(from.id, ref));
    if (!checkpoint::isKeyed(ref.kind)) {
      if (ref.kind == state::BlockKind::kOperatorList && restored.numEntries != ref.numEntries) {
        return {
            ErrorCode::kUnsupported,
            fmt::format("list state cannot be dealt out among another number of subtasks yet; "
                        "restore with the parallelism of the checkpoint: state={} checkpoint={}",
                        ref.stateName, id)};
      }
      FLINK_RETURN_IF_ERROR(operator_.restoreBlock(info, content));
      continue;
    }
    if (keyed_ == nullptr) {
      return {ErrorCode::kStateIncompatible,
              fmt::format("the checkpoint has keyed state for an operator without keys; did its "
                          "keyBy() go away: operator={} state={} checkpoint={}",
                          from.id.toHex(), ref.stateName, id)};
    }
    FLINK_RETURN_IF_ERROR(keyed_->restoreBlock(info, content));
  }
  restoredId_ = static_cast<state::SnapshotId>(id);
  return Status::ok();
}

state::StateInitContext OperatorStates::initContext() {
  return {restoredId_, keyed_.get(), &operator_};
}

Status OperatorStates::begin(const OperatorId& op, const state::SnapshotContext& context,
                             state::SnapshotMode mode, checkpoint::SnapshotWriter& writer) {
  writer.beginOperator(op);
  FLINK_RETURN_IF_ERROR(operator_.snapshot(writer));
  state::SnapshotPlan plan{state::SnapshotMode::kComplete, 0};  // nothing builds on it
  if (keyed_ != nullptr) plan = keyed_->beginSnapshot(context.checkpointId, mode);
  plans_[static_cast<checkpoint::CheckpointId>(context.checkpointId)] = plan;
  return Status::ok();
}

Result<bool> OperatorStates::continueWriting(const OperatorId& op,
                                             checkpoint::SnapshotWriter& writer,
                                             std::size_t maxEntries) {
  if (keyed_ == nullptr || !keyed_->isSnapshotPending()) return true;
  writer.beginOperator(op);
  return keyed_->continueSnapshot(writer, maxEntries);
}

checkpoint::OperatorSnapshot OperatorStates::complete(checkpoint::CheckpointId id,
                                                      const checkpoint::OperatorSnapshot& written,
                                                      const checkpoint::TaskSnapshot& stored,
                                                      checkpoint::FileTable& files) {
  const auto plan = plans_.find(id);
  FLINK_CHECK(plan != plans_.end(), "a snapshot that is complete had begun");
  checkpoint::OperatorSnapshot complete =
      chain_.add(id, plan->second, written, stored.files, files);
  plans_.erase(plan);
  return complete;
}

void OperatorStates::confirmed(checkpoint::CheckpointId id) {
  if (keyed_ == nullptr) return;
  keyed_->confirmSnapshot(static_cast<state::SnapshotId>(id));
  // The backend may go on building on an older one (snapshots that overlap).
  if (const auto newest = base()) chain_.confirmed(*newest);
}

void OperatorStates::aborted(checkpoint::CheckpointId id) {
  plans_.erase(id);
  chain_.aborted(id);
  if (keyed_ != nullptr) keyed_->abortSnapshot(static_cast<state::SnapshotId>(id));
}

std::optional<checkpoint::CheckpointId> OperatorStates::base() const {
  if (keyed_ == nullptr) return std::nullopt;
  const auto confirmed = keyed_->confirmedSnapshot();
  if (!confirmed) return std::nullopt;
  return static_cast<checkpoint::CheckpointId>(*confirmed);
}

}  // namespace flink::task
