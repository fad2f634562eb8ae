#include "api/datastream/restart_strategies.h"

#include <utility>

#include "api/datastream/flink_exception.h"
#include "api/datastream/strategies.h"
#include "core/config/configuration.h"
#include "core/config/options/restart_options.h"

namespace flink {

namespace {

/// Collects keys, each checked.
class Settings {
 public:
  explicit Settings(RestartStrategyType type) {
    set(config::kRestartStrategyType, std::string(configValue(type)));
  }
  template <class T>
  Settings& set(const config::ConfigOption<T>& option, const T& value) {
    configuration_.set(option, value);
    (void)valueOrThrow(configuration_.get(option));
    return *this;
  }
  [[nodiscard]] RestartStrategyConfiguration get() const {
    return RestartStrategyConfiguration(configuration_.toMap());
  }

 private:
  config::Configuration configuration_;
};

}  // namespace

RestartStrategyConfiguration RestartStrategies::noRestart() {
  return Settings(RestartStrategyType::kNoRestart).get();
}

RestartStrategyConfiguration RestartStrategies::fixedDelayRestart(std::int32_t restartAttempts,
                                                                  std::chrono::milliseconds delay) {
  return Settings(RestartStrategyType::kFixedDelay)
      .set(config::kRestartStrategyFixedDelayAttempts, restartAttempts)
      .set(config::kRestartStrategyFixedDelayDelay, delay)
      .get();
}

RestartStrategyConfiguration RestartStrategies::failureRateRestart(
    std::int32_t maxFailuresPerInterval, std::chrono::milliseconds interval,
    std::chrono::milliseconds delay) {
  return Settings(RestartStrategyType::kFailureRate)
      .set(config::kRestartStrategyFailureRateMaxFailuresPerInterval, maxFailuresPerInterval)
      .set(config::kRestartStrategyFailureRateFailureRateInterval, interval)
      .set(config::kRestartStrategyFailureRateDelay, delay)
      .get();
}

RestartStrategyConfiguration RestartStrategies::exponentialDelayRestart(
    std::chrono::milliseconds initialBackoff, std::chrono::milliseconds maxBackoff,
    double backoffMultiplier, std::chrono::milliseconds resetBackoffThreshold,
    double jitterFactor) {
  return Settings(RestartStrategyType::kExponentialDelay)
      .set(config::kRestartStrategyExponentialDelayInitialBackoff, initialBackoff)
      .set(config::kRestartStrategyExponentialDelayMaxBackoff, maxBackoff)
      .set(config::kRestartStrategyExponentialDelayBackoffMultiplier, backoffMultiplier)
      .set(config::kRestartStrategyExponentialDelayResetBackoffThreshold, resetBackoffThreshold)
      .set(config::kRestartStrategyExponentialDelayJitterFactor, jitterFactor)
      .get();
}

}  // namespace flink
