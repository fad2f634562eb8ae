#include "apps/reporters.h"

#include <utility>

#include "core/base/error_codes.h"
#include "core/base/log.h"
#include "core/config/options/security_options.h"
#include "core/config/reporter_options.h"

namespace flink::apps {

namespace {
Logger kLog{"flink.metrics"};
}  // namespace

Result<Reporters> startReporters(const config::Configuration& configuration,
                                 const metrics::MetricSource& source) {
  FLINK_ASSIGN_OR_RETURN(const auto plan, config::planReporters(configuration));
  for (const auto& warning : plan.warnings) FLINK_WARN(kLog, "{}", warning.text);
  FLINK_ASSIGN_OR_RETURN(const bool allowInsecure,
                         configuration.get(config::kSecurityAllowInsecure));
  Reporters reporters;
  for (const auto& options : plan.reporters) {
    metrics::PrometheusSettings settings;
    settings.name = options.name;
    settings.host = options.host;
    settings.ports = options.ports;
    settings.allowInsecure = allowInsecure;
    settings.format.filterLabelValueCharacters = options.filterLabelValueCharacters;
    FLINK_ASSIGN_OR_RETURN(settings.format.filter,
                           metrics::MetricFilter::parse(options.includes, options.excludes));
    settings.format.excludedVariables = options.excludedVariables;
    settings.format.additionalVariables = options.additionalVariables;
    auto reporter = metrics::PrometheusReporter::start(settings, {source});
    if (!reporter.isOk() && reporter.status().code() == ErrorCode::kPortInUse) {
      // As in Flink, a cluster runs without metrics rather than not at all.
      FLINK_WARN(kLog, "reporter not started: {}", reporter.status().toString());
      continue;
    }
    if (!reporter.isOk()) return reporter.status();
    FLINK_INFO(kLog, "reporter started name={} port={}", settings.name, (*reporter)->port());
    reporters.push_back(std::move(reporter).value());
  }
  return reporters;
}

}  // namespace flink::apps
