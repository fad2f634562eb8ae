#include "core/metrics/metric_names.h"

namespace flink::metrics {

LogicalName logicalName(const MetricSample& sample) {
  const std::size_t dot = sample.name.rfind('.');
  if (dot == std::string::npos) return {sample.scope, sample.name};
  return {sample.scope + "." + sample.name.substr(0, dot), sample.name.substr(dot + 1)};
}

std::string toPrometheusText(std::string_view text) {
  std::string filtered(text);
  for (char& c : filtered) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == ':' || c == '_';
    if (!kept) c = '_';
  }
  return filtered;
}

}  // namespace flink::metrics
