#pragma once

#include <memory>
#include <vector>

#include "core/base/result.h"
#include "core/config/configuration.h"
#include "core/metrics/prometheus_reporter.h"

namespace flink::apps {

using Reporters = std::vector<std::unique_ptr<metrics::PrometheusReporter>>;

/// Starts the reporters that the configuration names; reporters of unknown kinds and those whose
/// ports are all taken are left out and remarked in the log. Errors: kConfigInvalidValue,
/// kBindRefused.
Result<Reporters> startReporters(const config::Configuration& configuration,
                                 const metrics::MetricSource& source);

}  // namespace flink::apps
