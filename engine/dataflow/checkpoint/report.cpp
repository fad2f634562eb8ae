#include "dataflow/checkpoint/report.h"

#include <utility>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/types/serializer.h"
#include "core/types/serializer_ids.h"

namespace flink::checkpoint {
namespace {

CheckpointStatistics withoutSubtasks(CheckpointStatistics checkpoint) {
  for (auto& vertex : checkpoint.vertices) vertex.subtasks.clear();
  return checkpoint;
}

std::optional<CheckpointStatistics> latest(const CheckpointStatistics* checkpoint) {
  if (checkpoint == nullptr) return std::nullopt;
  return withoutSubtasks(*checkpoint);
}

ReportedSettings reported(const CheckpointSettings& settings) {
  ReportedSettings result;
  result.exactlyOnce = settings.exactlyOnce;
  result.intervalMs = settings.intervalMs;
  result.timeoutMs = settings.timeoutMs;
  result.minPauseMs = settings.minPauseMs;
  result.maxConcurrent = settings.maxConcurrent;
  result.tolerableFailures = settings.tolerableFailures;
  result.retention = settings.retention;
  result.storage = settings.storage;
  result.stateBackend = "HashMapStateBackend";
  result.afterTasksFinish = settings.afterTasksFinish;
  return result;
}

}  // namespace

std::string_view nameOf(SnapshotKind kind) {
  if (!isSavepoint(kind)) return "CHECKPOINT";
  return isSynchronous(kind) ? "SYNC_SAVEPOINT" : "SAVEPOINT";
}

std::string_view nameOf(CheckpointStatus status) {
  switch (status) {
    case CheckpointStatus::kInProgress:
      return "IN_PROGRESS";
    case CheckpointStatus::kCompleted:
      return "COMPLETED";
    case CheckpointStatus::kFailed:
      return "FAILED";
  }
  return "FAILED";
}

Result<CheckpointReport> makeReport(const CheckpointSettings& settings,
                                    const CheckpointHistory& history,
                                    std::optional<CheckpointId> only) {
  CheckpointReport report;
  report.settings = reported(settings);
  report.counts = history.counts();
  if (only) {
    const CheckpointStatistics* found = history.find(*only);
    if (found == nullptr)
      return Status(ErrorCode::kNotFound,
                    fmt::format("no such checkpoint is remembered: checkpoint={}", *only));
    report.history.push_back(*found);
    return report;
  }
  report.summary = history.summary();
  for (const CheckpointStatistics* checkpoint : history.history())
    report.history.push_back(withoutSubtasks(*checkpoint));
  report.latestCompleted = latest(history.latestCompleted());
  report.latestSavepoint = latest(history.latestSavepoint());
  report.latestFailed = latest(history.latestFailed());
  report.latestRestored = history.latestRestored();
  return report;
}

std::string encodeReport(const CheckpointReport& report) {
  return types::serialize(report);
}

Result<CheckpointReport> decodeReport(ByteView bytes) {
  CheckpointReport report;
  FLINK_RETURN_IF_ERROR(types::deserialize(bytes, report));
  return report;
}

}  // namespace flink::checkpoint
