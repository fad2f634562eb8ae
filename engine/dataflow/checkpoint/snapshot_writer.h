#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/fs.h"
#include "core/base/rng.h"
#include "dataflow/checkpoint/location.h"
#include "dataflow/checkpoint/snapshot_chain.h"
#include "dataflow/checkpoint/state_file.h"

namespace flink::checkpoint {

/// How a subtask stores its state.
struct SnapshotSettings {
  bool compress = false;                          ///< execution.checkpointing.snapshot-compression
  std::uint64_t inlineThresholdBytes = 20 << 10;  ///< execution.checkpointing.data-inline-threshold
};

/// Stores one subtask's state for one checkpoint: keyed blocks of checkpoints, which later ones may
/// build on, into the job's shared folder, everything else into the checkpoint's own one.
/// Thread: one at a time; finish() waits for the disk, so it belongs on the pool.
/// Lifetime: without finish() nothing remains.
class SnapshotWriter final : public state::SnapshotSink {
 public:
  SnapshotWriter(FileSystem& files, Rng& rng, const CheckpointLocation& location,
                 const SnapshotSettings& settings);

  /// The blocks that follow belong to this operator (or to its coordinator).
  void beginOperator(const OperatorId& id, bool coordinator = false);
  Status writeBlock(const state::BlockInfo& info, ByteView content) override;
  /// Bytes written so far.
  [[nodiscard]] std::uint64_t size() const;

  /// What was stored; blocks of an operator in the order in which they were written. Errors: the
  /// first one of writeBlock(), or of the disk. REQUIRES: called once.
  Result<TaskSnapshot> finish();

 private:
  /// Where block number n of an operator went, to put the order together again.
  struct Step {
    bool shared = false;
    std::size_t op = 0;
    bool coordinator = false;
  };

  std::unique_ptr<StateFileWriter> exclusive_;
  std::unique_ptr<StateFileWriter> shared_;  // null: no sharing
  std::vector<OperatorId> operators_;
  std::vector<Step> steps_;
  std::size_t current_ = 0;
  bool coordinator_ = false;
  Status failure_;
};

/// Loads the blocks of one restored subtask.
/// Thread: one at a time; waits for the disk.
class SnapshotReader {
 public:
  SnapshotReader(FileSystem& files, const std::vector<StateFile>& stateFiles)
      : files_(files), stateFiles_(stateFiles), readers_(stateFiles.size()) {}

  /// The checked content of a block, valid until the next call. Errors: kCheckpointCorrupt naming
  /// file and block. REQUIRES: ref.file is one of the files.
  Result<ByteView> read(const OperatorId& id, const BlockRef& ref);

 private:
  FileSystem& files_;
  const std::vector<StateFile>& stateFiles_;
  std::vector<std::unique_ptr<StateFileReader>> readers_;
};

}  // namespace flink::checkpoint
