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
inline constexpr ConfigOption<ConfigList> kMetricsJobStatusEnable{
    "metrics.job.status.enable",
    "CURRENT_TIME",
    "What is measured of each state of a job (running, restarting, ...): whether the job is in it "
    "(STATE: runningState), how long it has been (CURRENT_TIME: runningTime), how long it was "
    "altogether (TOTAL_TIME: runningTimeTotal).",
    {},
    "STATE|CURRENT_TIME|TOTAL_TIME"};

}  // namespace flink::config
