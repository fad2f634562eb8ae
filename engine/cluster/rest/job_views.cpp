#include <algorithm>
#include <cctype>

#include "cluster/rest/json_parts.h"
#include "cluster/rest/views.h"

namespace flink::rest {

using protocol::ExecutionState;
using protocol::JobStatus;

namespace {

std::string_view typeName(protocol::JobType type) {
  return type == protocol::JobType::kBatch ? "BATCH" : "STREAMING";
}

std::string lowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

Json upperCaseCounts(const protocol::StateCounts& counts) {
  Json json = Json::object();
  for (int i = 0; i < protocol::kNumExecutionStates; ++i) {
    json[std::string(toString(static_cast<ExecutionState>(i)))] =
        counts[static_cast<std::size_t>(i)];
  }
  return json;
}

Json jobRow(const protocol::JobOverview& job) {
  Json tasks = Json::object();
  std::int32_t total = 0;
  for (int i = 0; i < protocol::kNumExecutionStates; ++i) {
    const std::int32_t count = job.tasks[static_cast<std::size_t>(i)];
    tasks[lowerCase(toString(static_cast<ExecutionState>(i)))] = count;
    total += count;
  }
  tasks["total"] = total;
  return {{"jid", job.id.toHex()},
          {"name", job.name},
          {"jobType", typeName(job.type)},
          {"schedulerType", "Default"},
          {"start-time", job.startMs},
          {"end-time", job.endMs},
          {"duration", job.durationMs},
          {"state", toString(job.status)},
          {"last-modification", job.lastModificationMs},
          {"tasks", tasks},
          {"pending-operators", job.pendingOperators}};
}

/// The plan object from the graph's own JSON text, completed with the job's id and name.
Json planObject(const std::string& planJson, const JobId& id, const std::string& name) {
  Json plan{{"jid", id.toHex()}, {"name", name}};
  const Json parsed = Json::parse(planJson, nullptr, false);
  if (parsed.is_object()) {
    for (const auto& [key, value] : parsed.items()) plan[key] = value;
  }
  if (!plan.contains("nodes")) plan["nodes"] = Json::array();
  return plan;
}

Json vertexObject(const protocol::JobDetails& job, const protocol::VertexView& vertex) {
  protocol::StateCounts counts{};
  protocol::TaskIoMetrics io;
  bool complete = true;
  std::int64_t start = -1;
  std::int64_t end = -1;
  bool allEnded = !vertex.subtasks.empty();
  for (const auto& subtask : vertex.subtasks) {
    ++counts[static_cast<std::size_t>(subtask.state)];
    io.bytesIn += subtask.io.bytesIn;
    io.bytesOut += subtask.io.bytesOut;
    io.recordsIn += subtask.io.recordsIn;
    io.recordsOut += subtask.io.recordsOut;
    io.accumulatedBackPressuredMs += subtask.io.accumulatedBackPressuredMs;
    io.accumulatedIdleMs += subtask.io.accumulatedIdleMs;
    io.accumulatedBusyMs += subtask.io.accumulatedBusyMs;
    complete = complete && subtask.ioComplete;
    const std::int64_t subtaskStart = startOf(subtask);
    if (subtaskStart > 0 && (start < 0 || subtaskStart < start)) start = subtaskStart;
    allEnded = allEnded && isTerminal(subtask.state);
    end = std::max(end, endOf(subtask));
  }
  if (!allEnded) end = -1;
  const std::int64_t duration = start < 0 ? -1 : (end < 0 ? job.nowMs : end) - start;
  return {{"id", vertex.id.toHex()},
          {"slotSharingGroupId", vertex.slotSharingGroup.toHex()},
          {"name", vertex.name},
          {"maxParallelism", vertex.maxParallelism},
          {"parallelism", vertex.parallelism},
          {"status", toString(aggregateState(vertex))},
          {"start-time", start},
          {"end-time", end},
          {"duration", duration},
          {"tasks", upperCaseCounts(counts)},
          {"metrics", ioMetricsJson(io, complete)}};
}

Json exceptionObject(const protocol::ExceptionEntry& entry) {
  Json json{{"exceptionName", entry.failure.exceptionName},
            {"stacktrace", entry.failure.stackTrace},
            {"timestamp", entry.failure.timestampMs},
            {"failureLabels", Json::object()}};
  if (!entry.taskName.empty()) json["taskName"] = entry.taskName;
  if (!entry.endpoint.empty()) json["endpoint"] = entry.endpoint;
  if (!entry.taskManagerId.empty()) json["taskManagerId"] = entry.taskManagerId;
  return json;
}

}  // namespace

ExecutionState aggregateState(const protocol::VertexView& vertex) {
  protocol::StateCounts counts{};
  for (const auto& subtask : vertex.subtasks) ++counts[static_cast<std::size_t>(subtask.state)];
  const auto count = [&](ExecutionState state) { return counts[static_cast<std::size_t>(state)]; };
  if (count(ExecutionState::kFailed) > 0) return ExecutionState::kFailed;
  if (count(ExecutionState::kCanceling) > 0) return ExecutionState::kCanceling;
  if (count(ExecutionState::kCanceled) > 0) return ExecutionState::kCanceled;
  if (count(ExecutionState::kInitializing) > 0) return ExecutionState::kInitializing;
  if (count(ExecutionState::kRunning) > 0) return ExecutionState::kRunning;
  if (count(ExecutionState::kFinished) > 0) {
    return count(ExecutionState::kFinished) == static_cast<std::int32_t>(vertex.subtasks.size())
               ? ExecutionState::kFinished
               : ExecutionState::kRunning;
  }
  if (count(ExecutionState::kDeploying) > 0) return ExecutionState::kDeploying;
  if (count(ExecutionState::kScheduled) > 0) return ExecutionState::kScheduled;
  return ExecutionState::kCreated;
}

std::string jobIdsJson(const std::vector<protocol::JobOverview>& jobs) {
  Json list = Json::array();
  for (const auto& job : jobs)
    list.push_back({{"id", job.id.toHex()}, {"status", toString(job.status)}});
  return dump({{"jobs", list}});
}

std::string jobsOverviewJson(const std::vector<protocol::JobOverview>& jobs) {
  Json list = Json::array();
  for (const auto& job : jobs) list.push_back(jobRow(job));
  return dump({{"jobs", list}});
}

std::string jobDetailsJson(const protocol::JobDetails& job) {
  Json timestamps = Json::object();
  for (int i = 0; i < protocol::kNumJobStatuses; ++i) {
    timestamps[std::string(toString(static_cast<JobStatus>(i)))] =
        job.timestampsMs[static_cast<std::size_t>(i)];
  }
  Json vertices = Json::array();
  protocol::StateCounts statusCounts{};
  for (const auto& vertex : job.vertices) {
    vertices.push_back(vertexObject(job, vertex));
    ++statusCounts[static_cast<std::size_t>(aggregateState(vertex))];
  }
  Json json{{"jid", job.overview.id.toHex()},
            {"application-id", job.overview.id.toHex()},
            {"name", job.overview.name},
            {"isStoppable", false},
            {"state", toString(job.overview.status)},
            {"job-type", typeName(job.overview.type)},
            {"schedulerType", "Default"},
            {"start-time", job.overview.startMs},
            {"end-time", job.overview.endMs},
            {"duration", job.overview.durationMs},
            {"maxParallelism", job.maxParallelism},
            {"now", job.nowMs},
            {"timestamps", timestamps},
            {"vertices", vertices},
            {"status-counts", upperCaseCounts(statusCounts)},
            {"plan", planObject(job.planJson, job.overview.id, job.overview.name)}};
  const Json streamGraph = Json::parse(job.streamGraphJson, nullptr, false);
  if (streamGraph.is_object()) json["stream-graph"] = streamGraph;
  json["pending-operators"] = job.overview.pendingOperators;
  return dump(json);
}

std::string jobPlanJson(const protocol::JobDetails& job) {
  return dump({{"plan", planObject(job.planJson, job.overview.id, job.overview.name)}});
}

std::string planOfGraphJson(const protocol::JobGraph& graph) {
  return dump({{"plan", planObject(graph.planJson, graph.id, graph.name)}});
}

std::string jarRunJson(const JobId& job) {
  return dump({{"jobid", job.toHex()}, {"applicationId", job.toHex()}});
}

std::string jobConfigJson(const protocol::JobDetails& job) {
  Json userConfig = Json::object();
  for (const auto& [key, value] : job.globalJobParameters) userConfig[key] = value;
  return dump({{"jid", job.overview.id.toHex()},
               {"name", job.overview.name},
               {"execution-config",
                {{"restart-strategy", restartStrategyText(job.configuration)},
                 {"job-parallelism", job.parallelismDefault},
                 {"object-reuse-mode", true},
                 {"user-config", userConfig}}}});
}

std::string jobStatusJson(const protocol::JobDetails& job) {
  return dump({{"status", toString(job.overview.status)}});
}

std::string jobExceptionsJson(const protocol::JobDetails& job, std::size_t maxExceptions) {
  Json entries = Json::array();
  for (const auto& entry : job.exceptions) {
    if (entries.size() == maxExceptions) break;
    Json json = exceptionObject(entry);
    Json concurrent = Json::array();
    for (const auto& other : entry.concurrent) concurrent.push_back(exceptionObject(other));
    json["concurrentExceptions"] = concurrent;
    entries.push_back(json);
  }
  const bool truncated = job.exceptionsTruncated || job.exceptions.size() > maxExceptions;
  return dump({{"exceptionHistory", {{"entries", entries}, {"truncated", truncated}}}});
}

std::string executionResultJson(const protocol::WaitJobRequest::Response& answer) {
  if (!answer.result) return dump({{"status", {{"id", "IN_PROGRESS"}}}});
  const protocol::JobResult& result = *answer.result;
  const char* status = result.status == JobStatus::kFinished   ? "SUCCEEDED"
                       : result.status == JobStatus::kCanceled ? "CANCELED"
                       : result.status == JobStatus::kFailed   ? "FAILED"
                                                               : "UNKNOWN";
  Json accumulators = Json::object();
  for (const auto& [name, value] : result.accumulators) accumulators[name] = value;
  Json json{{"id", result.id.toHex()},
            {"name", result.name},
            {"application-status", status},
            {"accumulator-results", accumulators},
            {"net-runtime", result.netRuntimeMs},
            {"application-id", result.id.toHex()},
            {"start-time", result.startMs},
            {"end-time", result.endMs}};
  if (result.failure) {
    json["failure-cause"] = {{"class", result.failure->exceptionName},
                             {"stack-trace", result.failure->stackTrace},
                             {"serialized-throwable", ""}};
  }
  return dump({{"status", {{"id", "COMPLETED"}}}, {"job-execution-result", json}});
}

std::string accumulatorsJson(const protocol::WaitJobRequest::Response& answer) {
  Json list = Json::array();
  if (answer.result) {
    for (const auto& [name, value] : answer.result->accumulators) {
      list.push_back({{"name", name}, {"type", "Accumulator"}, {"value", value}});
    }
  }
  return dump({{"job-accumulators", Json::array()},
               {"user-task-accumulators", list},
               {"serialized-user-task-accumulators", Json::object()}});
}

}  // namespace flink::rest
