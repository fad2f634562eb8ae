#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "dataflow/checkpoint/report.h"

/// The JSON bodies of Flink's checkpoint and savepoint resources. Pure functions.
namespace flink::rest {

[[nodiscard]] std::string checkpointsJson(const checkpoint::CheckpointReport& report);
[[nodiscard]] std::string checkpointConfigJson(const checkpoint::ReportedSettings& settings);
[[nodiscard]] std::string checkpointDetailsJson(const checkpoint::CheckpointStatistics& checkpoint);
[[nodiscard]] std::string checkpointSubtasksJson(const checkpoint::CheckpointStatistics& checkpoint,
                                                 const checkpoint::VertexStatistics& vertex);

/// The answer to a request that goes on in the background: its trigger id.
[[nodiscard]] std::string triggerJson(std::string_view requestId);
/// How such an operation stands.
struct OperationPending {};
struct SavepointLocation {
  std::string location;
};
struct TriggeredCheckpoint {
  checkpoint::CheckpointId id = 0;
};
struct OperationDone {};
struct OperationFailure {
  std::string exceptionName;
  std::string stackTrace;
};
using Operation = std::variant<OperationPending, SavepointLocation, TriggeredCheckpoint,
                               OperationDone, OperationFailure>;
[[nodiscard]] std::string operationJson(const Operation& operation);

/// Body of POST /jobs/:jobid/savepoints.
struct SavepointTrigger {
  std::string targetDirectory;  ///< empty: the configured one
  bool cancelJob = false;
  SnapshotTriggerId trigger;  ///< zero: the server makes one
};
/// Body of POST /jobs/:jobid/stop.
struct StopTrigger {
  std::string targetDirectory;
  bool drain = false;
  SnapshotTriggerId trigger;
};
/// Body of POST /jobs/:jobid/checkpoints.
struct CheckpointTrigger {
  enum class Type : std::uint8_t { kConfigured, kFull, kIncremental };
  Type type = Type::kConfigured;
  SnapshotTriggerId trigger;
};
/// An empty body asks for the defaults. Errors: kInvalidArgument naming the field; kUnsupported for
/// savepoints in native format.
[[nodiscard]] Result<SavepointTrigger> parseSavepointTrigger(std::string_view body);
[[nodiscard]] Result<StopTrigger> parseStopTrigger(std::string_view body);
[[nodiscard]] Result<CheckpointTrigger> parseCheckpointTrigger(std::string_view body);
/// Body of POST /savepoint-disposal: the savepoint's path. Errors: kInvalidArgument.
[[nodiscard]] Result<std::string> parseSavepointDisposal(std::string_view body);

}  // namespace flink::rest
