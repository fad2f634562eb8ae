#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "cluster/rest/json_parts.h"
#include "cluster/rest/views.h"

namespace flink::rest {

using protocol::ExecutionState;

namespace {

std::int64_t timestampOf(const protocol::SubtaskView& subtask, ExecutionState state) {
  return subtask.timestampsMs[static_cast<std::size_t>(state)];
}

/// Flink's aggregates; percentiles by the (n+1) rule with linear interpolation, truncated to whole
/// numbers.
Json aggregateOf(std::vector<std::int64_t> values) {
  std::sort(values.begin(), values.end());
  std::int64_t sum = 0;
  for (const std::int64_t value : values) sum += value;
  const auto percentile = [&](double p) {
    const double position = p * static_cast<double>(values.size() + 1);
    if (position < 1) return values.front();
    if (position >= static_cast<double>(values.size())) return values.back();
    const auto lower = static_cast<std::size_t>(position);
    const double fraction = position - static_cast<double>(lower);
    const auto low = static_cast<double>(values[lower - 1]);
    return static_cast<std::int64_t>(low + fraction * (static_cast<double>(values[lower]) - low));
  };
  return {{"min", values.front()},
          {"max", values.back()},
          {"avg", sum / static_cast<std::int64_t>(values.size())},
          {"sum", sum},
          {"median", percentile(0.5)},
          {"p25", percentile(0.25)},
          {"p75", percentile(0.75)},
          {"p95", percentile(0.95)}};
}

/// Milliseconds that a subtask spent in each state it entered and has not skipped, up to now or its
/// end.
std::vector<std::pair<ExecutionState, std::int64_t>> statusDurations(
    const protocol::JobDetails& job, const protocol::SubtaskView& subtask) {
  std::vector<std::pair<std::int64_t, ExecutionState>> entered;
  for (int i = 0; i < protocol::kNumExecutionStates; ++i) {
    const auto state = static_cast<ExecutionState>(i);
    if (const std::int64_t at = timestampOf(subtask, state); at > 0)
      entered.emplace_back(at, state);
  }
  std::stable_sort(entered.begin(), entered.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::pair<ExecutionState, std::int64_t>> durations;
  for (std::size_t i = 0; i < entered.size(); ++i) {
    const auto& [at, state] = entered[i];
    if (isTerminal(state)) continue;
    const std::int64_t until = i + 1 < entered.size() ? entered[i + 1].first : job.nowMs;
    durations.emplace_back(state, until - at);
  }
  return durations;
}

double ratioOf(double msPerSecond) {
  return std::round(std::clamp(msPerSecond, 0.0, 1000.0)) / 1000;
}

}  // namespace

std::int64_t startOf(const protocol::SubtaskView& subtask) {
  const std::int64_t deploying = timestampOf(subtask, ExecutionState::kDeploying);
  return deploying > 0 ? deploying : -1;
}

std::int64_t endOf(const protocol::SubtaskView& subtask) {
  return isTerminal(subtask.state) ? timestampOf(subtask, subtask.state) : -1;
}

Json ioMetricsJson(const protocol::TaskIoMetrics& io, bool complete) {
  return {{"read-bytes", io.bytesIn},
          {"read-bytes-complete", complete},
          {"write-bytes", io.bytesOut},
          {"write-bytes-complete", complete},
          {"read-records", io.recordsIn},
          {"read-records-complete", complete},
          {"write-records", io.recordsOut},
          {"write-records-complete", complete},
          {"accumulated-backpressured-time", io.accumulatedBackPressuredMs},
          {"accumulated-idle-time", io.accumulatedIdleMs},
          {"accumulated-busy-time", io.accumulatedBusyMs}};
}

Json subtaskObject(const protocol::JobDetails& job, const protocol::SubtaskView& subtask) {
  const std::int64_t start = startOf(subtask);
  const std::int64_t end = endOf(subtask);
  Json durations = Json::object();
  for (const auto& [state, duration] : statusDurations(job, subtask))
    durations[std::string(toString(state))] = duration;
  return {{"subtask", subtask.subtask},
          {"status", toString(subtask.state)},
          {"attempt", subtask.attempt},
          {"endpoint", subtask.endpoint},
          {"start-time", start},
          {"end-time", end},
          {"duration", start < 0 ? -1 : (end < 0 ? job.nowMs : end) - start},
          {"metrics", ioMetricsJson(subtask.io, subtask.ioComplete)},
          {"taskmanager-id",
           subtask.taskManager.text().empty() ? "(unassigned)" : subtask.taskManager.text()},
          {"status-duration", durations},
          {"start_time", start}};
}

std::string subtaskJson(const protocol::JobDetails& job, const protocol::SubtaskView& subtask) {
  return dump(subtaskObject(job, subtask));
}

std::string vertexDetailsJson(const protocol::JobDetails& job, const protocol::VertexView& vertex) {
  Json subtasks = Json::array();
  std::map<std::string, std::vector<std::int64_t>> io;
  std::map<std::string, std::vector<std::int64_t>> durations;
  for (const auto& subtask : vertex.subtasks) {
    subtasks.push_back(subtaskObject(job, subtask));
    io["read-bytes"].push_back(subtask.io.bytesIn);
    io["write-bytes"].push_back(subtask.io.bytesOut);
    io["read-records"].push_back(subtask.io.recordsIn);
    io["write-records"].push_back(subtask.io.recordsOut);
    io["accumulated-backpressured-time"].push_back(subtask.io.accumulatedBackPressuredMs);
    io["accumulated-idle-time"].push_back(subtask.io.accumulatedIdleMs);
    io["accumulated-busy-time"].push_back(static_cast<std::int64_t>(subtask.io.accumulatedBusyMs));
    for (const auto& [state, duration] : statusDurations(job, subtask)) {
      durations[std::string(toString(state))].push_back(duration);
    }
  }
  Json metrics = Json::object();
  for (auto& [name, values] : io) metrics[name] = aggregateOf(std::move(values));
  Json statusDuration = Json::object();
  for (auto& [name, values] : durations) statusDuration[name] = aggregateOf(std::move(values));
  return dump({{"id", vertex.id.toHex()},
               {"name", vertex.name},
               {"parallelism", vertex.parallelism},
               {"maxParallelism", vertex.maxParallelism},
               {"now", job.nowMs},
               {"subtasks", subtasks},
               {"aggregated", {{"metrics", metrics}, {"status-duration", statusDuration}}}});
}

std::string subtaskTimesJson(const protocol::JobDetails& job, const protocol::VertexView& vertex) {
  Json subtasks = Json::array();
  for (const auto& subtask : vertex.subtasks) {
    Json timestamps = Json::object();
    for (int i = 0; i < protocol::kNumExecutionStates; ++i) {
      const auto state = static_cast<ExecutionState>(i);
      timestamps[std::string(toString(state))] = timestampOf(subtask, state);
    }
    const std::int64_t start = timestampOf(subtask, ExecutionState::kScheduled);
    const std::int64_t end = endOf(subtask);
    subtasks.push_back({{"subtask", subtask.subtask},
                        {"endpoint", subtask.endpoint},
                        {"duration", start > 0 ? (end < 0 ? job.nowMs : end) - start : -1},
                        {"timestamps", timestamps}});
  }
  return dump({{"id", vertex.id.toHex()},
               {"name", vertex.name},
               {"now", job.nowMs},
               {"subtasks", subtasks}});
}

std::string_view backPressureLevel(double ratio) {
  if (ratio <= 0.10) return "ok";
  return ratio <= 0.5 ? "low" : "high";
}

std::string backPressureUnknownJson() {
  return dump({{"status", "deprecated"}});
}

std::string backPressureJson(const protocol::JobDetails& job, const protocol::VertexView& vertex) {
  const auto measured = [](const protocol::SubtaskView& subtask) {
    return subtask.state == ExecutionState::kInitializing ||
           subtask.state == ExecutionState::kRunning;
  };
  if (std::none_of(vertex.subtasks.begin(), vertex.subtasks.end(), measured))
    return backPressureUnknownJson();
  Json subtasks = Json::array();
  double worst = 0;
  for (const auto& subtask : vertex.subtasks) {
    const double ratio = ratioOf(subtask.io.backPressuredMsPerSecond);
    worst = std::max(worst, ratio);
    subtasks.push_back({{"subtask", subtask.subtask},
                        {"backpressureLevel", backPressureLevel(ratio)},
                        {"ratio", ratio},
                        {"idleRatio", ratioOf(subtask.io.idleMsPerSecond)},
                        {"busyRatio", ratioOf(subtask.io.busyMsPerSecond)},
                        {"backpressure-level", backPressureLevel(ratio)}});
  }
  const std::string_view level = backPressureLevel(worst);
  return dump({{"status", "ok"},
               {"backpressureLevel", level},
               {"end-timestamp", job.nowMs},
               {"subtasks", subtasks},
               {"backpressure-level", level}});
}

std::string metricsJson(const std::map<std::string, std::string>& values,
                        const std::vector<std::string>& get) {
  Json list = Json::array();
  if (get.empty()) {
    for (const auto& [id, value] : values) list.push_back({{"id", id}});
  }
  for (const std::string& id : get) {
    if (const auto it = values.find(id); it != values.end())
      list.push_back({{"id", id}, {"value", it->second}});
  }
  return dump(list);
}

std::map<std::string, std::string> vertexMetrics(
    const std::vector<protocol::SubtaskMetrics>& subtasks) {
  std::map<std::string, std::string> all;
  for (const auto& subtask : subtasks) {
    for (const auto& [id, value] : subtask.values)
      all[std::to_string(subtask.subtask) + "." + id] = value;
  }
  return all;
}

void SubtaskChoice::add(std::int32_t first, std::int32_t last) {
  auto it = ranges_.upper_bound(first);
  if (it != ranges_.begin() && std::prev(it)->second >= first) --it;
  while (it != ranges_.end() && it->first <= last) {
    first = std::min(first, it->first);
    last = std::max(last, it->second);
    it = ranges_.erase(it);
  }
  ranges_.emplace(first, last);
}

bool SubtaskChoice::contains(std::int32_t subtask) const {
  if (ranges_.empty()) return true;
  const auto after = ranges_.upper_bound(subtask);
  return after != ranges_.begin() && std::prev(after)->second >= subtask;
}

namespace {

/// One metric over its subtasks; those whose values are no numbers are left out, as Flink does.
Json aggregatedMetric(const std::string& id, const std::vector<double>& values,
                      const std::vector<std::string>& aggregations) {
  double sum = 0;
  for (const double value : values) sum += value;
  const double average = sum / static_cast<double>(values.size());
  double deviation = 0;
  for (const double value : values) deviation += std::abs(value - average);
  const double skew =
      average == 0
          ? 0
          : std::min(100.0, deviation / static_cast<double>(values.size()) / average * 100);
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const std::map<std::string, double> all{
      {"min", *least}, {"max", *most}, {"avg", average}, {"sum", sum}, {"skew", skew}};
  Json json{{"id", id}};
  for (const auto& [name, value] : all) {
    if (aggregations.empty() ||
        std::find(aggregations.begin(), aggregations.end(), name) != aggregations.end()) {
      json[name] = value;
    }
  }
  return json;
}

}  // namespace

std::string aggregatedMetricsJson(const std::vector<protocol::SubtaskMetrics>& subtasks,
                                  const std::vector<std::string>& get,
                                  const std::vector<std::string>& aggregations,
                                  const SubtaskChoice& chosen) {
  std::map<std::string, std::vector<double>> values;
  for (const auto& subtask : subtasks) {
    if (!chosen.contains(subtask.subtask)) continue;
    for (const auto& [id, text] : subtask.values) {
      char* end = nullptr;
      const double value = std::strtod(text.c_str(), &end);
      if (get.empty()) {
        values[id];
      } else if (end != text.c_str() && *end == '\0') {
        values[id].push_back(value);
      }
    }
  }
  Json list = Json::array();
  if (get.empty()) {
    for (const auto& [id, unused] : values) list.push_back({{"id", id}});
    return dump(list);
  }
  for (const std::string& id : get) {
    const auto it = values.find(id);
    if (it != values.end() && !it->second.empty())
      list.push_back(aggregatedMetric(id, it->second, aggregations));
  }
  return dump(list);
}

}  // namespace flink::rest
