#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error_codes.h"
#include "core/metrics/prometheus_reporter.h"

namespace flink::metrics {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

MetricSample metricOf(std::string scope, std::string name, MetricKind kind,
                      decltype(MetricSample::value) value,
                      std::map<std::string, std::string> variables = {}) {
  return {std::move(scope), std::move(variables), std::move(name), kind, std::move(value)};
}

std::string get(int port, const std::string& path) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    const std::string request =
        "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(::write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
    char buffer[4096];
    for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;)
      answer.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return answer;
}

TEST(PrometheusTextTest, NamesLabelsTypesAndHelpAsFlinkHasThem) {
  const std::map<std::string, std::string> variables = {
      {"host", "localhost"},
      {"tm_id", "localhost:46555-6a19e1"},
      {"task_name", "Source: Numbers -> Map/Filter"}};
  const std::string text = toPrometheusExposition(
      {metricOf("taskmanager.job.task", "Shuffle.Netty.Input.Buffers.inputQueueLength",
                MetricKind::kGauge, std::int64_t{5}, variables)},
      {});
  EXPECT_EQ(
      text,
      "# HELP flink_taskmanager_job_task_Shuffle_Netty_Input_Buffers_inputQueueLength "
      "inputQueueLength (scope: "
      "taskmanager_job_task_Shuffle_Netty_Input_Buffers)\n"
      "# TYPE flink_taskmanager_job_task_Shuffle_Netty_Input_Buffers_inputQueueLength gauge\n"
      "flink_taskmanager_job_task_Shuffle_Netty_Input_Buffers_inputQueueLength{host=\"localhost\","
      "task_name=\"Source:_Numbers____Map_Filter\",tm_id=\"localhost:46555_6a19e1\"} 5\n");
}

TEST(PrometheusTextTest, ValuesOfEveryKind) {
  const std::string text = toPrometheusExposition(
      {metricOf("jobmanager", "counter", MetricKind::kCounter, std::int64_t{12}),
       metricOf("jobmanager", "meter", MetricKind::kMeter, 0.25),
       metricOf("jobmanager", "yes", MetricKind::kGauge, true),
       metricOf("jobmanager", "text", MetricKind::kGauge, std::string("words")),
       metricOf("jobmanager", "none", MetricKind::kGauge,
                std::numeric_limits<double>::quiet_NaN())},
      {});
  EXPECT_THAT(text, AllOf(HasSubstr("\nflink_jobmanager_counter 12\n"),
                          HasSubstr("# TYPE flink_jobmanager_counter gauge"),
                          HasSubstr("\nflink_jobmanager_meter 0.25\n"),
                          HasSubstr("\nflink_jobmanager_yes 1\n"),
                          HasSubstr("\nflink_jobmanager_text 0\n")));
  EXPECT_THAT(text, AllOf(HasSubstr("flink_jobmanager_none "), HasSubstr("an\n")));
}

TEST(PrometheusTextTest, HistogramIsASummaryWithoutSum) {
  HistogramStatistics statistics;
  statistics.count = 4;
  statistics.p50 = 1.5;
  statistics.p999 = 9;
  const std::string text =
      toPrometheusExposition({metricOf("taskmanager.job.task", "mailboxLatencyMs",
                                       MetricKind::kHistogram, statistics, {{"host", "h"}})},
                             {});
  EXPECT_THAT(
      text,
      StartsWith(
          "# HELP flink_taskmanager_job_task_mailboxLatencyMs mailboxLatencyMs (scope: "
          "taskmanager_job_task)\n# TYPE flink_taskmanager_job_task_mailboxLatencyMs summary\n"));
  EXPECT_THAT(text, HasSubstr("mailboxLatencyMs_count{host=\"h\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("mailboxLatencyMs{host=\"h\",quantile=\"0.5\"} 1.5\n"));
  EXPECT_THAT(text, HasSubstr("mailboxLatencyMs{host=\"h\",quantile=\"0.999\"} 9\n"));
  EXPECT_THAT(text, Not(HasSubstr("_sum")));
}

TEST(PrometheusTextTest, OneFamilyForSamplesOfSeveralSources) {
  const std::string text = toPrometheusExposition(
      {metricOf("taskmanager", "n", MetricKind::kGauge, std::int64_t{1}, {{"job", "a"}}),
       metricOf("taskmanager", "m", MetricKind::kGauge, std::int64_t{1}),
       metricOf("taskmanager", "n", MetricKind::kGauge, std::int64_t{2}, {{"job", "b"}}),
       metricOf("taskmanager", "n", MetricKind::kGauge, std::int64_t{3}, {{"job", "b"}}),
       metricOf("taskmanager", "n", MetricKind::kHistogram, HistogramStatistics{}, {{"job", "c"}})},
      {});
  EXPECT_THAT(text,
              HasSubstr("flink_taskmanager_n{job=\"a\"} 1\nflink_taskmanager_n{job=\"b\"} 3\n"));
  EXPECT_EQ(text.find("# TYPE flink_taskmanager_n"), text.rfind("# TYPE flink_taskmanager_n"));
  EXPECT_THAT(text, Not(HasSubstr("summary")));
}

TEST(PrometheusTextTest, FormatOptions) {
  PrometheusFormat format;
  format.filterLabelValueCharacters = false;
  format.excludedVariables = {"host"};
  format.additionalVariables = {{"cluster", "c-1"}, {"tm_id", "other"}};
  format.filter = *MetricFilter::parse({"*:n"}, {});
  const std::string text =
      toPrometheusExposition({metricOf("taskmanager", "n", MetricKind::kGauge, std::int64_t{1},
                                       {{"host", "h"}, {"tm_id", "x"}, {"task_name", "a \"b\"\n"}}),
                              metricOf("taskmanager", "m", MetricKind::kGauge, std::int64_t{1})},
                             format);
  EXPECT_THAT(text,
              HasSubstr("{task_name=\"a \\\"b\\\"\\n\",tm_id=\"other\",cluster=\"c-1\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("flink_taskmanager_m")));
}

TEST(PrometheusReporterTest, ServesAllSourcesUnderEveryPath) {
  PrometheusSettings settings;
  settings.ports = {0};
  auto reporter = PrometheusReporter::start(
      settings,
      {[] {
         return std::vector{metricOf("taskmanager", "a", MetricKind::kGauge, std::int64_t{1})};
       },
       [] {
         return std::vector{metricOf("taskmanager", "b", MetricKind::kGauge, std::int64_t{2})};
       }});
  ASSERT_TRUE(reporter.isOk()) << reporter.status().toString();
  ASSERT_GT((*reporter)->port(), 0);
  for (const char* path : {"/metrics", "/"}) {
    EXPECT_THAT(get((*reporter)->port(), path),
                AllOf(StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4"),
                      HasSubstr("flink_taskmanager_a 1\n"), HasSubstr("flink_taskmanager_b 2\n")));
  }
}

TEST(PrometheusReporterTest, TakesTheFirstFreePort) {
  PrometheusSettings settings;
  settings.ports = {0};
  auto first = PrometheusReporter::start(settings, {});
  ASSERT_TRUE(first.isOk());
  settings.ports = {(*first)->port()};
  const auto taken = PrometheusReporter::start(settings, {});
  ASSERT_FALSE(taken.isOk());
  EXPECT_EQ(taken.status().code(), ErrorCode::kPortInUse);
  settings.ports = {(*first)->port(), 0};
  auto second = PrometheusReporter::start(settings, {});
  ASSERT_TRUE(second.isOk());
  EXPECT_NE((*second)->port(), (*first)->port());
}

TEST(PrometheusReporterTest, StaysOnLoopbackUnlessAllowed) {
  PrometheusSettings settings;
  settings.ports = {0};
  settings.host = "0.0.0.0";
  const auto refused = PrometheusReporter::start(settings, {});
  ASSERT_FALSE(refused.isOk());
  EXPECT_EQ(refused.status().code(), ErrorCode::kBindRefused);
  settings.allowInsecure = true;
  EXPECT_TRUE(PrometheusReporter::start(settings, {}).isOk());
}

}  // namespace
}  // namespace flink::metrics
