#include "core/base/log.h"

#include "core/base/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace flink {
namespace {

class LogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "flink_log_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    settings_.file = pattern + "/flink-root-taskexecutor-0-host.log";
  }
  void TearDown() override { configureLogging({}); }
  static std::string contentOf(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }
  LogSettings settings_;
};

TEST_F(LogTest, LinesHaveFlinksPattern) {
  Logger logger{"flink.test"};
  EXPECT_TRUE(logsToStderr());
  configureLogging(settings_);
  EXPECT_FALSE(logsToStderr());
  FLINK_INFO(logger, "job started: job={}", 7);
  FLINK_WARN(logger, "careful");
  const std::string padded = "flink.test" + std::string(50, ' ');
  EXPECT_THAT(contentOf(settings_.file),
              ::testing::MatchesRegex(
                  "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{3} INFO  " + padded +
                  " \\[\\] - job started: job=7\n.* WARN  " + padded + " \\[\\] - careful\n"));
}

TEST_F(LogTest, LongestPrefixDecidesTheLevel) {
  Logger early{"flink.network.gate"};
  settings_.rootLevel = LogLevel::kError;
  settings_.levels = {{"flink.network", LogLevel::kDebug}, {"flink", LogLevel::kWarn}};
  configureLogging(settings_);
  Logger late{"flink.task"};
  Logger other{"other"};
  EXPECT_TRUE(early.enabled(LogLevel::kDebug));
  EXPECT_FALSE(late.enabled(LogLevel::kInfo));
  EXPECT_TRUE(late.enabled(LogLevel::kWarn));
  EXPECT_FALSE(other.enabled(LogLevel::kWarn));
  FLINK_INFO(late, "hidden");
  EXPECT_EQ(contentOf(settings_.file), "");
}

TEST_F(LogTest, RotatesBySizeAndKeepsACount) {
  Logger logger{"flink.test"};
  settings_.maxFileBytes = 300;
  settings_.maxFiles = 2;
  configureLogging(settings_);
  for (int i = 0; i < 20; ++i) FLINK_INFO(logger, "line {:03}", i);
  EXPECT_THAT(contentOf(settings_.file), ::testing::HasSubstr("line 019"));
  EXPECT_THAT(contentOf(settings_.file + ".1"), ::testing::HasSubstr("line 017"));
  EXPECT_THAT(contentOf(settings_.file + ".2"), ::testing::HasSubstr("line 015"));
  EXPECT_NE(::access((settings_.file + ".3").c_str(), F_OK), 0);
  EXPECT_LE(contentOf(settings_.file + ".1").size(), 300U);
}

TEST_F(LogTest, ReopenedFileIsContinued) {
  Logger logger{"flink.test"};
  configureLogging(settings_);
  FLINK_INFO(logger, "first");
  configureLogging(settings_);
  FLINK_INFO(logger, "second");
  EXPECT_THAT(contentOf(settings_.file),
              ::testing::AllOf(::testing::HasSubstr("first"), ::testing::HasSubstr("second")));
}

TEST_F(LogTest, FailedCheckStandsInTheLog) {
  configureLogging(settings_);
  EXPECT_DEATH(FLINK_CHECK(1 == 2, "numbers broke"), "numbers broke condition=\\(1 == 2\\)");
  EXPECT_THAT(contentOf(settings_.file), ::testing::HasSubstr("check failed: numbers broke"));
}

}  // namespace
}  // namespace flink
