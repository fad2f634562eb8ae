#include "cli/snapshot_calls.h"

#include <utility>

#include "cli/error_report.h"
#include "cli/paths.h"

namespace flink::cli {

Result<TakenSnapshot> takeSnapshot(ClusterConnection& cluster, const JobId& job,
                                   checkpoint::SnapshotKind kind, const std::string& directory) {
  protocol::TriggerSnapshotRequest request;
  request.job = job;
  request.kind = static_cast<std::int32_t>(kind);
  request.target = clusterPath(directory);
  FLINK_ASSIGN_OR_RETURN(const auto triggered, cluster.call(request));
  for (;;) {
    protocol::WaitSnapshotRequest wait;
    wait.job = job;
    wait.trigger = triggered.trigger;
    FLINK_ASSIGN_OR_RETURN(const auto answer,
                           cluster.call(wait, std::chrono::milliseconds(wait.waitMs)));
    if (answer.failure) return statusOf(*answer.failure, answer.failure->message);
    if (answer.completed) return TakenSnapshot{answer.checkpoint, withScheme(answer.path)};
  }
}

Status failedTo(std::string what, const Status& reason) {
  return Status(reason.code(), std::move(what)).causedBy(reason);
}

}  // namespace flink::cli
