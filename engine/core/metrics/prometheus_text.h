#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/metrics/metric_filter.h"
#include "core/metrics/registry.h"

namespace flink::metrics {

/// What of a sample is exported, and how.
struct PrometheusFormat {
  bool filterLabelValueCharacters = true;  ///< label values keep only [a-zA-Z0-9:_]
  MetricFilter filter;
  std::set<std::string> excludedVariables;                 ///< no labels for these
  std::map<std::string, std::string> additionalVariables;  ///< labels that are added or replaced
};

/// The samples in Prometheus' text format with Flink's names:
/// `flink_taskmanager_job_task_numRecordsIn{...}`. Counters, gauges and meters are gauges,
/// histograms are summaries; values that are no number are 0.
[[nodiscard]] std::string toPrometheusExposition(const std::vector<MetricSample>& samples,
                                                 const PrometheusFormat& format);

}  // namespace flink::metrics
