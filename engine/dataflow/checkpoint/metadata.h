#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "dataflow/checkpoint/blocks.h"
#include "dataflow/checkpoint/snapshot.h"
#include "dataflow/checkpoint/types.h"

namespace flink::checkpoint {

struct SubtaskState {
  Blocks blocks;
  bool finished = false;  ///< it had processed all its input
};

/// One operator over all its subtasks.
struct OperatorState {
  OperatorId id;
  std::string name;
  std::string uid;  ///< as the program gave it; empty: none
  std::uint32_t parallelism = 1;
  std::uint32_t maxParallelism = 1;
  std::map<std::uint32_t, SubtaskState> subtasks;  ///< those with state or finished
  Blocks coordinatorBlocks;
  /// All its subtasks had processed their input.
  [[nodiscard]] bool fullyFinished() const;
};

/// Everything that a completed checkpoint or savepoint is.
struct CheckpointMetadata {
  JobId job;
  std::string jobName;
  CheckpointId id = 0;
  Epoch epoch = Epoch::kNone;
  SnapshotKind kind = SnapshotKind::kCheckpoint;
  std::int64_t timestampMs = 0;  ///< when it was triggered
  std::vector<StateFile> files;
  std::vector<OperatorState> operators;
};

/// The file's content. State files inside `folder` or its job's `shared` folder are named
/// relative to it, so that the folders can be moved.
[[nodiscard]] std::string encodeMetadata(const CheckpointMetadata& metadata,
                                         const std::string& folder);

/// Decodes and checks everything; `folder` is where the file lies. Errors: kCheckpointCorrupt
/// naming the file and the block of it that is damaged.
[[nodiscard]] Result<CheckpointMetadata> decodeMetadata(ByteView bytes, const std::string& folder);

/// Whether the parts fit each other: indices, ranges, offsets. Errors: kCorruptData.
[[nodiscard]] Status checkConsistency(const CheckpointMetadata& metadata);
[[nodiscard]] Status checkConsistency(const TaskSnapshot& snapshot);

/// Puts the subtasks' snapshots together. Files that several of them name are kept once.
class MetadataBuilder {
 public:
  explicit MetadataBuilder(CheckpointMetadata head) : metadata_(std::move(head)) {}
  /// Declares an operator; those without declaration are not accepted.
  void addOperator(OperatorState state);
  /// REQUIRES: each operator of the snapshot was declared with more than `subtask` subtasks.
  void addSubtask(std::uint32_t subtask, const TaskSnapshot& snapshot);
  /// A subtask that ended before this checkpoint. REQUIRES: the operator was declared.
  void addFinished(const OperatorId& id, std::uint32_t subtask);
  [[nodiscard]] CheckpointMetadata build() &&;

 private:
  OperatorState& operatorOf(const OperatorId& id);

  CheckpointMetadata metadata_;
  std::map<OperatorId, std::size_t> operators_;
  FileTable table_;
};

}  // namespace flink::checkpoint
