#include "dataflow/checkpoint/settings.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/config/options/checkpointing_options.h"
#include "core/config/value_text.h"

namespace flink::checkpoint {
namespace {

Result<Retention> retentionOf(const config::Configuration& configuration) {
  FLINK_ASSIGN_OR_RETURN(
      const std::string text,
      configuration.get(config::kExecutionCheckpointingExternalizedCheckpointRetention));
  const std::string word = config::toLower(text);
  if (word == "delete_on_cancellation") return Retention::kDeleteOnCancellation;
  if (word == "retain_on_cancellation") return Retention::kRetainOnCancellation;
  return Retention::kNoExternalizedCheckpoints;
}

/// JobManager and workers have working directories of their own, so a relative one is two places.
Status checkPlace(std::string_view key, const std::string& directory) {
  if (directory.empty() || directory.starts_with('/') || directory.find(":/") != std::string::npos)
    return Status::ok();
  return {ErrorCode::kConfigInvalidValue,
          fmt::format("{} has to be an absolute path or a URI: value={}", key, directory)};
}

Status readPlaces(const config::Configuration& configuration, CheckpointSettings& settings) {
  FLINK_ASSIGN_OR_RETURN(settings.directory, configuration.get(config::kExecutionCheckpointingDir));
  FLINK_ASSIGN_OR_RETURN(settings.savepointDirectory,
                         configuration.get(config::kExecutionCheckpointingSavepointDir));
  FLINK_ASSIGN_OR_RETURN(settings.createSubdirectory,
                         configuration.get(config::kExecutionCheckpointingCreateSubdir));
  FLINK_ASSIGN_OR_RETURN(const std::string storage,
                         configuration.get(config::kExecutionCheckpointingStorage));
  FLINK_RETURN_IF_ERROR(checkPlace(config::kExecutionCheckpointingDir.key, settings.directory));
  FLINK_RETURN_IF_ERROR(
      checkPlace(config::kExecutionCheckpointingSavepointDir.key, settings.savepointDirectory));
  const bool files =
      storage.empty() ? !settings.directory.empty() : config::toLower(storage) == "filesystem";
  settings.storage = files ? StorageKind::kFileSystem : StorageKind::kJobManager;
  if (files && settings.directory.empty()) {
    return {ErrorCode::kConfigInvalidValue,
            "execution.checkpointing.storage is filesystem, so execution.checkpointing.dir has to "
            "name the directory"};
  }
  return Status::ok();
}

Status readTimes(const config::Configuration& configuration, CheckpointSettings& settings) {
  FLINK_ASSIGN_OR_RETURN(const std::optional<config::Millis> interval,
                         configuration.getOptional(config::kExecutionCheckpointingInterval));
  FLINK_ASSIGN_OR_RETURN(const config::Millis timeout,
                         configuration.get(config::kExecutionCheckpointingTimeout));
  FLINK_ASSIGN_OR_RETURN(const config::Millis minPause,
                         configuration.get(config::kExecutionCheckpointingMinPause));
  FLINK_ASSIGN_OR_RETURN(
      settings.maxConcurrent,
      configuration.get(config::kExecutionCheckpointingMaxConcurrentCheckpoints));
  settings.timeoutMs = timeout.count();
  settings.minPauseMs = minPause.count();
  // More often than the pause allows would only be put off each time; and a pause means that
  // there are times without any checkpoint.
  if (interval.has_value()) settings.intervalMs = std::max(interval->count(), minPause.count());
  if (settings.minPauseMs > 0) settings.maxConcurrent = 1;
  return Status::ok();
}

}  // namespace

Result<CheckpointSettings> checkpointSettings(const config::Configuration& configuration) {
  CheckpointSettings settings;
  FLINK_ASSIGN_OR_RETURN(const bool unaligned,
                         configuration.get(config::kExecutionCheckpointingUnalignedEnabled));
  if (unaligned) {
    return Status(ErrorCode::kUnsupported,
                  "unaligned checkpoints are not in this release: remove "
                  "execution.checkpointing.unaligned.enabled");
  }
  FLINK_ASSIGN_OR_RETURN(const std::string mode,
                         configuration.get(config::kExecutionCheckpointingMode));
  settings.exactlyOnce = config::toLower(mode) == "exactly_once";
  FLINK_RETURN_IF_ERROR(readTimes(configuration, settings));
  FLINK_RETURN_IF_ERROR(readPlaces(configuration, settings));
  FLINK_ASSIGN_OR_RETURN(
      settings.tolerableFailures,
      configuration.get(config::kExecutionCheckpointingTolerableFailedCheckpoints));
  FLINK_ASSIGN_OR_RETURN(settings.numRetained,
                         configuration.get(config::kExecutionCheckpointingNumRetained));
  FLINK_ASSIGN_OR_RETURN(settings.retention, retentionOf(configuration));
  FLINK_ASSIGN_OR_RETURN(
      settings.afterTasksFinish,
      configuration.get(config::kExecutionCheckpointingCheckpointsAfterTasksFinish));
  FLINK_ASSIGN_OR_RETURN(settings.snapshots.compress,
                         configuration.get(config::kExecutionCheckpointingSnapshotCompression));
  FLINK_ASSIGN_OR_RETURN(const config::MemorySize threshold,
                         configuration.get(config::kExecutionCheckpointingDataInlineThreshold));
  settings.snapshots.inlineThresholdBytes = static_cast<std::uint64_t>(threshold.bytes);
  return settings;
}

std::int64_t initialDelayMs(const CheckpointSettings& settings, Rng& rng) {
  const std::int64_t span = std::max<std::int64_t>(0, settings.intervalMs - settings.minPauseMs);
  return settings.minPauseMs +
         static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(span) + 1));
}

}  // namespace flink::checkpoint
