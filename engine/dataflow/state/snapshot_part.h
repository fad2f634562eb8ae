#pragma once

#include <cstddef>

#include "dataflow/state/block_builder.h"
#include "dataflow/state/keyed_state_backend.h"
#include "dataflow/state/snapshot.h"

namespace flink::state {

/// A state or timer queue as its backend's snapshots see it; see StateTable for the calls.
class SnapshotPart {
 public:
  virtual ~SnapshotPart() = default;
  virtual void startTracking() = 0;
  virtual void beginSnapshot(SnapshotMode mode) = 0;
  virtual Result<bool> continueSnapshot(SnapshotSink& sink, std::size_t& budget) = 0;
  virtual void stopSnapshot() = 0;
  virtual void confirmSnapshot() = 0;
  /// Applies an entry of an earlier snapshot's block.
  virtual Status restore(BlockReader& block, EntryDecoder& entry) = 0;
  /// All have been applied.
  virtual void finishRestore() = 0;
  [[nodiscard]] virtual StateFigures figures() const = 0;
  /// What its blocks say about themselves.
  [[nodiscard]] virtual const BlockHeader& header() const = 0;
};

}  // namespace flink::state
