#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

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

/// Builds identifiers such as `host.taskmanager.id.job.task.0.numRecordsIn`.
class ScopeFormats {
 public:
  /// Logical scope → format with `<variables>` (the values of metrics.scope.*), and what stands
  /// between parts.
  ScopeFormats(std::map<std::string, std::string> formats, std::string delimiter)
      : formatOfScope_(std::move(formats)), delimiter_(std::move(delimiter)) {}
  /// Variables that the sample has not got stay as they are written (`<job_name>`).
  [[nodiscard]] std::string identifier(const MetricSample& sample) const;

 private:
  std::map<std::string, std::string> formatOfScope_;
  std::string delimiter_;
};

}  // namespace flink::metrics
