// OperatorChain's part in checkpoints.
#include <algorithm>
#include <optional>

#include "core/base/current_code.h"
#include "dataflow/checkpoint/blocks.h"
#include "dataflow/task/operator_chain.h"

namespace flink::task {

Status OperatorChain::restore(const checkpoint::TaskRestore& from, FileSystem& files,
                              const std::function<bool()>& cancelled) {
  checkpoint::SnapshotReader reader(files, from.files);
  for (const checkpoint::RestoredOperator& restored : from.operators) {
    const auto found = std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& candidate) {
      return candidate->context.operatorId == restored.id;
    });
    if (found == nodes_.end()) continue;  // the plan allowed it to be left out
    Node& node = **found;
    currentCode.op = node.context.operatorName.c_str();
    FLINK_RETURN_IF_ERROR(node.states->restore(restored, from.checkpoint, reader, cancelled));
    node.context.state = node.states->initContext();
  }
  confirmed_ = from.checkpoint;
  return Status::ok();
}

void OperatorChain::prepareSnapshot(const state::SnapshotContext& context) {
  // Head first: what an operator emits reaches those behind it before their turn.
  for (const auto& node : nodes_) {
    currentCode.op = node->context.operatorName.c_str();
    node->op->flush();
    state::SnapshotContext own = context;
    own.keyedState = node->context.state.keyedState;
    own.operatorState = node->context.state.operatorState;
    node->op->snapshotState(own);
    node->op->flush();
  }
}

Status OperatorChain::beginSnapshot(const state::SnapshotContext& context, state::SnapshotMode mode,
                                    checkpoint::SnapshotWriter& writer) {
  for (const auto& node : nodes_) {
    const OperatorId& op = node->context.operatorId;
    currentCode.op = node->context.operatorName.c_str();
    FLINK_RETURN_IF_ERROR(node->states->begin(op, context, mode, writer));
  }
  if (source_ == nullptr) return Status::ok();
  const std::optional<std::string> coordinator = source_->takeCoordinatorSnapshot();
  if (!coordinator) return Status::ok();
  writer.beginOperator(nodes_.front()->context.operatorId, true);
  state::BlockInfo info;
  info.stateName = "coordinator";
  info.numEntries = 1;
  return writer.writeBlock(info, asBytes(*coordinator));
}

Result<bool> OperatorChain::continueSnapshot(checkpoint::SnapshotWriter& writer,
                                             std::size_t maxEntries) {
  for (const auto& node : nodes_) {
    FLINK_ASSIGN_OR_RETURN(const bool written, node->states->continueWriting(
                                                   node->context.operatorId, writer, maxEntries));
    if (!written) return false;
  }
  return true;
}

checkpoint::TaskSnapshot OperatorChain::completeSnapshot(checkpoint::CheckpointId id,
                                                         const checkpoint::TaskSnapshot& stored) {
  checkpoint::TaskSnapshot complete;
  complete.confirmed = confirmed_;
  checkpoint::FileTable files;
  for (const auto& node : nodes_) {
    const OperatorId& op = node->context.operatorId;
    const auto found =
        std::find_if(stored.operators.begin(), stored.operators.end(),
                     [&](const checkpoint::OperatorSnapshot& written) { return written.id == op; });
    const checkpoint::OperatorSnapshot none{op, {}, {}};
    complete.operators.push_back(
        node->states->complete(id, found == stored.operators.end() ? none : *found, stored, files));
    if (const auto base = node->states->base())
      complete.confirmed = std::min(complete.confirmed, *base);
  }
  complete.files = std::move(files).take();
  return complete;
}

void OperatorChain::dropSnapshot(checkpoint::CheckpointId id) {
  for (const auto& node : nodes_) node->states->aborted(id);
}

void OperatorChain::notifyCheckpointComplete(checkpoint::CheckpointId id) {
  confirmed_ = std::max(confirmed_, id);
  for (const auto& node : nodes_) {
    currentCode.op = node->context.operatorName.c_str();
    node->states->confirmed(id);
    node->op->notifyCheckpointComplete(static_cast<state::SnapshotId>(id));
  }
}

void OperatorChain::notifyCheckpointAborted(checkpoint::CheckpointId id) {
  dropSnapshot(id);
  for (const auto& node : nodes_) {
    currentCode.op = node->context.operatorName.c_str();
    node->op->notifyCheckpointAborted(static_cast<state::SnapshotId>(id));
  }
}

}  // namespace flink::task
