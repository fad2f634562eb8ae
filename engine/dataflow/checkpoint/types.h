#pragma once

#include <cstdint>

#include "core/base/ids.h"

namespace flink::checkpoint {

/// Numbers the checkpoints and savepoints of a job from 1; never used twice.
using CheckpointId = std::int64_t;

/// What a barrier asks for.
enum class SnapshotKind : std::uint8_t {
  kCheckpoint,
  kSavepoint,
  kSuspendSavepoint,    ///< stop-with-savepoint: the job ends after it
  kTerminateSavepoint,  ///< stop-with-savepoint --drain: event time ends before it, too
};
[[nodiscard]] constexpr bool isSavepoint(SnapshotKind kind) {
  return kind != SnapshotKind::kCheckpoint;
}
/// True when the job ends with this savepoint: no record is processed after its barrier.
[[nodiscard]] constexpr bool isSynchronous(SnapshotKind kind) {
  return kind == SnapshotKind::kSuspendSavepoint || kind == SnapshotKind::kTerminateSavepoint;
}

/// The file that makes a folder a checkpoint.
inline constexpr char kMetadataFileName[] = "_metadata";

/// A state file's name: random, so that files of different attempts never meet.
using StateFileId = Id<struct StateFileIdTag>;

}  // namespace flink::checkpoint
