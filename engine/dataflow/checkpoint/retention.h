#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dataflow/checkpoint/metadata.h"
#include "dataflow/checkpoint/settings.h"

namespace flink::checkpoint {

/// A checkpoint or savepoint that can be restored.
struct CompletedCheckpoint {
  std::shared_ptr<const CheckpointMetadata> metadata;
  std::string directory;
  std::int64_t completedAtMs = 0;
  /// Of this job: deleted as the rules say. What a user restored from stays his.
  bool owned = true;
};

/// How a job ends.
enum class JobEnd : std::uint8_t {
  kFinished,
  kCanceled,
  kFailed,
  kSuspended,  ///< it goes on elsewhere: another JobManager takes it over
};

/// Which of the retained checkpoints (oldest first, the newest just added) go now: all but
/// `numRetained`, but never the newest one, nor the newest that is no savepoint, on which later
/// checkpoints may build; unless the job has stopped with a savepoint. Positions, ascending.
[[nodiscard]] std::vector<std::size_t> subsumed(const std::vector<CompletedCheckpoint>& retained,
                                                std::int32_t numRetained);

/// Whether a job's checkpoints go with it. Savepoints always stay.
[[nodiscard]] bool discardedAtEnd(Retention retention, JobEnd end);

}  // namespace flink::checkpoint
