#include "cluster/worker/worker_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/job_graph_builder.h"

namespace flink::worker {
namespace {

using metrics::MetricKind;
using metrics::MetricSample;
using ::testing::Contains;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

const ExecutionAttemptId kAttempt{testing::idOf<JobId>(1), testing::idOf<JobVertexId>(2), 3, 0};

MetricSample sampleOf(const std::string& name, decltype(MetricSample::value) value,
                      std::map<std::string, std::string> more = {}) {
  MetricSample sample;
  sample.scope = more.contains("state_name")      ? "taskmanager.job.task.operator.state_name"
                 : more.contains("operator_name") ? "taskmanager.job.task.operator"
                                                  : "taskmanager.job.task";
  sample.variables = {
      {"task_id", kAttempt.vertex.toHex()}, {"subtask_index", "3"}, {"task_attempt_num", "0"}};
  sample.variables.insert(more.begin(), more.end());
  sample.name = name;
  sample.value = std::move(value);
  return sample;
}

TEST(WorkerReportTest, RestIdsCarryTheOperatorsName) {
  auto other = sampleOf("numRecordsIn", std::int64_t{9});
  other.variables["subtask_index"] = "4";
  const std::vector<MetricSample> samples = {
      sampleOf("numRecordsIn", std::int64_t{5}),
      sampleOf("numRecordsIn", std::int64_t{7}, {{"operator_name", "Source: Custom Source"}}),
      sampleOf("size", std::int64_t{3}, {{"operator_name", "Map"}, {"state_name", "my total"}}),
      sampleOf("Shuffle.Netty.Input.numBytesInLocal", std::int64_t{1}),
      sampleOf("busyTimeMsPerSecond", 0.0),
      sampleOf("isBackPressured", true),
      other};
  EXPECT_THAT(restMetricsOf(samples, kAttempt),
              UnorderedElementsAre(
                  Pair("numRecordsIn", "5"), Pair("Source__Custom_Source.numRecordsIn", "7"),
                  Pair("Map.state_name.my_total.size", "3"),
                  Pair("Shuffle.Netty.Input.numBytesInLocal", "1"),
                  Pair("busyTimeMsPerSecond", "0.0"), Pair("isBackPressured", "true")));
}

TEST(WorkerReportTest, HistogramsBecomeOneValuePerStatistic) {
  metrics::HistogramStatistics histogram;
  histogram.p99 = 12.5;
  const auto values = restMetricsOf({sampleOf("latency", histogram)}, kAttempt);
  EXPECT_THAT(values, Contains(Pair("latency_p99", "12.5")));
  EXPECT_EQ(values.size(), 10U);
}

TEST(WorkerReportTest, NumbersReadLikeJavas) {
  const auto text = [](double value) { return toMetricValue(sampleOf("x", value)).value; };
  EXPECT_EQ(text(3), "3.0");
  EXPECT_EQ(text(0.25), "0.25");
  EXPECT_EQ(text(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(text(std::numeric_limits<double>::infinity()), "Infinity");
}

}  // namespace
}  // namespace flink::worker
