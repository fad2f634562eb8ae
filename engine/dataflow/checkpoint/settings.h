#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "core/base/rng.h"
#include "core/config/configuration.h"
#include "dataflow/checkpoint/snapshot_writer.h"

namespace flink::checkpoint {

/// What becomes of a job's checkpoints when the job ends
/// (execution.checkpointing.externalized-checkpoint-retention).
enum class Retention : std::uint8_t {
  kNoExternalizedCheckpoints,  ///< they go with the job
  kDeleteOnCancellation,       ///< they stay when the job fails
  kRetainOnCancellation,       ///< they stay when the job fails or is cancelled
};

/// Where checkpoints go (execution.checkpointing.storage).
enum class StorageKind : std::uint8_t {
  kJobManager,  ///< state travels with the metadata; files only for the metadata itself
  kFileSystem,
};

/// How one job is checkpointed; defaults are Flink's.
struct CheckpointSettings {
  std::int64_t intervalMs = 0;  ///< 0: no periodic checkpoints
  bool exactlyOnce = true;
  std::int64_t timeoutMs = 600'000;
  std::int64_t minPauseMs = 0;
  std::int32_t maxConcurrent = 1;
  std::int32_t tolerableFailures = 0;
  std::int32_t numRetained = 1;
  Retention retention = Retention::kNoExternalizedCheckpoints;
  bool afterTasksFinish = true;
  StorageKind storage = StorageKind::kFileSystem;
  std::string directory;           ///< empty: none was configured
  std::string savepointDirectory;  ///< for savepoints without a target
  bool createSubdirectory = true;
  SnapshotSettings snapshots;

  [[nodiscard]] bool periodic() const { return intervalMs > 0; }
};

/// Reads execution.checkpointing.*. Errors: kConfigInvalidValue naming the keys that do not go
/// together; kUnsupported for what this release does not have (unaligned checkpoints).
Result<CheckpointSettings> checkpointSettings(const config::Configuration& configuration);

/// When the first periodic checkpoint is due after a start: a random moment between the minimum
/// pause and the interval, so that jobs that start together do not checkpoint together.
[[nodiscard]] std::int64_t initialDelayMs(const CheckpointSettings& settings, Rng& rng);

}  // namespace flink::checkpoint
