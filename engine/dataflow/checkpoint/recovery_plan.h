#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/types/key_group.h"
#include "dataflow/checkpoint/metadata.h"
#include "dataflow/checkpoint/plan.h"

namespace flink::checkpoint {

/// A vertex of the job that is to continue from a checkpoint.
struct RecoveryVertex {
  JobVertexId id;
  std::string name;
  std::uint32_t parallelism = 1;
  std::uint32_t maxParallelism = 128;
  /// The program set it, so the checkpoint's cannot take its place.
  bool maxParallelismConfigured = false;
  std::vector<CheckpointTopology::Operator> operators;
  std::vector<std::size_t> inputs;  ///< positions of the producing vertices
};

/// A block to load, and the part of it that is meant.
struct RestoredBlock {
  BlockRef block;
  /// Elements of list state: [firstEntry, firstEntry + numEntries) of the block's. All other kinds:
  /// everything (keyed ones: what lies in the subtask's key groups).
  std::uint64_t firstEntry = 0;
  std::uint64_t numEntries = 0;
};

/// What one operator of one subtask starts with.
struct RestoredOperator {
  OperatorId id;
  std::vector<RestoredBlock> blocks;
  Blocks coordinatorBlocks;  ///< subtask 0 only
};

/// What one subtask starts with; travels with its deployment.
struct TaskRestore {
  CheckpointId checkpoint = 0;
  std::vector<StateFile> files;
  std::vector<RestoredOperator> operators;
  /// It had processed all its input: it emits nothing and ends.
  bool finished = false;
  /// Keyed blocks are all its own and no others, so that later deltas may build on them.
  bool unchangedParallelism = false;
};

struct RestoredVertex {
  JobVertexId id;
  std::uint32_t maxParallelism = 128;  ///< the checkpoint's, where there was keyed or other state
  std::vector<TaskRestore> subtasks;
};

struct RecoveryPlan {
  std::vector<RestoredVertex> vertices;  ///< in the order of the job's
  std::vector<OperatorId> skipped;       ///< state without operator, when that is allowed
};

/// Deals a checkpoint's state out to the subtasks of a job: keyed blocks by key group, elements of
/// list state evenly in their order, union and broadcast state to everybody. An operator finds its
/// state under its id, which is its uid's hash where the program gave one.
/// Errors: kStateNotRestorable naming the operator: its state has no place in the job (unless
/// `allowNonRestoredState`), maximum parallelism changed or is too small, a finished operator
/// would follow one that goes on.
Result<RecoveryPlan> planRecovery(const CheckpointMetadata& metadata,
                                  const std::vector<RecoveryVertex>& job,
                                  bool allowNonRestoredState);

/// A subtask's part as it travels between processes.
[[nodiscard]] std::string encodeTaskRestore(const TaskRestore& restore);
/// Errors: kCorruptData.
[[nodiscard]] Result<TaskRestore> decodeTaskRestore(ByteView bytes);

}  // namespace flink::checkpoint
