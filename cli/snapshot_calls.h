#pragma once

#include <cstdint>
#include <string>

#include "cli/cluster_connection.h"
#include "dataflow/checkpoint/types.h"

namespace flink::cli {

/// A checkpoint or savepoint that was asked for and is complete.
struct TakenSnapshot {
  std::int64_t checkpoint = 0;
  std::string path;  ///< with scheme
};

/// Has a checkpoint or savepoint taken and waits for its end, for as long as the cluster works on
/// it. `directory` is that of the command line; empty: the configured one. Errors: what kept it
/// from being completed.
Result<TakenSnapshot> takeSnapshot(ClusterConnection& cluster, const JobId& job,
                                   checkpoint::SnapshotKind kind, const std::string& directory);

/// `reason` below what was to be done.
[[nodiscard]] Status failedTo(std::string what, const Status& reason);

}  // namespace flink::cli
