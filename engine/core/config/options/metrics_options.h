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
inline constexpr ConfigOption<std::int64_t> kMetricsFetcherUpdateInterval{
    "metrics.fetcher.update-interval",
    "10000",
    "Milliseconds for which REST may show fetched metrics again.",
    {},
    ">=0"};
inline constexpr ConfigOption<Millis> kMetricsReportInterval{
    "metrics.report-interval",
    "5 s",
    "Time between two reports of a worker's metrics to its TaskManager.",
    {},
    ">=1000"};
inline constexpr ConfigOption<ConfigList> kMetricsJobStatusEnable{
    "metrics.job.status.enable", "CURRENT_TIME",
    "Which job state metrics exist: STATE, CURRENT_TIME, TOTAL_TIME."};

}  // namespace flink::config
