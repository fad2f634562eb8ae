#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "core/base/result.h"
#include "dataflow/checkpoint/recovery_plan.h"
#include "dataflow/checkpoint/snapshot_chain.h"
#include "dataflow/checkpoint/snapshot_writer.h"
#include "dataflow/operators/operator.h"
#include "dataflow/state/keyed_state_backend.h"
#include "dataflow/state/operator_state_backend.h"

namespace flink::task {

/// The backends of one operator instance, and how its snapshots build on each other.
/// Thread: the task's step.
/// Lifetime: make → restore() → the operator's open() → snapshots.
class OperatorStates {
 public:
  /// Keyed state only for operators that say what their keys are (StreamOperator::stateKey()).
  OperatorStates(const operators::StreamOperator& op, const operators::OperatorContext& context,
                 const state::LatencyTracking& latency);

  /// Loads what the operator starts with, until `cancelled`. Errors: kCheckpointCorrupt,
  /// kCorruptData, kStateIncompatible, kUnsupported, those of the file system.
  Status restore(const checkpoint::RestoredOperator& from, checkpoint::CheckpointId id,
                 checkpoint::SnapshotReader& reader, const std::function<bool()>& cancelled);
  /// What the operator's open() may use.
  [[nodiscard]] state::StateInitContext initContext();

  /// Writes what is not keyed and fixes which keyed entries belong to the snapshot. Errors: those
  /// of the disk. REQUIRES: the operator has put its own into operator state; no snapshot is
  /// pending.
  Status begin(const OperatorId& op, const state::SnapshotContext& context,
               state::SnapshotMode mode, checkpoint::SnapshotWriter& writer);
  /// Writes about `maxEntries` of the keyed entries; true once all are written.
  Result<bool> continueWriting(const OperatorId& op, checkpoint::SnapshotWriter& writer,
                               std::size_t maxEntries);
  /// The complete state of the snapshot whose files `stored` lists.
  checkpoint::OperatorSnapshot complete(checkpoint::CheckpointId id,
                                        const checkpoint::OperatorSnapshot& written,
                                        const checkpoint::TaskSnapshot& stored,
                                        checkpoint::FileTable& files);
  void confirmed(checkpoint::CheckpointId id);
  void aborted(checkpoint::CheckpointId id);
  /// The completed checkpoint that later snapshots may build on; none when they need not.
  [[nodiscard]] std::optional<checkpoint::CheckpointId> base() const;

  [[nodiscard]] bool keepsKeyedState() const { return keyed_ != nullptr; }
  /// Brings the metrics of what the keyed states hold up to date. REQUIRES: keepsKeyedState().
  void publishFigures() { keyed_->publishFigures(); }

 private:
  std::unique_ptr<state::KeyedStateBackend> keyed_;
  state::OperatorStateBackend operator_;
  checkpoint::SnapshotChain chain_;
  std::map<checkpoint::CheckpointId, state::SnapshotPlan> plans_;  // begun, not complete
  std::optional<state::SnapshotId> restoredId_;
};

}  // namespace flink::task
