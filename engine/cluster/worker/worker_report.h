#pragma once

#include <map>
#include <string>
#include <vector>

#include "cluster/protocol/messages.h"
#include "core/metrics/registry.h"
#include "dataflow/task/task.h"

namespace flink::worker {

[[nodiscard]] protocol::MetricValue toMetricValue(const metrics::MetricSample& sample);
[[nodiscard]] protocol::TaskIoMetrics toIoMetrics(const task::TaskFigures& figures);

/// The metrics of one attempt under their REST ids: "numRecordsIn", "Map.numRecordsIn",
/// "mailboxLatencyMs_p99", "Map.state_name.total.valueStateGetLatency_max".
[[nodiscard]] std::map<std::string, std::string> restMetricsOf(
    const std::vector<metrics::MetricSample>& samples, const ExecutionAttemptId& attempt);

}  // namespace flink::worker
