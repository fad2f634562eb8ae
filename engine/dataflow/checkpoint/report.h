#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "dataflow/checkpoint/settings.h"
#include "dataflow/checkpoint/statistics.h"

namespace flink::checkpoint {

/// Flink's words for a checkpoint's kind and status.
[[nodiscard]] std::string_view nameOf(SnapshotKind kind);
[[nodiscard]] std::string_view nameOf(CheckpointStatus status);

/// How a job is checkpointed, as REST's checkpoints/config shows it.
struct ReportedSettings {
  bool exactlyOnce = true;
  std::int64_t intervalMs = 0;  ///< 0: no periodic checkpoints
  std::int64_t timeoutMs = 0;
  std::int64_t minPauseMs = 0;
  std::int32_t maxConcurrent = 1;
  std::int32_t tolerableFailures = 0;
  Retention retention = Retention::kNoExternalizedCheckpoints;
  StorageKind storage = StorageKind::kFileSystem;
  std::string stateBackend;  ///< its class name, as Flink shows it
  bool afterTasksFinish = true;
};

/// What is known of a job's checkpoints.
struct CheckpointReport {
  ReportedSettings settings;
  CheckpointCounts counts;
  CheckpointHistory::Summary summary;
  std::vector<CheckpointStatistics> history;  ///< newest first
  std::optional<CheckpointStatistics> latestCompleted, latestSavepoint, latestFailed;
  std::optional<RestoredStatistics> latestRestored;
};

/// The whole history without subtasks; with `only` that checkpoint alone, subtasks and all.
/// Errors: kNotFound.
[[nodiscard]] Result<CheckpointReport> makeReport(const CheckpointSettings& settings,
                                                  const CheckpointHistory& history,
                                                  std::optional<CheckpointId> only);

/// As it travels to clients.
[[nodiscard]] std::string encodeReport(const CheckpointReport& report);
/// Errors: kCorruptData.
[[nodiscard]] Result<CheckpointReport> decodeReport(ByteView bytes);

}  // namespace flink::checkpoint
