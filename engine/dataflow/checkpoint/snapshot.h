#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "dataflow/checkpoint/checksum.h"
#include "dataflow/checkpoint/types.h"
#include "dataflow/state/snapshot.h"

namespace flink::checkpoint {

/// Who owns a state file, which is also how a checkpoint's metadata names it.
enum class FileScope : std::uint8_t {
  kExclusive,  ///< one checkpoint; in its folder
  kShared,     ///< later checkpoints may build on it; in the job's `shared` folder
};

/// One file of state, or the bytes of a small one that travels with the metadata.
struct StateFile {
  StateFileId id;
  FileScope scope = FileScope::kExclusive;
  std::string path;     ///< absolute; empty when inlined
  std::string inlined;  ///< the whole file when it is small; empty otherwise
  std::uint64_t size = 0;
  Digest digest;
};

/// One block of a state file. What it says is checked against the block's own header when it is
/// read.
struct BlockRef {
  std::uint32_t file = 0;  ///< position in the list of files beside it
  state::BlockKind kind = state::BlockKind::kRaw;
  std::string stateName;
  std::uint32_t firstKeyGroup = 0;
  std::uint32_t lastKeyGroup = 0;
  std::uint64_t numEntries = 0;
  std::uint64_t offset = 0;  ///< of its header
  std::uint64_t length = 0;  ///< header, content, checksum
  std::uint64_t checksum = 0;
  friend bool operator==(const BlockRef&, const BlockRef&) = default;
};

/// Blocks in the order in which they are to be loaded: base, deltas, then the rest.
using Blocks = std::vector<BlockRef>;

/// One operator of one subtask in one snapshot.
struct OperatorSnapshot {
  OperatorId id;
  Blocks blocks;
  Blocks coordinatorBlocks;  ///< of its split enumerator, which runs beside subtask 0
};

/// What one subtask has stored: the content of its acknowledgement. `files` has every file that a
/// block refers to, also those of earlier checkpoints.
struct TaskSnapshot {
  std::vector<StateFile> files;
  std::vector<OperatorSnapshot> operators;
  /// The newest checkpoint that the subtask knew to be completed (or started from) when it made
  /// this snapshot. Its later snapshots build on that one or a newer one, never on an older one.
  CheckpointId confirmed = 0;
  /// The subtask has processed all its input; it has nothing more to store after this.
  bool finished = false;
};

/// The acknowledgement as it travels between processes.
[[nodiscard]] std::string encodeTaskSnapshot(const TaskSnapshot& snapshot);
/// Errors: kCorruptData.
[[nodiscard]] Result<TaskSnapshot> decodeTaskSnapshot(ByteView bytes);

}  // namespace flink::checkpoint
