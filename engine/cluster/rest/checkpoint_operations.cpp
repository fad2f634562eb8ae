#include "cluster/rest/checkpoint_views.h"
#include "cluster/rest/json_parts.h"
#include "core/base/error_codes.h"

namespace flink::rest {

namespace {

Status checkFormat(const Json& body) {
  std::string format = "CANONICAL";
  FLINK_RETURN_IF_ERROR(readField(body, "formatType", format));
  if (format == "CANONICAL") return Status::ok();
  if (format != "NATIVE") return malformedBody("field formatType is unknown: formatType=" + format);
  return {ErrorCode::kUnsupported,
          "savepoints have one format here: ask for CANONICAL instead of formatType=NATIVE"};
}

Status readTrigger(const Json& body, SnapshotTriggerId& trigger) {
  std::string text;
  FLINK_RETURN_IF_ERROR(readField(body, "triggerId", text));
  if (text.empty()) return Status::ok();
  const auto id = SnapshotTriggerId::parse(text);
  if (!id) return malformedBody("field triggerId is not 32 hexadecimal digits: triggerId=" + text);
  trigger = *id;
  return Status::ok();
}

}  // namespace

std::string triggerJson(std::string_view requestId) {
  return dump({{"request-id", requestId}});
}

std::string operationJson(const Operation& operation) {
  Json result(nullptr);
  if (const auto* savepoint = std::get_if<SavepointLocation>(&operation)) {
    result = {{"location", savepoint->location}};
  } else if (const auto* checkpoint = std::get_if<TriggeredCheckpoint>(&operation)) {
    result = {{"checkpointId", checkpoint->id}};
  } else if (std::holds_alternative<OperationDone>(operation)) {
    result = Json::object();
  } else if (const auto* failure = std::get_if<OperationFailure>(&operation)) {
    result = {{"failure-cause",
               {{"class", failure->exceptionName},
                {"stack-trace", failure->stackTrace},
                {"serialized-throwable", ""}}}};
  }
  const bool pending = std::holds_alternative<OperationPending>(operation);
  return dump({{"status", {{"id", pending ? "IN_PROGRESS" : "COMPLETED"}}}, {"operation", result}});
}

Result<SavepointTrigger> parseSavepointTrigger(std::string_view body) {
  FLINK_ASSIGN_OR_RETURN(const Json json, parseBody(body));
  FLINK_RETURN_IF_ERROR(checkFormat(json));
  SavepointTrigger trigger;
  FLINK_RETURN_IF_ERROR(readField(json, "target-directory", trigger.targetDirectory));
  FLINK_RETURN_IF_ERROR(readField(json, "cancel-job", trigger.cancelJob));
  FLINK_RETURN_IF_ERROR(readTrigger(json, trigger.trigger));
  return trigger;
}

Result<StopTrigger> parseStopTrigger(std::string_view body) {
  FLINK_ASSIGN_OR_RETURN(const Json json, parseBody(body));
  FLINK_RETURN_IF_ERROR(checkFormat(json));
  StopTrigger trigger;
  FLINK_RETURN_IF_ERROR(readField(json, "targetDirectory", trigger.targetDirectory));
  FLINK_RETURN_IF_ERROR(readField(json, "drain", trigger.drain));
  FLINK_RETURN_IF_ERROR(readTrigger(json, trigger.trigger));
  return trigger;
}

Result<CheckpointTrigger> parseCheckpointTrigger(std::string_view body) {
  FLINK_ASSIGN_OR_RETURN(const Json json, parseBody(body));
  CheckpointTrigger trigger;
  std::string type = "CONFIGURED";
  FLINK_RETURN_IF_ERROR(readField(json, "checkpointType", type));
  if (type == "FULL") {
    trigger.type = CheckpointTrigger::Type::kFull;
  } else if (type == "INCREMENTAL") {
    trigger.type = CheckpointTrigger::Type::kIncremental;
  } else if (type != "CONFIGURED") {
    return malformedBody("field checkpointType is unknown: checkpointType=" + type);
  }
  FLINK_RETURN_IF_ERROR(readTrigger(json, trigger.trigger));
  return trigger;
}

Result<std::string> parseSavepointDisposal(std::string_view body) {
  FLINK_ASSIGN_OR_RETURN(const Json json, parseBody(body));
  std::string path;
  FLINK_RETURN_IF_ERROR(readField(json, "savepoint-path", path));
  if (path.empty()) return malformedBody("Field savepoint-path must not be omitted or be null.");
  return path;
}

}  // namespace flink::rest
