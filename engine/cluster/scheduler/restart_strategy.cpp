#include "cluster/scheduler/restart_strategy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "core/base/check.h"
#include "core/base/error_codes.h"
#include "core/config/options/restart_options.h"
#include "core/config/value_text.h"

namespace flink::scheduler {
namespace {

class NoRestartStrategy final : public RestartStrategy {
 public:
  bool notifyFailure(std::int64_t) override { return true; }
  [[nodiscard]] bool canRestart(std::int64_t) const override { return false; }
  [[nodiscard]] std::int64_t backoffMs(std::int64_t) const override { return 0; }
  [[nodiscard]] std::string describe() const override { return "NoRestartBackoffTimeStrategy"; }
};

class FixedDelayRestartStrategy final : public RestartStrategy {
 public:
  FixedDelayRestartStrategy(std::int32_t attempts, std::int64_t delayMs)
      : attempts_(attempts), delayMs_(delayMs) {}
  bool notifyFailure(std::int64_t) override {
    ++numFailures_;
    return true;
  }
  [[nodiscard]] bool canRestart(std::int64_t) const override { return numFailures_ <= attempts_; }
  [[nodiscard]] std::int64_t backoffMs(std::int64_t) const override { return delayMs_; }
  [[nodiscard]] std::string describe() const override {
    return fmt::format(
        "FixedDelayRestartBackoffTimeStrategy(maxNumberRestartAttempts={}, backoffTimeMS={})",
        attempts_, delayMs_);
  }

 private:
  const std::int32_t attempts_;
  const std::int64_t delayMs_;
  std::int64_t numFailures_ = 0;
};

class FailureRateRestartStrategy final : public RestartStrategy {
 public:
  FailureRateRestartStrategy(std::int32_t maxFailures, std::int64_t intervalMs,
                             std::int64_t delayMs)
      : maxFailures_(static_cast<std::size_t>(maxFailures)),
        intervalMs_(intervalMs),
        delayMs_(delayMs) {}
  bool notifyFailure(std::int64_t nowMs) override {
    if (tooMany()) failuresMs_.pop_front();
    failuresMs_.push_back(nowMs);
    return true;
  }
  [[nodiscard]] bool canRestart(std::int64_t nowMs) const override {
    return !tooMany() || nowMs - failuresMs_.front() > intervalMs_;
  }
  [[nodiscard]] std::int64_t backoffMs(std::int64_t) const override { return delayMs_; }
  [[nodiscard]] std::string describe() const override {
    return fmt::format(
        "FailureRateRestartBackoffTimeStrategy(failuresIntervalMS={},backoffTimeMS={},"
        "maxFailuresPerInterval={})",
        intervalMs_, delayMs_, maxFailures_);
  }

 private:
  [[nodiscard]] bool tooMany() const { return failuresMs_.size() > maxFailures_; }

  const std::size_t maxFailures_;
  const std::int64_t intervalMs_;
  const std::int64_t delayMs_;
  std::deque<std::int64_t> failuresMs_;  // the last maxFailures + 1
};

class ExponentialDelayRestartStrategy final : public RestartStrategy {
 public:
  ExponentialDelayRestartStrategy(const ExponentialDelay& delay, Rng& rng)
      : delay_(delay), rng_(rng) {}
  bool notifyFailure(std::int64_t nowMs) override {
    if (nextRestartMs_.has_value()) {
      if (nowMs <= *nextRestartMs_) return false;
      if (nowMs - *nextRestartMs_ >= delay_.resetThresholdMs) attempt_ = 0;
    }
    nextRestartMs_ = nowMs + nextBackoffMs();
    ++attempt_;
    return true;
  }
  [[nodiscard]] bool canRestart(std::int64_t) const override {
    return attempt_ <= delay_.maxAttempts;
  }
  [[nodiscard]] std::int64_t backoffMs(std::int64_t nowMs) const override {
    FLINK_CHECK(nextRestartMs_.has_value(), "a failure comes before its backoff");
    return std::max<std::int64_t>(0, *nextRestartMs_ - nowMs);
  }
  [[nodiscard]] std::string describe() const override {
    return fmt::format(
        "ExponentialDelayRestartBackoffTimeStrategy(initialBackoffMS={}, maxBackoffMS={}, "
        "backoffMultiplier={}, resetBackoffThresholdMS={}, jitterFactor={}, "
        "attemptsBeforeResetBackoff={})",
        delay_.initialBackoffMs, delay_.maxBackoffMs, delay_.multiplier, delay_.resetThresholdMs,
        delay_.jitterFactor, delay_.maxAttempts);
  }

 private:
  std::int64_t nextBackoffMs() {
    // Beyond twice the maximum more makes no difference, and a double may grow past int64.
    const double raw = std::min(static_cast<double>(delay_.initialBackoffMs) *
                                    std::pow(delay_.multiplier, static_cast<double>(attempt_)),
                                static_cast<double>(delay_.maxBackoffMs) * 2 + 1);
    const auto backoff = static_cast<std::int64_t>(raw);
    const auto reach = static_cast<std::int64_t>(raw * delay_.jitterFactor);
    const std::int64_t jitter =
        reach == 0
            ? 0
            : static_cast<std::int64_t>(rng_.below(2 * static_cast<std::uint64_t>(reach) + 1)) -
                  reach;
    return std::clamp(backoff + jitter, delay_.initialBackoffMs, delay_.maxBackoffMs);
  }

  const ExponentialDelay delay_;
  Rng& rng_;
  std::int64_t attempt_ = 0;
  std::optional<std::int64_t> nextRestartMs_;
};

using Made = Result<std::unique_ptr<RestartStrategy>>;

Made fixedDelayOf(const config::Configuration& configuration) {
  FLINK_ASSIGN_OR_RETURN(const int attempts,
                         configuration.get(config::kRestartStrategyFixedDelayAttempts));
  FLINK_ASSIGN_OR_RETURN(const config::Millis delay,
                         configuration.get(config::kRestartStrategyFixedDelayDelay));
  return makeFixedDelayRestartStrategy(attempts, delay.count());
}

Made failureRateOf(const config::Configuration& configuration) {
  FLINK_ASSIGN_OR_RETURN(
      const int maxFailures,
      configuration.get(config::kRestartStrategyFailureRateMaxFailuresPerInterval));
  FLINK_ASSIGN_OR_RETURN(const config::Millis interval,
                         configuration.get(config::kRestartStrategyFailureRateFailureRateInterval));
  FLINK_ASSIGN_OR_RETURN(const config::Millis delay,
                         configuration.get(config::kRestartStrategyFailureRateDelay));
  return makeFailureRateRestartStrategy(maxFailures, interval.count(), delay.count());
}

Made exponentialDelayOf(const config::Configuration& configuration, Rng& rng) {
  ExponentialDelay delay;
  FLINK_ASSIGN_OR_RETURN(const config::Millis initial,
                         configuration.get(config::kRestartStrategyExponentialDelayInitialBackoff));
  FLINK_ASSIGN_OR_RETURN(const config::Millis max,
                         configuration.get(config::kRestartStrategyExponentialDelayMaxBackoff));
  FLINK_ASSIGN_OR_RETURN(
      const config::Millis threshold,
      configuration.get(config::kRestartStrategyExponentialDelayResetBackoffThreshold));
  FLINK_ASSIGN_OR_RETURN(
      delay.multiplier,
      configuration.get(config::kRestartStrategyExponentialDelayBackoffMultiplier));
  FLINK_ASSIGN_OR_RETURN(delay.jitterFactor,
                         configuration.get(config::kRestartStrategyExponentialDelayJitterFactor));
  FLINK_ASSIGN_OR_RETURN(
      delay.maxAttempts,
      configuration.get(config::kRestartStrategyExponentialDelayAttemptsBeforeResetBackoff));
  delay.initialBackoffMs = initial.count();
  delay.maxBackoffMs = max.count();
  delay.resetThresholdMs = threshold.count();
  if (delay.initialBackoffMs > delay.maxBackoffMs) {
    return Status(ErrorCode::kConfigInvalidValue,
                  fmt::format("{} must not be longer than {}: {} ms > {} ms",
                              config::kRestartStrategyExponentialDelayInitialBackoff.key,
                              config::kRestartStrategyExponentialDelayMaxBackoff.key,
                              delay.initialBackoffMs, delay.maxBackoffMs));
  }
  if (delay.multiplier <= 1) {
    return Status(ErrorCode::kConfigInvalidValue,
                  fmt::format("{} must be greater than 1: {}",
                              config::kRestartStrategyExponentialDelayBackoffMultiplier.key,
                              delay.multiplier));
  }
  return makeExponentialDelayRestartStrategy(delay, rng);
}

/// The strategy that `configuration` names; null when it names none.
Made namedStrategy(const config::Configuration& configuration, Rng& rng) {
  FLINK_ASSIGN_OR_RETURN(const std::optional<std::string> name,
                         configuration.getOptional(config::kRestartStrategyType));
  if (!name.has_value() || name->empty()) return std::unique_ptr<RestartStrategy>();
  const std::string word = config::toLower(*name);
  if (word.starts_with("fixed")) return fixedDelayOf(configuration);
  if (word.starts_with("failure")) return failureRateOf(configuration);
  if (word.starts_with("exponential")) return exponentialDelayOf(configuration, rng);
  return makeNoRestartStrategy();
}

}  // namespace

std::unique_ptr<RestartStrategy> makeNoRestartStrategy() {
  return std::make_unique<NoRestartStrategy>();
}

std::unique_ptr<RestartStrategy> makeFixedDelayRestartStrategy(std::int32_t attempts,
                                                               std::int64_t delayMs) {
  return std::make_unique<FixedDelayRestartStrategy>(attempts, delayMs);
}

std::unique_ptr<RestartStrategy> makeFailureRateRestartStrategy(std::int32_t maxFailures,
                                                                std::int64_t intervalMs,
                                                                std::int64_t delayMs) {
  return std::make_unique<FailureRateRestartStrategy>(maxFailures, intervalMs, delayMs);
}

std::unique_ptr<RestartStrategy> makeExponentialDelayRestartStrategy(const ExponentialDelay& delay,
                                                                     Rng& rng) {
  return std::make_unique<ExponentialDelayRestartStrategy>(delay, rng);
}

Result<std::unique_ptr<RestartStrategy>> restartStrategyOf(const config::Configuration& job,
                                                           const config::Configuration& cluster,
                                                           bool checkpointing, Rng& rng) {
  for (const config::Configuration* configuration : {&job, &cluster}) {
    FLINK_ASSIGN_OR_RETURN(std::unique_ptr<RestartStrategy> strategy,
                           namedStrategy(*configuration, rng));
    if (strategy != nullptr) return strategy;
  }
  if (checkpointing) return makeExponentialDelayRestartStrategy({}, rng);
  return makeNoRestartStrategy();
}

}  // namespace flink::scheduler
