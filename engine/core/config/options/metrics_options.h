#pragma once

#include "core/config/config_option.h"

/// Keys of metrics. Reporters are configured by metrics.reporter.<name>.<key>, see
/// reporter_settings.h in core/metrics. Append new ones to the list in metrics_options.cpp too.
namespace flink::config {

inline constexpr ConfigOption<ConfigList> kMetricsReporters{
    "metrics.reporters",
    "",
    "Names of the reporters to start; without it all that metrics.reporter.<name>.* configures, and Prometheus on the "
    "first free port of 9249-9259. An empty list starts none."};
inline constexpr ConfigOption<std::string> kMetricsScopeDelimiter{
    "metrics.scope.delimiter", ".", "Separates the parts of a metric's identifier."};
inline constexpr ConfigOption<std::string> kMetricsScopeJm{"metrics.scope.jm", "<host>.jobmanager",
                                                           "Scope of the JobManager's metrics."};
inline constexpr ConfigOption<std::string> kMetricsScopeJmJob{
    "metrics.scope.jm-job",
    "<host>.jobmanager.<job_name>",
    "Scope of a job's metrics on the JobManager.",
    {"metrics.scope.jm.job"}};
inline constexpr ConfigOption<std::string> kMetricsScopeJmOperator{
    "metrics.scope.jm-operator", "<host>.jobmanager.<job_name>.<operator_name>",
    "Scope of an operator's metrics on the JobManager."};
inline constexpr ConfigOption<std::string> kMetricsScopeTm{
    "metrics.scope.tm", "<host>.taskmanager.<tm_id>", "Scope of a TaskManager's metrics."};
inline constexpr ConfigOption<std::string> kMetricsScopeTmJob{
    "metrics.scope.tm-job",
    "<host>.taskmanager.<tm_id>.<job_name>",
    "Scope of a job's metrics on a TaskManager.",
    {"metrics.scope.tm.job"}};
inline constexpr ConfigOption<std::string> kMetricsScopeTask{
    "metrics.scope.task", "<host>.taskmanager.<tm_id>.<job_name>.<task_name>.<subtask_index>",
    "Scope of a task's metrics."};
inline constexpr ConfigOption<std::string> kMetricsScopeOperator{
    "metrics.scope.operator",
    "<host>.taskmanager.<tm_id>.<job_name>.<operator_name>.<subtask_index>",
    "Scope of an operator's metrics."};
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
