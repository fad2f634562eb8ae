#include "core/metrics/metric_filter.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/metrics/metric_names.h"

namespace flink::metrics {
namespace {

std::vector<std::string> splitTrimmed(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(separator, start), text.size());
    std::string part(text.substr(start, end - start));
    part.erase(0, std::min(part.find_first_not_of(' '), part.size()));
    part.erase(part.find_last_not_of(' ') + 1);
    parts.push_back(std::move(part));
    start = end + 1;
  }
  return parts;
}

}  // namespace

bool matchesWildcard(std::string_view pattern, std::string_view text) {
  // Greedy with one fallback point: linear in practice, quadratic at worst, no recursion.
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Result<MetricFilter::Rule> MetricFilter::parseRule(const std::string& text) {
  const std::vector<std::string> parts = splitTrimmed(text, ':');
  if (parts.size() > 3 || parts[0].empty()) {
    return Status(ErrorCode::kConfigInvalidValue,
                  fmt::format("a metric filter has the form scope:names:types: rule='{}'", text));
  }
  Rule rule{parts[0], {"*"}, {}};
  if (parts.size() > 1) rule.names = splitTrimmed(parts[1], ',');
  const std::vector<std::string> kinds =
      parts.size() > 2 ? splitTrimmed(parts[2], ',') : std::vector<std::string>{"*"};
  for (const std::string& kind : kinds) {
    if (kind == "*") {
      rule.kinds = {MetricKind::kCounter, MetricKind::kGauge, MetricKind::kMeter,
                    MetricKind::kHistogram};
    } else if (kind == "counter") {
      rule.kinds.insert(MetricKind::kCounter);
    } else if (kind == "gauge") {
      rule.kinds.insert(MetricKind::kGauge);
    } else if (kind == "meter") {
      rule.kinds.insert(MetricKind::kMeter);
    } else if (kind == "histogram") {
      rule.kinds.insert(MetricKind::kHistogram);
    } else {
      return Status(
          ErrorCode::kConfigInvalidValue,
          fmt::format("a metric type is counter, gauge, meter or histogram: type='{}' rule='{}'",
                      kind, text));
    }
  }
  return rule;
}

Result<MetricFilter> MetricFilter::parse(const std::vector<std::string>& includes,
                                         const std::vector<std::string>& excludes) {
  MetricFilter filter;
  for (const std::string& text : includes) {
    FLINK_ASSIGN_OR_RETURN(Rule rule, parseRule(text));
    filter.includes_.push_back(std::move(rule));
  }
  for (const std::string& text : excludes) {
    FLINK_ASSIGN_OR_RETURN(Rule rule, parseRule(text));
    filter.excludes_.push_back(std::move(rule));
  }
  return filter;
}

bool MetricFilter::matches(const Rule& rule, std::string_view scope, std::string_view name,
                           MetricKind kind) {
  if (!rule.kinds.contains(kind) || !matchesWildcard(rule.scope, scope)) return false;
  return std::any_of(rule.names.begin(), rule.names.end(),
                     [&](const std::string& pattern) { return matchesWildcard(pattern, name); });
}

bool MetricFilter::accepts(const MetricSample& sample) const {
  if (includes_.empty() && excludes_.empty()) return true;
  const LogicalName logical = logicalName(sample);
  const auto hits = [&](const Rule& rule) {
    return matches(rule, logical.scope, logical.name, sample.kind);
  };
  if (std::any_of(excludes_.begin(), excludes_.end(), hits)) return false;
  return includes_.empty() || std::any_of(includes_.begin(), includes_.end(), hits);
}

}  // namespace flink::metrics
