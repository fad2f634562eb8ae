#pragma once

#include <cstdint>
#include <optional>

#include "dataflow/state/snapshot.h"

namespace flink::state {

class KeyedStateBackend;
class OperatorStateBackend;

/// What an operator gets before it is opened. The backends have their restored blocks.
struct StateInitContext {
  /// The checkpoint or savepoint that the operator starts from.
  std::optional<SnapshotId> restoredCheckpointId;
  KeyedStateBackend* keyedState = nullptr;        ///< null on inputs without keys
  OperatorStateBackend* operatorState = nullptr;  ///< never null
  [[nodiscard]] bool isRestored() const { return restoredCheckpointId.has_value(); }
};

/// What an operator gets at a barrier, before its backends are written: it puts what it keeps
/// itself into operator state.
struct SnapshotContext {
  SnapshotId checkpointId = 0;
  std::int64_t checkpointTimestamp = 0;
  KeyedStateBackend* keyedState = nullptr;
  OperatorStateBackend* operatorState = nullptr;
};

}  // namespace flink::state
