#pragma once

#include <string>
#include <string_view>

#include "core/metrics/registry.h"

namespace flink::metrics {

/// A sample's name cut where reporters cut it: `taskmanager.job.task.Shuffle.Netty.Input` and
/// `numBytesInLocal`.
struct LogicalName {
  std::string scope;
  std::string name;
};
[[nodiscard]] LogicalName logicalName(const MetricSample& sample);

/// Every character outside [a-zA-Z0-9:_] becomes '_', as Flink does for Prometheus.
[[nodiscard]] std::string toPrometheusText(std::string_view text);

}  // namespace flink::metrics
