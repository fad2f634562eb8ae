#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/protocol/cluster_view.h"
#include "cluster/protocol/messages.h"

/// The JSON bodies of Flink's REST API, made from protocol values. Pure functions.
namespace flink::rest {

struct DashboardConfiguration {
  std::int64_t refreshIntervalMs = 3000;
  bool submitEnabled = true;
  bool cancelEnabled = true;
  std::string timezoneName = "Coordinated Universal Time";
  std::int32_t timezoneOffsetMs = 0;
};

std::string overviewJson(const protocol::ClusterOverview& overview);
std::string configJson(const DashboardConfiguration& dashboard, std::string_view version,
                       std::string_view commit);
std::string keyValuesJson(const std::map<std::string, std::string>& values);
std::string logListJson(const std::vector<protocol::LogFile>& files);

std::string jobIdsJson(const std::vector<protocol::JobOverview>& jobs);
std::string jobsOverviewJson(const std::vector<protocol::JobOverview>& jobs);
std::string jobDetailsJson(const protocol::JobDetails& job);
std::string jobPlanJson(const protocol::JobDetails& job);
std::string jobConfigJson(const protocol::JobDetails& job);
/// The restart strategy that a job's own configuration names, in Flink's words.
std::string restartStrategyText(const std::map<std::string, std::string>& jobConfiguration);
std::string jobStatusJson(const protocol::JobDetails& job);
std::string jobExceptionsJson(const protocol::JobDetails& job, std::size_t maxExceptions);
/// COMPLETED with the result, or IN_PROGRESS.
std::string executionResultJson(const protocol::WaitJobRequest::Response& answer);
std::string accumulatorsJson(const protocol::WaitJobRequest::Response& answer);
/// A plan of a program that was not submitted.
std::string planOfGraphJson(const protocol::JobGraph& graph);
std::string jarRunJson(const JobId& job);

/// How strongly a subtask is held back: Flink's thresholds 0.10 and 0.5.
std::string_view backPressureLevel(double ratio);
std::string vertexDetailsJson(const protocol::JobDetails& job, const protocol::VertexView& vertex);
std::string subtaskJson(const protocol::JobDetails& job, const protocol::SubtaskView& subtask);
std::string subtaskTimesJson(const protocol::JobDetails& job, const protocol::VertexView& vertex);
/// Of a vertex none of whose subtasks runs nothing is measured.
std::string backPressureJson(const protocol::JobDetails& job, const protocol::VertexView& vertex);
std::string backPressureUnknownJson();

/// [{id}] of all ids, or [{id,value}] of those asked for.
std::string metricsJson(const std::map<std::string, std::string>& values,
                        const std::vector<std::string>& get);
/// Ids `<subtask>.<metric>` over all subtasks of a vertex.
std::map<std::string, std::string> vertexMetrics(
    const std::vector<protocol::SubtaskMetrics>& subtasks);
/// Subtasks by number, as ranges: a request may name each of them many times over.
class SubtaskChoice {
 public:
  /// From `first` to `last`, both included. REQUIRES: first <= last.
  void add(std::int32_t first, std::int32_t last);
  /// Without any range all are meant.
  [[nodiscard]] bool contains(std::int32_t subtask) const;

 private:
  std::map<std::int32_t, std::int32_t> ranges_;  ///< first and last, apart from each other
};

/// [{id,min,max,avg,sum,skew}] over the subtasks chosen; `aggregations` empty: all of them.
std::string aggregatedMetricsJson(const std::vector<protocol::SubtaskMetrics>& subtasks,
                                  const std::vector<std::string>& get,
                                  const std::vector<std::string>& aggregations,
                                  const SubtaskChoice& chosen);

std::string taskManagersJson(const std::vector<protocol::TaskManagerView>& taskManagers);
std::string taskManagerJson(const protocol::TaskManagerView& taskManager);

}  // namespace flink::rest
