#include "core/metrics/prometheus_text.h"

#include <cmath>
#include <map>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "core/metrics/metric_names.h"

namespace flink::metrics {
namespace {

using prometheus::ClientMetric;
using Labels = std::vector<ClientMetric::Label>;

/// One metric name with all its series. A series that occurs again takes the place of the first.
struct Family {
  std::string help;
  bool isSummary = false;
  std::map<Labels, double> gauges;
  std::map<Labels, HistogramStatistics> summaries;
};

double numberOf(const MetricSample& sample) {
  return std::visit(
      [](const auto& value) -> double {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_arithmetic_v<T>) {
          return static_cast<double>(value);
        } else {
          return 0;
        }
      },
      sample.value);
}

Labels labelsOf(const MetricSample& sample, const PrometheusFormat& format) {
  Labels labels;
  const auto add = [&](const std::string& name, const std::string& value) {
    labels.push_back({toPrometheusText(name),
                      format.filterLabelValueCharacters ? toPrometheusText(value) : value});
  };
  for (const auto& [name, value] : sample.variables) {
    if (format.excludedVariables.contains(name)) continue;
    const auto additional = format.additionalVariables.find(name);
    add(name, additional == format.additionalVariables.end() ? value : additional->second);
  }
  for (const auto& [name, value] : format.additionalVariables) {
    if (!sample.variables.contains(name)) add(name, value);
  }
  return labels;
}

std::string numberText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\n') {
      result += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') result += '\\';
    result += c;
  }
  return result;
}

void writeSummaries(std::ostream& out, const std::string& name, const Family& family) {
  out << "# HELP " << name << ' ' << family.help << "\n# TYPE " << name << " summary\n";
  for (const auto& [labels, statistics] : family.summaries) {
    std::string series;
    for (const auto& label : labels)
      series += fmt::format("{}=\"{}\",", label.name, escaped(label.value));
    const std::pair<const char*, double> quantiles[] = {
        {"0.5", statistics.p50},  {"0.75", statistics.p75}, {"0.95", statistics.p95},
        {"0.98", statistics.p98}, {"0.99", statistics.p99}, {"0.999", statistics.p999}};
    const std::string_view ofCount =
        series.empty() ? series : std::string_view(series).substr(0, series.size() - 1);
    out << name << "_count{" << ofCount << "} " << statistics.count << '\n';
    for (const auto& [quantile, value] : quantiles) {
      out << name << '{' << series << "quantile=\"" << quantile << "\"} " << numberText(value)
          << '\n';
    }
  }
}

prometheus::MetricFamily gaugesOf(const std::string& name, Family& family) {
  prometheus::MetricFamily result{name, std::move(family.help), prometheus::MetricType::Gauge, {}};
  result.metric.reserve(family.gauges.size());
  for (const auto& [labels, value] : family.gauges) {
    ClientMetric metric;
    metric.label = labels;
    metric.gauge.value = value;
    result.metric.push_back(std::move(metric));
  }
  return result;
}

}  // namespace

std::string toPrometheusExposition(const std::vector<MetricSample>& samples,
                                   const PrometheusFormat& format) {
  std::map<std::string, Family> families;
  for (const MetricSample& sample : samples) {
    if (!format.filter.accepts(sample)) continue;
    const LogicalName logical = logicalName(sample);
    const std::string scope = toPrometheusText(logical.scope);
    const auto* statistics = std::get_if<HistogramStatistics>(&sample.value);
    const auto [it, isNew] =
        families.try_emplace("flink_" + scope + "_" + toPrometheusText(logical.name));
    Family& family = it->second;
    if (isNew) {
      family.help = fmt::format("{} (scope: {})", logical.name, scope);
      family.isSummary = statistics != nullptr;
    } else if (family.isSummary != (statistics != nullptr)) {
      continue;  // one name has one type
    }
    Labels labels = labelsOf(sample, format);
    if (statistics != nullptr) {
      family.summaries.insert_or_assign(std::move(labels), *statistics);
    } else {
      family.gauges.insert_or_assign(std::move(labels), numberOf(sample));
    }
  }
  std::ostringstream out;
  std::vector<prometheus::MetricFamily> gauges;
  for (auto& [name, family] : families) {
    if (family.isSummary) {
      writeSummaries(out, name, family);
    } else {
      gauges.push_back(gaugesOf(name, family));
    }
  }
  prometheus::TextSerializer().Serialize(out, gauges);
  return std::move(out).str();
}

}  // namespace flink::metrics
