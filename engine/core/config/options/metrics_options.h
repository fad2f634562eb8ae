#pragma once

#include "core/config/config_option.h"

/// Keys of metrics. Reporters are configured by metrics.reporter.<name>.<key>, see
/// reporter_options.h. Append new ones to the list in metrics_options.cpp too.
namespace flink::config {

inline constexpr ConfigOption<ConfigList> kMetricsReporters{
    "metrics.reporters", "",
    "Names of the reporters to start; without it all that metrics.reporter.<name>.* configures, "
    "and Prometheus on the "
    "first free port of 9249-9259. An empty list starts none."};

}  // namespace flink::config
