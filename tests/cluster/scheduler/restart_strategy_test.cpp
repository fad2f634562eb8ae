#include "cluster/scheduler/restart_strategy.h"

#include <gmock/gmock.h>

#include "core/base/error_codes.h"

namespace flink::scheduler {
namespace {

using ::testing::HasSubstr;
using Values = std::map<std::string, std::string>;

class RestartStrategyTest : public ::testing::Test {
 protected:
  std::string chosen(const Values& job, const Values& cluster, bool checkpointing) {
    const auto strategy =
        restartStrategyOf(config::Configuration::fromMap(job),
                          config::Configuration::fromMap(cluster), checkpointing, *rng_);
    return strategy.isOk() ? (*strategy)->describe() : strategy.status().toString();
  }
  const std::unique_ptr<Rng> rng_ = makeSeededRng(5);
};

TEST_F(RestartStrategyTest, NoneNeverRestarts) {
  const auto strategy = makeNoRestartStrategy();
  strategy->notifyFailure(0);
  EXPECT_FALSE(strategy->canRestart(0));
}

TEST_F(RestartStrategyTest, FixedDelayEndsAfterItsAttempts) {
  const auto strategy = makeFixedDelayRestartStrategy(2, 70);
  for (int failure = 1; failure <= 2; ++failure) {
    EXPECT_TRUE(strategy->notifyFailure(failure));
    EXPECT_TRUE(strategy->canRestart(failure));
    EXPECT_EQ(strategy->backoffMs(failure), 70);
  }
  strategy->notifyFailure(3);
  EXPECT_FALSE(strategy->canRestart(3));
}

TEST_F(RestartStrategyTest, FailureRateCountsWithinItsInterval) {
  const auto strategy = makeFailureRateRestartStrategy(2, 100, 7);
  strategy->notifyFailure(0);
  strategy->notifyFailure(10);
  EXPECT_TRUE(strategy->canRestart(10));
  strategy->notifyFailure(101);
  EXPECT_TRUE(strategy->canRestart(101)) << "the first one is out of the interval";
  strategy->notifyFailure(105);
  EXPECT_FALSE(strategy->canRestart(105));
  EXPECT_TRUE(strategy->canRestart(111)) << "and later the second one";
  EXPECT_EQ(strategy->backoffMs(105), 7);
}

TEST_F(RestartStrategyTest, ExponentialDelayGrowsUpToItsMaximum) {
  ExponentialDelay delay;
  delay.initialBackoffMs = 4;
  delay.maxBackoffMs = 30;
  delay.multiplier = 2;
  delay.jitterFactor = 0;
  const auto strategy = makeExponentialDelayRestartStrategy(delay, *rng_);
  std::int64_t now = 1'000;
  for (const std::int64_t expected : {4, 8, 16, 30, 30}) {
    EXPECT_TRUE(strategy->notifyFailure(now));
    EXPECT_EQ(strategy->backoffMs(now), expected);
    now += expected + 1;
  }
}

TEST_F(RestartStrategyTest, FailuresBeforeTheRestartBelongToOneAttempt) {
  ExponentialDelay delay;
  delay.jitterFactor = 0;
  delay.maxAttempts = 1;
  const auto strategy = makeExponentialDelayRestartStrategy(delay, *rng_);
  EXPECT_TRUE(strategy->notifyFailure(0));
  EXPECT_FALSE(strategy->notifyFailure(400));
  EXPECT_EQ(strategy->backoffMs(400), 600);
  EXPECT_FALSE(strategy->notifyFailure(1'000)) << "the restart is just due";
  EXPECT_TRUE(strategy->canRestart(1'000));
  EXPECT_TRUE(strategy->notifyFailure(1'001));
  EXPECT_FALSE(strategy->canRestart(1'001)) << "the second attempt is one too many";
}

TEST_F(RestartStrategyTest, QuietTimeResetsTheBackoff) {
  ExponentialDelay delay;
  delay.jitterFactor = 0;
  delay.resetThresholdMs = 5'000;
  const auto strategy = makeExponentialDelayRestartStrategy(delay, *rng_);
  strategy->notifyFailure(0);
  strategy->notifyFailure(1'001);
  EXPECT_EQ(strategy->backoffMs(1'001), 1'500);
  strategy->notifyFailure(2'501 + 4'999);
  EXPECT_EQ(strategy->backoffMs(7'500), 2'250);
  strategy->notifyFailure(9'750 + 5'000);
  EXPECT_EQ(strategy->backoffMs(14'750), 1'000);
}

TEST_F(RestartStrategyTest, JitterStaysWithinItsShareAndTheBounds) {
  ExponentialDelay delay;
  delay.initialBackoffMs = 1'000;
  delay.multiplier = 3;
  delay.jitterFactor = 0.2;
  std::int64_t least = INT64_MAX;
  std::int64_t most = 0;
  for (int i = 0; i < 2'000; ++i) {
    const auto strategy = makeExponentialDelayRestartStrategy(delay, *rng_);
    strategy->notifyFailure(0);
    const std::int64_t first = strategy->backoffMs(0);
    EXPECT_GE(first, 1'000) << "never less than the initial backoff";
    EXPECT_LE(first, 1'200);
    strategy->notifyFailure(10'000);
    least = std::min(least, strategy->backoffMs(10'000));
    most = std::max(most, strategy->backoffMs(10'000));
  }
  EXPECT_GE(least, 2'400);
  EXPECT_LE(most, 3'600);
  EXPECT_LT(least, 2'450);
  EXPECT_GT(most, 3'550);
}

TEST_F(RestartStrategyTest, BackoffDoesNotOverflow) {
  ExponentialDelay delay;
  delay.multiplier = 10;
  const auto strategy = makeExponentialDelayRestartStrategy(delay, *rng_);
  std::int64_t now = 0;
  for (int i = 0; i < 1'000; ++i) {
    strategy->notifyFailure(now);
    EXPECT_LE(strategy->backoffMs(now), delay.maxBackoffMs);
    now += delay.maxBackoffMs + 1;
  }
}

TEST_F(RestartStrategyTest, JobBeforeClusterBeforeDefault) {
  EXPECT_EQ(chosen({}, {}, false), "NoRestartBackoffTimeStrategy");
  EXPECT_THAT(chosen({}, {}, true), HasSubstr("ExponentialDelayRestartBackoffTimeStrategy("
                                              "initialBackoffMS=1000, maxBackoffMS=60000, "
                                              "backoffMultiplier=1.5"));
  EXPECT_THAT(chosen({}, {}, true), HasSubstr("attemptsBeforeResetBackoff=2147483647"));
  EXPECT_EQ(chosen({}, {{"restart-strategy.type", "none"}}, true), "NoRestartBackoffTimeStrategy");
  EXPECT_EQ(chosen({{"restart-strategy.type", "fixed-delay"}},
                   {{"restart-strategy.type", "failure-rate"},
                    {"restart-strategy.fixed-delay.attempts", "9"}},
                   true),
            "FixedDelayRestartBackoffTimeStrategy(maxNumberRestartAttempts=1, backoffTimeMS=1000)")
      << "settings stand where the name stands";
  EXPECT_EQ(
      chosen({{"restart-strategy.fixed-delay.attempts", "3"}},
             {{"restart-strategy", "FixedDelay"}, {"restart-strategy.fixed-delay.delay", "2 s"}},
             false),
      "FixedDelayRestartBackoffTimeStrategy(maxNumberRestartAttempts=1, backoffTimeMS=2000)");
  EXPECT_EQ(chosen({{"restart-strategy.type", "failurerate"}}, {}, false),
            "FailureRateRestartBackoffTimeStrategy(failuresIntervalMS=60000,backoffTimeMS=1000,"
            "maxFailuresPerInterval=1)");
}

TEST_F(RestartStrategyTest, ImpossibleSettingsAreRefused) {
  EXPECT_THAT(chosen({{"restart-strategy.type", "sometimes"}}, {}, false),
              HasSubstr("restart-strategy.type"));
  EXPECT_THAT(chosen({{"restart-strategy.type", "exponential-delay"},
                      {"restart-strategy.exponential-delay.initial-backoff", "2 min"}},
                     {}, false),
              HasSubstr("max-backoff"));
  EXPECT_THAT(chosen({{"restart-strategy.type", "exponential-delay"},
                      {"restart-strategy.exponential-delay.backoff-multiplier", "1"}},
                     {}, false),
              HasSubstr("greater than 1"));
}

}  // namespace
}  // namespace flink::scheduler
