#pragma once

#include <map>
#include <optional>
#include <string>

#include "dataflow/checkpoint/commands.h"
#include "dataflow/checkpoint/plan.h"

namespace flink::checkpoint {

/// A checkpoint between its start and its end. States and moves:
///   kPreparing ──► kWaiting ──► kAcknowledged ──► kStoring ──► (completed)
/// and from every state but kStoring to aborted, which is the end of this object. While it is
/// being stored nobody can say whether it exists, so nothing but the outcome ends it.
struct PendingCheckpoint {
  enum class State : std::uint8_t { kPreparing, kWaiting, kAcknowledged, kStoring };
  /// A participant: its attempt when the checkpoint started, and its answer.
  struct Participant {
    std::int32_t attempt = 0;
    std::optional<TaskSnapshot> snapshot;
  };

  CheckpointId id = 0;
  TriggerRequest request;
  State state = State::kPreparing;
  CheckpointPlan plan;
  CheckpointLocation location;
  std::int64_t timestampMs = 0;
  std::int64_t deadlineMs = 0;  ///< monotonic
  std::map<TaskPosition, Participant> participants;
  std::size_t numAcknowledged = 0;
  /// For completing: what `metadata` was made of is dropped once it exists.
  std::shared_ptr<const CheckpointMetadata> metadata;
  CheckpointId oldestBase = 0;  ///< of the acknowledgements

  [[nodiscard]] bool fullyAcknowledged() const { return numAcknowledged == participants.size(); }
};

}  // namespace flink::checkpoint
