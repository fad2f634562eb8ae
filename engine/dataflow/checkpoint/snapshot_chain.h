#pragma once

#include <map>
#include <vector>

#include "dataflow/checkpoint/blocks.h"
#include "dataflow/checkpoint/snapshot.h"

namespace flink::checkpoint {

/// Remembers, for one operator of one subtask, which blocks make up each of its recent snapshots,
/// so that a delta can be acknowledged together with everything that it builds on.
/// Thread: the task's.
class SnapshotChain {
 public:
  /// The complete state of snapshot `id`. `plan` says what the backend wrote: a delta comes after
  /// the keyed blocks of the snapshot that it is based on; all other blocks are the new ones alone.
  /// `written` is what the writer stored: this operator's part, and all files of the task. The
  /// result's blocks refer to `files`, which collects those of the acknowledgement.
  /// REQUIRES: kDelta: plan.basedOn was confirmed, or is what restored() was given.
  OperatorSnapshot add(CheckpointId id, const state::SnapshotPlan& plan,
                       const OperatorSnapshot& written, const std::vector<StateFile>& writtenFiles,
                       FileTable& files);
  /// Snapshot `id` is completed: older ones are not built on any more.
  void confirmed(CheckpointId id);
  /// Snapshot `id` will not be completed.
  void aborted(CheckpointId id);
  /// The subtask starts from these keyed blocks, all of them its own; a delta may be based on
  /// `id`.
  void restored(CheckpointId id, const Blocks& blocks, const std::vector<StateFile>& files);

  [[nodiscard]] std::size_t size() const { return links_.size(); }

 private:
  struct Link {
    Blocks blocks;  // keyed ones, base first
    std::vector<StateFile> files;
  };
  std::map<CheckpointId, Link> links_;
};

}  // namespace flink::checkpoint
