#include "cluster/worker/worker_report.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace flink::worker {

namespace {

using metrics::HistogramStatistics;
using metrics::MetricSample;

/// As Java prints doubles: always with a fraction.
std::string doubleText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string valueText(const MetricSample& sample) {
  return std::visit(
      [](const auto& value) -> std::string {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::string>) {
          return value;
        } else if constexpr (std::is_same_v<T, bool>) {
          return value ? "true" : "false";
        } else if constexpr (std::is_same_v<T, double>) {
          return doubleText(value);
        } else if constexpr (std::is_same_v<T, HistogramStatistics>) {
          return {};
        } else {
          return std::to_string(value);
        }
      },
      sample.value);
}

std::string restName(std::string_view text) {
  std::string name(text);
  for (char& c : name) {
    if (c == ' ' || c == '.' || c == ':' || c == ',') c = '_';
  }
  return name;
}

std::string_view variable(const MetricSample& sample, const std::string& name) {
  const auto found = sample.variables.find(name);
  return found == sample.variables.end() ? std::string_view() : std::string_view(found->second);
}

void addHistogram(std::map<std::string, std::string>& values, const std::string& id,
                  const HistogramStatistics& h) {
  const std::pair<const char*, double> parts[] = {
      {"_min", h.min},       {"_max", h.max},  {"_mean", h.mean}, {"_median", h.p50},
      {"_stddev", h.stddev}, {"_p75", h.p75},  {"_p95", h.p95},   {"_p98", h.p98},
      {"_p99", h.p99},       {"_p999", h.p999}};
  for (const auto& [suffix, value] : parts) values[id + suffix] = doubleText(value);
}

/// What stands before a metric's name: the operator, and what its groups are about, as in
/// "Count.state_name.total."
std::string restPrefix(const MetricSample& sample) {
  constexpr std::string_view kTaskScope = "taskmanager.job.task";
  std::string prefix;
  std::string_view words = sample.scope;
  words.remove_prefix(std::min(words.size(), kTaskScope.size() + 1));
  while (!words.empty()) {
    const std::size_t length = std::min(words.find('.'), words.size());
    const std::string word(words.substr(0, length));
    words.remove_prefix(std::min(words.size(), length + 1));
    const bool isOperator = word == "operator";
    if (!isOperator) prefix += word + ".";
    prefix += restName(variable(sample, isOperator ? "operator_name" : word)) + ".";
  }
  return prefix;
}

}  // namespace

protocol::MetricValue toMetricValue(const MetricSample& sample) {
  protocol::MetricValue value;
  value.scope = sample.scope;
  value.variables = sample.variables;
  value.name = sample.name;
  value.kind = static_cast<std::int32_t>(sample.kind);
  value.value = valueText(sample);
  if (const auto* h = std::get_if<HistogramStatistics>(&sample.value)) {
    value.histogram = {static_cast<double>(h->count),
                       h->min,
                       h->max,
                       h->mean,
                       h->stddev,
                       h->p50,
                       h->p75,
                       h->p95,
                       h->p98,
                       h->p99,
                       h->p999};
  }
  return value;
}

protocol::TaskIoMetrics toIoMetrics(const task::TaskFigures& figures) {
  protocol::TaskIoMetrics io;
  io.bytesIn = figures.bytesIn;
  io.bytesOut = figures.bytesOut;
  io.recordsIn = figures.recordsIn;
  io.recordsOut = figures.recordsOut;
  io.buffersOut = figures.buffersOut;
  io.accumulatedBackPressuredMs = figures.accumulatedBackPressuredMs;
  io.accumulatedIdleMs = figures.accumulatedIdleMs;
  io.accumulatedBusyMs = static_cast<double>(figures.accumulatedBusyMs);
  io.backPressuredMsPerSecond = figures.backPressuredMsPerSecond;
  io.idleMsPerSecond = figures.idleMsPerSecond;
  io.busyMsPerSecond = figures.busyMsPerSecond;
  return io;
}

std::map<std::string, std::string> restMetricsOf(const std::vector<MetricSample>& samples,
                                                 const ExecutionAttemptId& attempt) {
  std::map<std::string, std::string> values;
  const std::string vertex = attempt.vertex.toHex();
  const std::string subtask = std::to_string(attempt.subtask);
  const std::string number = std::to_string(attempt.attempt);
  for (const auto& sample : samples) {
    if (variable(sample, "task_id") != vertex || variable(sample, "subtask_index") != subtask ||
        variable(sample, "task_attempt_num") != number) {
      continue;
    }
    const std::string id = restPrefix(sample) + sample.name;
    if (const auto* histogram = std::get_if<HistogramStatistics>(&sample.value)) {
      addHistogram(values, id, *histogram);
    } else {
      values[id] = valueText(sample);
    }
  }
  return values;
}

}  // namespace flink::worker
