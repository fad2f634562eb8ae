#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/paths.h"
#include "cli/render.h"
#include "cli/snapshot_calls.h"
#include "core/base/error_codes.h"
#include "core/fs/local_file_system.h"
#include "dataflow/checkpoint/report.h"
#include "dataflow/checkpoint/storage.h"

namespace flink::cli {

using Json = nlohmann::ordered_json;
using checkpoint::CheckpointReport;
using checkpoint::CheckpointStatistics;
using checkpoint::CheckpointStatus;
using checkpoint::SnapshotKind;

namespace {

Result<CheckpointReport> askForReport(ClusterConnection& cluster, const JobId& job,
                                      std::int64_t checkpoint) {
  protocol::GetCheckpointsRequest request;
  request.job = job;
  request.checkpoint = checkpoint;
  FLINK_ASSIGN_OR_RETURN(const auto answer, cluster.call(request));
  return checkpoint::decodeReport(asBytes(answer.report));
}

Json checkpointDocument(const CheckpointStatistics& checkpoint) {
  Json document{{"id", checkpoint.id},
                {"type", nameOf(checkpoint.kind)},
                {"status", nameOf(checkpoint.status)},
                {"triggered", utcTime(checkpoint.triggerTimestampMs)},
                {"latestAcknowledgement", utcTime(checkpoint.latestAckTimestampMs)},
                {"durationMs", checkpoint.endToEndDurationMs},
                {"checkpointedBytes", checkpoint.checkpointedBytes},
                {"stateBytes", checkpoint.stateBytes},
                {"processedBytes", checkpoint.processedBytes},
                {"persistedBytes", checkpoint.persistedBytes},
                {"subtasks", checkpoint.numSubtasks},
                {"acknowledgedSubtasks", checkpoint.numAcknowledged}};
  if (checkpoint.status == CheckpointStatus::kCompleted) {
    document["path"] = withScheme(checkpoint.externalPath);
    document["discarded"] = checkpoint.discarded;
  } else if (checkpoint.status == CheckpointStatus::kFailed) {
    document["failed"] = utcTime(checkpoint.failureTimestampMs);
    document["failure"] = checkpoint.failureMessage;
  }
  return document;
}

std::string acknowledged(const CheckpointStatistics& checkpoint) {
  return fmt::format("{}/{}", checkpoint.numAcknowledged, checkpoint.numSubtasks);
}

/// Where it is, or why it is nowhere.
std::string outcome(const CheckpointStatistics& checkpoint) {
  if (checkpoint.status == CheckpointStatus::kFailed) return checkpoint.failureMessage;
  if (checkpoint.discarded) return "(subsumed)";
  return withScheme(checkpoint.externalPath);
}

void printList(const CheckpointReport& report) {
  const auto& counts = report.counts;
  std::printf("%lld completed, %lld failed, %lld in progress, %lld restored\n",
              static_cast<long long>(counts.completed), static_cast<long long>(counts.failed),
              static_cast<long long>(counts.inProgress), static_cast<long long>(counts.restored));
  if (const auto& restored = report.latestRestored) {
    std::printf("Restored from %lld at %s: %s\n", static_cast<long long>(restored->id),
                utcTime(restored->restoreTimestampMs).c_str(),
                withScheme(restored->externalPath).c_str());
  }
  if (report.history.empty()) return;
  Table table({"ID", "TYPE", "STATUS", "TRIGGERED", "DURATION", "ACKNOWLEDGED", "WRITTEN BYTES",
               "STATE BYTES", "PATH"});
  for (const auto& checkpoint : report.history) {
    table.addRow({std::to_string(checkpoint.id), std::string(nameOf(checkpoint.kind)),
                  std::string(nameOf(checkpoint.status)), utcTime(checkpoint.triggerTimestampMs),
                  humanDuration(checkpoint.endToEndDurationMs), acknowledged(checkpoint),
                  std::to_string(checkpoint.checkpointedBytes),
                  std::to_string(checkpoint.stateBytes), outcome(checkpoint)});
  }
  std::printf("\n%s", table.toString().c_str());
}

}  // namespace

CommandResult runCheckpointTrigger(const GlobalOptions& global, const JobOptions& options) {
  FLINK_ASSIGN_OR_RETURN(const JobId id, parseJobId(options.job, "take a checkpoint of"));
  const std::string job = id.toHex();
  const bool table = global.output == OutputFormat::kTable;
  if (table) {
    std::printf("Triggering checkpoint for job %s.\nWaiting for response...\n", job.c_str());
    std::fflush(stdout);
  }
  const auto failed = [&](const Status& reason) {
    return failedTo(fmt::format("Failed to trigger a checkpoint for the job {}.", job), reason);
  };
  auto cluster = connectCluster(global);
  if (!cluster) return failed(cluster.status());
  auto taken = takeSnapshot(**cluster, id, SnapshotKind::kCheckpoint, {});
  if (!taken) return failed(taken.status());
  if (table) {
    std::printf(
        "Checkpoint %lld for job %s completed.\nYou can resume your program from this checkpoint "
        "with the run command.\n",
        static_cast<long long>(taken->checkpoint), job.c_str());
  } else {
    printDocument(global.output, "CheckpointTriggered",
                  {{"job", job}, {"checkpoint", taken->checkpoint}, {"path", taken->path}});
  }
  return kExitOk;
}

CommandResult runCheckpointList(const GlobalOptions& global, const JobOptions& options) {
  FLINK_ASSIGN_OR_RETURN(const JobId id, parseJobId(options.job, "list the checkpoints of"));
  FLINK_ASSIGN_OR_RETURN(auto cluster, connectCluster(global));
  FLINK_ASSIGN_OR_RETURN(const CheckpointReport report, askForReport(*cluster, id, 0));
  if (global.output == OutputFormat::kTable) {
    printList(report);
    return kExitOk;
  }
  Json items = Json::array();
  for (const auto& checkpoint : report.history) items.push_back(checkpointDocument(checkpoint));
  Json restored;
  if (const auto& latest = report.latestRestored) {
    restored = {{"id", latest->id},
                {"type", nameOf(latest->kind)},
                {"time", utcTime(latest->restoreTimestampMs)},
                {"path", withScheme(latest->externalPath)}};
  }
  printDocument(global.output, "CheckpointList",
                {{"job", id.toHex()},
                 {"counts",
                  {{"total", report.counts.total},
                   {"completed", report.counts.completed},
                   {"failed", report.counts.failed},
                   {"inProgress", report.counts.inProgress},
                   {"restored", report.counts.restored}}},
                 {"latestRestored", restored},
                 {"items", items}});
  return kExitOk;
}

namespace {

/// Names of the job's vertices by id.
using VertexNames = std::map<JobVertexId, std::string>;

std::string nameOf(const VertexNames& names, const JobVertexId& id) {
  const auto found = names.find(id);
  return found == names.end() ? id.toHex() : found->second;
}

Json vertexDocument(const checkpoint::VertexStatistics& vertex, const VertexNames& names) {
  Json subtasks = Json::array();
  for (std::size_t i = 0; i < vertex.subtasks.size(); ++i) {
    Json subtask{{"subtask", i}, {"acknowledged", vertex.subtasks[i].has_value()}};
    if (const auto& done = vertex.subtasks[i]) {
      subtask["acknowledgement"] = utcTime(done->ackTimestampMs);
      subtask["durationMs"] = done->endToEndDurationMs;
      subtask["startDelayMs"] = done->metrics.startDelayMs;
      subtask["alignmentMs"] = done->metrics.alignmentDurationMs;
      subtask["syncMs"] = done->metrics.syncDurationMs;
      subtask["asyncMs"] = done->metrics.asyncDurationMs;
      subtask["checkpointedBytes"] = done->metrics.checkpointedBytes;
      subtask["stateBytes"] = done->metrics.stateBytes;
    }
    subtasks.push_back(std::move(subtask));
  }
  return {{"id", vertex.id.toHex()},
          {"name", nameOf(names, vertex.id)},
          {"acknowledgedSubtasks", vertex.numAcknowledged},
          {"subtasks", subtasks}};
}

void printCheckpoint(const CheckpointStatistics& checkpoint, const VertexNames& names) {
  std::printf(
      "Checkpoint    %lld\nType          %s\nStatus        %s\nTriggered     %s\n"
      "Duration      %s\nAcknowledged  %s\nWritten       %llu bytes\nState         %llu bytes\n",
      static_cast<long long>(checkpoint.id), std::string(nameOf(checkpoint.kind)).c_str(),
      std::string(nameOf(checkpoint.status)).c_str(),
      utcTime(checkpoint.triggerTimestampMs).c_str(),
      humanDuration(checkpoint.endToEndDurationMs).c_str(), acknowledged(checkpoint).c_str(),
      static_cast<unsigned long long>(checkpoint.checkpointedBytes),
      static_cast<unsigned long long>(checkpoint.stateBytes));
  if (const std::string text = outcome(checkpoint); !text.empty()) {
    std::printf("%-12s  %s\n", checkpoint.status == CheckpointStatus::kFailed ? "Failure" : "Path",
                text.c_str());
  }
  if (checkpoint.vertices.empty()) return;
  Table table({"VERTEX", "SUBTASK", "ACKNOWLEDGED", "DURATION", "START DELAY", "ALIGNMENT", "SYNC",
               "ASYNC", "WRITTEN BYTES", "STATE BYTES"});
  for (const auto& vertex : checkpoint.vertices) {
    for (std::size_t i = 0; i < vertex.subtasks.size(); ++i) {
      const std::string name = nameOf(names, vertex.id);
      const auto& done = vertex.subtasks[i];
      if (!done) {
        table.addRow({name, std::to_string(i), "no", "", "", "", "", "", "", ""});
        continue;
      }
      table.addRow({name, std::to_string(i), utcTime(done->ackTimestampMs),
                    humanDuration(done->endToEndDurationMs),
                    humanDuration(done->metrics.startDelayMs),
                    humanDuration(done->metrics.alignmentDurationMs),
                    humanDuration(done->metrics.syncDurationMs),
                    humanDuration(done->metrics.asyncDurationMs),
                    std::to_string(done->metrics.checkpointedBytes),
                    std::to_string(done->metrics.stateBytes)});
    }
  }
  std::printf("\n%s", table.toString().c_str());
}

}  // namespace

CommandResult runCheckpointDescribe(const GlobalOptions& global, const CheckpointOptions& options) {
  FLINK_ASSIGN_OR_RETURN(const JobId id, parseJobId(options.job, "describe a checkpoint of"));
  FLINK_ASSIGN_OR_RETURN(auto cluster, connectCluster(global));
  FLINK_ASSIGN_OR_RETURN(const CheckpointReport report, askForReport(*cluster, id, options.id));
  if (report.history.empty()) {
    return Status(ErrorCode::kNotFound,
                  fmt::format("the checkpoint is not known: job={} id={}", id.toHex(), options.id));
  }
  const CheckpointStatistics& checkpoint = report.history.front();
  FLINK_ASSIGN_OR_RETURN(const protocol::JobDetails job,
                         cluster->call(protocol::GetJobRequest{id}));
  VertexNames names;
  for (const auto& vertex : job.vertices) names[vertex.id] = vertex.name;
  if (global.output == OutputFormat::kTable) {
    printCheckpoint(checkpoint, names);
    return kExitOk;
  }
  Json document = checkpointDocument(checkpoint);
  document["vertices"] = Json::array();
  for (const auto& vertex : checkpoint.vertices)
    document["vertices"].push_back(vertexDocument(vertex, names));
  printDocument(global.output, "Checkpoint", document);
  return kExitOk;
}

CommandResult runCheckpointVerify(const GlobalOptions& global, const VerifyOptions& options) {
  const std::string folder = clusterPath(options.folder);
  const auto files = flink::fs::makeLocalFileSystem();
  FLINK_ASSIGN_OR_RETURN(const checkpoint::VerifyReport report,
                         checkpoint::verifyCheckpoint(*files, folder));
  const auto& metadata = report.metadata;
  const std::string kind(nameOf(metadata.kind));
  if (global.output == OutputFormat::kTable) {
    std::printf(
        "Folder      %s\nType        %s\nCheckpoint  %lld\nJob         %s %s\nTriggered   %s\n"
        "Operators   %zu\nFiles       %llu\nBlocks      %llu\nBytes       %llu\n",
        folder.c_str(), kind.c_str(), static_cast<long long>(metadata.id),
        metadata.job.toHex().c_str(), metadata.jobName.c_str(),
        utcTime(metadata.timestampMs).c_str(), metadata.operators.size(),
        static_cast<unsigned long long>(report.numFiles),
        static_cast<unsigned long long>(report.numBlocks),
        static_cast<unsigned long long>(report.numBytes));
    for (const Status& damage : report.damages)
      std::printf("Damage      %s\n", damage.toString().c_str());
    if (report.damages.empty()) std::printf("Every byte was read: it is sound.\n");
  } else {
    Json damages = Json::array();
    for (const Status& damage : report.damages)
      damages.push_back({{"code", damage.id()}, {"message", damage.message()}});
    printDocument(global.output, "CheckpointVerification",
                  {{"folder", folder},
                   {"type", kind},
                   {"checkpoint", metadata.id},
                   {"job", metadata.job.toHex()},
                   {"jobName", metadata.jobName},
                   {"triggered", utcTime(metadata.timestampMs)},
                   {"operators", metadata.operators.size()},
                   {"files", report.numFiles},
                   {"blocks", report.numBlocks},
                   {"bytes", report.numBytes},
                   {"sound", report.damages.empty()},
                   {"damages", damages}});
  }
  if (report.damages.empty()) return kExitOk;
  return Status(ErrorCode::kCheckpointCorrupt,
                fmt::format("{} of {} state files are damaged: folder={}", report.damages.size(),
                            report.numFiles, folder));
}

}  // namespace flink::cli
