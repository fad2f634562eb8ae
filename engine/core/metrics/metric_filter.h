#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/metrics/registry.h"

namespace flink::metrics {

/// Chooses what a reporter exports: filter.includes and filter.excludes, each
/// `<scope>[:<name,..>[:<type,..>]]` with `*` for any text; scopes are logical ones
/// (`taskmanager.job.task`), types counter, gauge, meter, histogram.
class MetricFilter {
 public:
  /// Lets everything through.
  MetricFilter() = default;
  /// Errors: kConfigInvalidValue naming the rule.
  static Result<MetricFilter> parse(const std::vector<std::string>& includes,
                                    const std::vector<std::string>& excludes);
  [[nodiscard]] bool accepts(const MetricSample& sample) const;

 private:
  struct Rule {
    std::string scope;
    std::vector<std::string> names;
    std::set<MetricKind> kinds;
  };
  static Result<Rule> parseRule(const std::string& text);
  static bool matches(const Rule& rule, std::string_view scope, std::string_view name,
                      MetricKind kind);

  std::vector<Rule> includes_, excludes_;
};

/// `*` in `pattern` stands for any text.
[[nodiscard]] bool matchesWildcard(std::string_view pattern, std::string_view text);

}  // namespace flink::metrics
