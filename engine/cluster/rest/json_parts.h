#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "cluster/protocol/cluster_view.h"
#include "core/base/result.h"

/// Pieces that several views and handlers share. Included by their .cpp files only.
namespace flink::rest {

using Json = nlohmann::ordered_json;

/// A request's body, {} when it is empty. Errors: kInvalidArgument when it is no JSON object.
Result<Json> parseBody(std::string_view body);
/// kInvalidArgument that tells what is wrong with a body.
Status malformedBody(const std::string& why);
/// Takes over one field of a body; absent and null fields change nothing.
template <class T>
Status readField(const Json& body, const char* name, T& value) {
  const auto it = body.find(name);
  if (it == body.end() || it->is_null()) return Status::ok();
  try {
    value = it->template get<T>();
  } catch (const Json::exception&) {
    return malformedBody(std::string("field ") + name + " has the wrong type");
  }
  return Status::ok();
}

/// Bytes that are no UTF-8 (user data in names and messages) are replaced, never refused.
std::string dump(const Json& json);
Json ioMetricsJson(const protocol::TaskIoMetrics& io, bool complete);
Json subtaskObject(const protocol::JobDetails& job, const protocol::SubtaskView& subtask);
/// The newest of a subtask's state times that is set, else -1.
std::int64_t startOf(const protocol::SubtaskView& subtask);
std::int64_t endOf(const protocol::SubtaskView& subtask);
/// A vertex's state from its subtasks', as Flink derives it.
protocol::ExecutionState aggregateState(const protocol::VertexView& vertex);

}  // namespace flink::rest
