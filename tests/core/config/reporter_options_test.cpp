#include "core/config/reporter_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flink::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Result<ReporterPlan> plan(const std::map<std::string, std::string>& values) {
  return planReporters(Configuration::fromMap(values));
}

TEST(ReporterOptionsTest, PrometheusIsOnByDefault) {
  const auto reporters = plan({});
  ASSERT_TRUE(reporters.isOk());
  ASSERT_THAT(reporters->reporters, SizeIs(1));
  EXPECT_EQ(reporters->reporters[0].ports.front(), 9249);
  EXPECT_EQ(reporters->reporters[0].ports.back(), 9259);
  EXPECT_EQ(reporters->reporters[0].host, "localhost");
}

TEST(ReporterOptionsTest, EmptyListStartsNone) {
  EXPECT_THAT(plan({{"metrics.reporters", ""}})->reporters, IsEmpty());
}

TEST(ReporterOptionsTest, FormsOfDocumentsInTheWild) {
  const auto reporters = plan({{"metrics.reporters", "prometheus"},
                               {"metrics.reporter.prometheus.class",
                                "org.apache.flink.metrics.prometheus.PrometheusReporter"},
                               {"metrics.reporter.prometheus.port", "9249-9250"},
                               {"metrics.reporter.prometheus.host", "0.0.0.0"}});
  ASSERT_TRUE(reporters.isOk());
  ASSERT_THAT(reporters->reporters, SizeIs(1));
  EXPECT_EQ(reporters->reporters[0].name, "prometheus");
  EXPECT_THAT(reporters->reporters[0].ports, ElementsAre(9249, 9250));
  EXPECT_EQ(reporters->reporters[0].host, "0.0.0.0");
}

TEST(ReporterOptionsTest, OtherKindsAreRemarkedAndPrometheusStaysOn) {
  const auto jmx = plan(
      {{"metrics.reporter.jmx.factory.class", "org.apache.flink.metrics.jmx.JMXReporterFactory"},
       {"metrics.reporter.jmx.port", "8789"}});
  ASSERT_TRUE(jmx.isOk());
  EXPECT_THAT(jmx->reporters, SizeIs(1));
  ASSERT_THAT(jmx->warnings, SizeIs(1));
  EXPECT_THAT(jmx->warnings[0].text, HasSubstr("metrics.reporter.jmx"));
  const auto listed = plan({{"metrics.reporters", "prom,jmx"}});
  EXPECT_THAT(listed->reporters, SizeIs(1));
  EXPECT_THAT(listed->warnings, SizeIs(1));
}

TEST(ReporterOptionsTest, FiltersAndVariables) {
  const auto reporters =
      plan({{"metrics.reporter.prom.filter.includes", "*:numRecords*,busy*:gauge;jobmanager.*"},
            {"metrics.reporter.prom.filter.excludes", "*:*Latency"},
            {"metrics.reporter.prom.filterLabelValueCharacters", "false"},
            {"metrics.reporter.prom.scope.variables.excludes", "<host>;tm_id"},
            {"metrics.reporter.prom.scope.variables.additional", "cluster:c1,zone:z"}});
  ASSERT_TRUE(reporters.isOk()) << reporters.status().toString();
  const ReporterOptions& options = reporters->reporters.at(0);
  EXPECT_THAT(options.includes, ElementsAre("*:numRecords*,busy*:gauge", "jobmanager.*"));
  EXPECT_THAT(options.excludes, ElementsAre("*:*Latency"));
  EXPECT_FALSE(options.filterLabelValueCharacters);
  EXPECT_EQ(options.excludedVariables, (std::set<std::string>{"host", "tm_id"}));
  EXPECT_EQ(options.additionalVariables,
            (std::map<std::string, std::string>{{"cluster", "c1"}, {"zone", "z"}}));
  EXPECT_FALSE(plan({{"metrics.reporter.prom.filterLabelValueCharacters", "maybe"}}).isOk());
  EXPECT_FALSE(plan({{"metrics.reporter.prom.scope.variables.additional", "nocolon"}}).isOk());
}

}  // namespace
}  // namespace flink::config
