#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cluster/protocol/cluster_view.h"

/// Pieces that several views share. Included by the views' .cpp files only.
namespace flink::rest {

using Json = nlohmann::ordered_json;

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
