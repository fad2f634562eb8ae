#include "cluster/rest/checkpoint_views.h"

#include <algorithm>
#include <limits>

#include "cluster/rest/json_parts.h"

namespace flink::rest {

using checkpoint::CheckpointStatistics;
using checkpoint::CheckpointStatus;
using checkpoint::SubtaskStatistics;
using checkpoint::ValueSummary;
using checkpoint::VertexStatistics;

namespace {

constexpr const char* kNotAddressable = "<checkpoint-not-externally-addressable>";

std::string_view className(CheckpointStatus status) {
  switch (status) {
    case CheckpointStatus::kInProgress:
      return "in_progress";
    case CheckpointStatus::kCompleted:
      return "completed";
    case CheckpointStatus::kFailed:
      return "failed";
  }
  return "failed";
}

Json summaryObject(const ValueSummary& summary) {
  return {{"min", summary.min}, {"max", summary.max},  {"avg", summary.average},
          {"p50", summary.p50}, {"p90", summary.p90},  {"p95", summary.p95},
          {"p99", summary.p99}, {"p999", summary.p999}};
}

/// Of a checkpoint's subtasks Flink keeps no percentiles.
Json spanObject(const std::vector<std::int64_t>& values) {
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::int64_t sum = 0;
  if (!values.empty()) {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    min = *least;
    max = *most;
    for (const std::int64_t value : values) sum += value;
  }
  Json json{{"min", min}, {"max", max}};
  json["avg"] = values.empty() ? 0 : sum / static_cast<std::int64_t>(values.size());
  for (const char* percentile : {"p50", "p90", "p95", "p99", "p999"}) json[percentile] = "NaN";
  return json;
}

/// Nothing is buffered while barriers are awaited; the field is from Flink's past.
Json nothingBuffered() {
  return summaryObject({});
}

struct Figures {
  std::int64_t latestAckTimestampMs = -1;
  std::int64_t endToEndDurationMs = -1;
  std::uint64_t checkpointedBytes = 0, stateBytes = 0, processedBytes = 0, persistedBytes = 0;
  std::int32_t numSubtasks = 0, numAcknowledged = 0;
};

void addFigures(Json& json, const Figures& figures) {
  json["latest_ack_timestamp"] = figures.latestAckTimestampMs;
  json["checkpointed_size"] = figures.checkpointedBytes;
  json["state_size"] = figures.stateBytes;
  json["end_to_end_duration"] = figures.endToEndDurationMs;
  json["alignment_buffered"] = 0;
  json["processed_data"] = figures.processedBytes;
  json["persisted_data"] = figures.persistedBytes;
  json["num_subtasks"] = figures.numSubtasks;
  json["num_acknowledged_subtasks"] = figures.numAcknowledged;
}

Figures figuresOf(const VertexStatistics& vertex) {
  Figures figures;
  figures.latestAckTimestampMs = vertex.latestAckTimestampMs;
  figures.numSubtasks = vertex.numSubtasks;
  figures.numAcknowledged = vertex.numAcknowledged;
  for (const auto& subtask : vertex.subtasks) {
    if (!subtask) continue;
    figures.endToEndDurationMs = std::max(figures.endToEndDurationMs, subtask->endToEndDurationMs);
    figures.checkpointedBytes += subtask->metrics.checkpointedBytes;
    figures.stateBytes += subtask->metrics.stateBytes;
    figures.processedBytes += subtask->metrics.processedBytes;
    figures.persistedBytes += subtask->metrics.persistedBytes;
  }
  return figures;
}

Json vertexObject(const CheckpointStatistics& checkpoint, const VertexStatistics& vertex) {
  Json json{{"id", checkpoint.id}, {"status", nameOf(checkpoint.status)}};
  addFigures(json, figuresOf(vertex));
  return json;
}

Json checkpointObject(const CheckpointStatistics& checkpoint, bool withTasks) {
  const bool savepoint = isSavepoint(checkpoint.kind);
  Json json{{"className", className(checkpoint.status)},
            {"id", checkpoint.id},
            {"status", nameOf(checkpoint.status)},
            {"is_savepoint", savepoint},
            {"savepointFormat", savepoint ? Json("CANONICAL") : Json(nullptr)},
            {"trigger_timestamp", checkpoint.triggerTimestampMs}};
  addFigures(json, {checkpoint.latestAckTimestampMs, checkpoint.endToEndDurationMs,
                    checkpoint.checkpointedBytes, checkpoint.stateBytes, checkpoint.processedBytes,
                    checkpoint.persistedBytes, checkpoint.numSubtasks, checkpoint.numAcknowledged});
  json["checkpoint_type"] = nameOf(checkpoint.kind);
  Json tasks = Json::object();
  if (withTasks) {
    for (const VertexStatistics& vertex : checkpoint.vertices)
      tasks[vertex.id.toHex()] = vertexObject(checkpoint, vertex);
  }
  json["tasks"] = tasks;
  if (checkpoint.status == CheckpointStatus::kCompleted) {
    json["external_path"] =
        checkpoint.externalPath.empty() ? kNotAddressable : checkpoint.externalPath;
    json["discarded"] = checkpoint.discarded;
  } else if (checkpoint.status == CheckpointStatus::kFailed) {
    json["failure_timestamp"] = checkpoint.failureTimestampMs;
    json["failure_message"] = checkpoint.failureMessage;
  }
  return json;
}

Json latestObject(const std::optional<CheckpointStatistics>& checkpoint) {
  return checkpoint ? checkpointObject(*checkpoint, false) : Json(nullptr);
}

Json subtaskObject(std::size_t index, const std::optional<SubtaskStatistics>& subtask) {
  if (!subtask)
    return {{"className", "pending"}, {"index", index}, {"status", "pending_or_failed"}};
  const checkpoint::SubtaskMetrics& metrics = subtask->metrics;
  return {{"className", "completed"},
          {"index", index},
          {"ack_timestamp", subtask->ackTimestampMs},
          {"end_to_end_duration", subtask->endToEndDurationMs},
          {"checkpointed_size", metrics.checkpointedBytes},
          {"state_size", metrics.stateBytes},
          {"checkpoint", {{"sync", metrics.syncDurationMs}, {"async", metrics.asyncDurationMs}}},
          {"alignment",
           {{"buffered", 0},
            {"processed", metrics.processedBytes},
            {"persisted", metrics.persistedBytes},
            {"duration", metrics.alignmentDurationMs}}},
          {"start_delay", metrics.startDelayMs},
          {"unaligned_checkpoint", metrics.unaligned},
          {"aborted", false},
          {"status", "completed"}};
}

Json subtaskSummary(const VertexStatistics& vertex) {
  const auto span = [&](auto read) {
    std::vector<std::int64_t> values;
    for (const auto& subtask : vertex.subtasks) {
      if (subtask) values.push_back(static_cast<std::int64_t>(read(*subtask)));
    }
    return spanObject(values);
  };
  using S = SubtaskStatistics;
  return {{"checkpointed_size", span([](const S& s) { return s.metrics.checkpointedBytes; })},
          {"state_size", span([](const S& s) { return s.metrics.stateBytes; })},
          {"end_to_end_duration", span([](const S& s) { return s.endToEndDurationMs; })},
          {"checkpoint_duration",
           {{"sync", span([](const S& s) { return s.metrics.syncDurationMs; })},
            {"async", span([](const S& s) { return s.metrics.asyncDurationMs; })}}},
          {"alignment",
           {{"buffered", nothingBuffered()},
            {"processed", span([](const S& s) { return s.metrics.processedBytes; })},
            {"persisted", span([](const S& s) { return s.metrics.persistedBytes; })},
            {"duration", span([](const S& s) { return s.metrics.alignmentDurationMs; })}}},
          {"start_delay", span([](const S& s) { return s.metrics.startDelayMs; })}};
}

}  // namespace

std::string checkpointsJson(const checkpoint::CheckpointReport& report) {
  Json history = Json::array();
  for (const CheckpointStatistics& checkpoint : report.history)
    history.push_back(checkpointObject(checkpoint, false));
  Json restored(nullptr);
  if (report.latestRestored) {
    restored = {{"id", report.latestRestored->id},
                {"restore_timestamp", report.latestRestored->restoreTimestampMs},
                {"is_savepoint", isSavepoint(report.latestRestored->kind)},
                {"external_path", report.latestRestored->externalPath}};
  }
  return dump({{"counts",
                {{"restored", report.counts.restored},
                 {"total", report.counts.total},
                 {"in_progress", report.counts.inProgress},
                 {"completed", report.counts.completed},
                 {"failed", report.counts.failed}}},
               {"summary",
                {{"checkpointed_size", summaryObject(report.summary.checkpointedBytes)},
                 {"state_size", summaryObject(report.summary.stateBytes)},
                 {"end_to_end_duration", summaryObject(report.summary.endToEndDurationMs)},
                 {"alignment_buffered", nothingBuffered()},
                 {"processed_data", summaryObject(report.summary.processedBytes)},
                 {"persisted_data", summaryObject(report.summary.persistedBytes)}}},
               {"latest",
                {{"completed", latestObject(report.latestCompleted)},
                 {"savepoint", latestObject(report.latestSavepoint)},
                 {"failed", latestObject(report.latestFailed)},
                 {"restored", restored}}},
               {"history", history}});
}

std::string checkpointConfigJson(const checkpoint::ReportedSettings& settings) {
  using checkpoint::Retention;
  const bool periodic = settings.intervalMs > 0;
  const bool files = settings.storage == checkpoint::StorageKind::kFileSystem;
  return dump(
      {{"mode", periodic && settings.exactlyOnce ? "exactly_once" : "at_least_once"},
       {"interval", periodic ? settings.intervalMs : std::numeric_limits<std::int64_t>::max()},
       {"timeout", settings.timeoutMs},
       {"min_pause", settings.minPauseMs},
       {"max_concurrent", settings.maxConcurrent},
       {"externalization",
        {{"enabled", settings.retention != Retention::kNoExternalizedCheckpoints},
         {"delete_on_cancellation", settings.retention != Retention::kRetainOnCancellation}}},
       {"state_backend", settings.stateBackend},
       {"checkpoint_storage",
        files ? "FileSystemCheckpointStorage" : "JobManagerCheckpointStorage"},
       {"unaligned_checkpoints", false},
       {"tolerable_failed_checkpoints", settings.tolerableFailures},
       {"aligned_checkpoint_timeout", 0},
       {"checkpoints_after_tasks_finish", settings.afterTasksFinish},
       {"state_changelog_enabled", false},
       {"changelog_periodic_materialization_interval", 600'000},
       {"changelog_storage", "memory"}});
}

std::string checkpointDetailsJson(const CheckpointStatistics& checkpoint) {
  return dump(checkpointObject(checkpoint, true));
}

std::string checkpointSubtasksJson(const CheckpointStatistics& checkpoint,
                                   const VertexStatistics& vertex) {
  Json json = vertexObject(checkpoint, vertex);
  json["summary"] = subtaskSummary(vertex);
  Json subtasks = Json::array();
  for (std::size_t i = 0; i < vertex.subtasks.size(); ++i)
    subtasks.push_back(subtaskObject(i, vertex.subtasks[i]));
  json["subtasks"] = subtasks;
  return dump(json);
}

}  // namespace flink::rest
