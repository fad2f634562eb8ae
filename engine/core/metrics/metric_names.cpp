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

std::string ScopeFormats::identifier(const MetricSample& sample) const {
  const auto it = formatOfScope_.find(sample.scope);
  const std::string_view format =
      it != formatOfScope_.end() ? std::string_view(it->second) : sample.scope;
  std::string text;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '.') {
      text += delimiter_;
      continue;
    }
    const std::size_t close = format[i] == '<' ? format.find('>', i) : std::string_view::npos;
    if (close != std::string_view::npos) {
      const auto variable = sample.variables.find(std::string(format.substr(i + 1, close - i - 1)));
      if (variable != sample.variables.end()) {
        text += variable->second;
        i = close;
        continue;
      }
    }
    text += format[i];
  }
  text += delimiter_;
  for (const char c : sample.name) {
    if (c == '.') {
      text += delimiter_;
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace flink::metrics
