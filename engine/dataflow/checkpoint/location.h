#pragma once

#include <string>

#include "dataflow/checkpoint/types.h"

namespace flink::checkpoint {

/// Where the files of one checkpoint or savepoint go. Travels with the barrier.
struct CheckpointLocation {
  std::string directory;        ///< its own folder: `chk-<n>` or `savepoint-<job>-<random>`
  std::string sharedDirectory;  ///< of the job; empty for savepoints, which share nothing
  /// False: everything travels with the metadata (storage `jobmanager`).
  bool filesAllowed = true;
  friend bool operator==(const CheckpointLocation&, const CheckpointLocation&) = default;
};

}  // namespace flink::checkpoint
