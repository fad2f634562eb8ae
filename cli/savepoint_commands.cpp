#include <cstdio>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/paths.h"
#include "cli/render.h"
#include "cli/snapshot_calls.h"

namespace flink::cli {

using checkpoint::SnapshotKind;

namespace {

/// Lines for people; documents have no progress.
void say(const GlobalOptions& global, const std::string& line) {
  if (global.output != OutputFormat::kTable) return;
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

Result<TakenSnapshot> connectAndTake(const GlobalOptions& global, const JobId& id,
                                     SnapshotKind kind, const std::string& directory) {
  FLINK_ASSIGN_OR_RETURN(auto cluster, connectCluster(global));
  return takeSnapshot(*cluster, id, kind, directory);
}

Status dispose(const GlobalOptions& global, const std::string& path) {
  FLINK_ASSIGN_OR_RETURN(auto cluster, connectCluster(global));
  protocol::DisposeSavepointRequest request;
  request.path = clusterPath(path);
  return cluster->call(request).status();
}

CommandResult disposeSavepoint(const GlobalOptions& global, const std::string& path) {
  say(global, fmt::format("Disposing savepoint '{}'.\nWaiting for response...", path));
  if (const Status status = dispose(global, path); !status.isOk())
    return failedTo(fmt::format("Failed to dispose the savepoint '{}'.", path), status);
  say(global, fmt::format("Savepoint '{}' disposed.", path));
  if (global.output != OutputFormat::kTable)
    printDocument(global.output, "SavepointDisposed", {{"path", withScheme(clusterPath(path))}});
  return kExitOk;
}

}  // namespace

CommandResult runSavepoint(const GlobalOptions& global, const SavepointOptions& options) {
  if (!options.dispose.empty()) return disposeSavepoint(global, options.dispose);
  FLINK_ASSIGN_OR_RETURN(const JobId id, parseJobId(options.job, "take a savepoint of"));
  const std::string job = id.toHex();
  say(global, fmt::format("Triggering savepoint for job {}.\nWaiting for response...", job));
  auto taken = connectAndTake(global, id, SnapshotKind::kSavepoint, options.directory);
  if (!taken) {
    return failedTo(fmt::format("Failed to trigger a savepoint for the job {}.", job),
                    taken.status());
  }
  say(global, fmt::format("Savepoint completed. Path: {}\nYou can resume your program from this "
                          "savepoint with the run command.",
                          taken->path));
  if (global.output != OutputFormat::kTable) {
    printDocument(global.output, "Savepoint",
                  {{"job", job}, {"checkpoint", taken->checkpoint}, {"path", taken->path}});
  }
  return kExitOk;
}

CommandResult runStop(const GlobalOptions& global, const StopOptions& options) {
  // `stop -p JOB`: with a single word that word is the job.
  const bool onlyJob = options.job.empty();
  FLINK_ASSIGN_OR_RETURN(const JobId id,
                         parseJobId(onlyJob ? options.directory : options.job, "stop"));
  const std::string job = id.toHex();
  say(global, fmt::format("{} job \"{}\" with a CANONICAL savepoint.\nTriggering "
                          "stop-with-savepoint for job {}.\nWaiting for response...",
                          options.drain ? "Draining" : "Suspending", job, job));
  auto taken = connectAndTake(
      global, id,
      options.drain ? SnapshotKind::kTerminateSavepoint : SnapshotKind::kSuspendSavepoint,
      onlyJob ? std::string() : options.directory);
  if (!taken) {
    return failedTo(fmt::format("Could not stop with a savepoint job \"{}\".", job),
                    taken.status());
  }
  say(global, "Savepoint completed. Path: " + taken->path);
  if (global.output != OutputFormat::kTable) {
    printDocument(global.output, "JobStopped",
                  {{"id", job}, {"drained", options.drain}, {"savepoint", taken->path}});
  }
  return kExitOk;
}

namespace {

Result<std::string> cancelJob(const GlobalOptions& global, const JobId& id, bool withSavepoint,
                              const std::string& directory) {
  FLINK_ASSIGN_OR_RETURN(auto cluster, connectCluster(global));
  std::string savepoint;
  if (withSavepoint) {
    FLINK_ASSIGN_OR_RETURN(const TakenSnapshot taken,
                           takeSnapshot(*cluster, id, SnapshotKind::kSavepoint, directory));
    savepoint = taken.path;
  }
  FLINK_RETURN_IF_ERROR(cluster->call(protocol::CancelJobRequest{id}).status());
  return savepoint;
}

}  // namespace

CommandResult runCancel(const GlobalOptions& global, const CancelOptions& options) {
  // `cancel -s JOB`: with a single word that word is the job.
  const bool onlyJob = options.job.empty();
  const std::string directory = onlyJob ? std::string() : options.directory;
  FLINK_ASSIGN_OR_RETURN(const JobId id,
                         parseJobId(onlyJob ? options.directory : options.job, "cancel"));
  const std::string job = id.toHex();
  if (options.withSavepoint) {
    say(global,
        "DEPRECATION WARNING: Cancelling a job with savepoint is deprecated. Use \"stop\" "
        "instead.");
    say(global, fmt::format("Cancelling job {} with CANONICAL savepoint to {}.", job,
                            directory.empty() ? "default savepoint directory" : directory));
  } else {
    say(global, fmt::format("Cancelling job {}.", job));
  }
  auto savepoint = cancelJob(global, id, options.withSavepoint, directory);
  if (!savepoint) return failedTo(fmt::format("Could not cancel job {}.", job), savepoint.status());
  if (global.output != OutputFormat::kTable) {
    nlohmann::ordered_json document{{"id", job}};
    if (options.withSavepoint) document["savepoint"] = *savepoint;
    printDocument(global.output, "JobCancelled", document);
    return kExitOk;
  }
  say(global, options.withSavepoint
                  ? fmt::format("Cancelled job {}. Savepoint stored in {}.", job, *savepoint)
                  : fmt::format("Cancelled job {}.", job));
  return kExitOk;
}

}  // namespace flink::cli
