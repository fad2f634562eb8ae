#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "dataflow/checkpoint/location.h"
#include "dataflow/checkpoint/metadata.h"
#include "dataflow/checkpoint/request_queue.h"

/// What a CheckpointCoordinator wants done. Whoever executes them does so in order, and reports
/// the outcome where one is asked for.
namespace flink::checkpoint::command {

/// Create the folder (CheckpointStorage), then call locationPrepared().
struct PrepareLocation {
  CheckpointId id = 0;
  SnapshotKind kind = SnapshotKind::kCheckpoint;
  std::string target;  ///< of savepoints
};

/// Let barriers start at these tasks.
struct TriggerTasks {
  CheckpointId id = 0;
  SnapshotKind kind = SnapshotKind::kCheckpoint;
  std::int64_t timestampMs = 0;
  CheckpointLocation location;
  std::vector<ExecutionAttemptId> tasks;
};

/// Tell these tasks that the checkpoint will not be completed.
struct NotifyAborted {
  CheckpointId id = 0;
  std::vector<ExecutionAttemptId> tasks;
};

/// Tell these tasks that the checkpoint is completed and durable.
struct NotifyComplete {
  CheckpointId id = 0;
  std::int64_t timestampMs = 0;
  std::vector<ExecutionAttemptId> tasks;
};

/// Write the metadata and publish the pointer, then call stored(). One at a time.
struct StoreCheckpoint {
  CheckpointLocation location;
  std::shared_ptr<const CheckpointMetadata> metadata;
};

/// Remove folders and files; best effort, nothing refers to them.
struct Discard {
  std::vector<std::string> directories;
  std::vector<std::string> files;
};

/// The end of what a user asked for: a completed checkpoint's folder, or why there is none.
struct AnswerRequest {
  RequestId request{};
  Status status;
  CheckpointId id = 0;
  std::string path;
};

/// Fail the job (as a failure of `task` where one is named).
struct FailJob {
  Status reason;
  std::optional<ExecutionAttemptId> task;
};

}  // namespace flink::checkpoint::command

namespace flink::checkpoint {

using Command =
    std::variant<command::PrepareLocation, command::TriggerTasks, command::NotifyAborted,
                 command::NotifyComplete, command::StoreCheckpoint, command::Discard,
                 command::AnswerRequest, command::FailJob>;
using Commands = std::vector<Command>;

}  // namespace flink::checkpoint
