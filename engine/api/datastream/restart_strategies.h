#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace flink {

/// What happens to a job whose task fails, as the keys `restart-strategy.*` say it.
class RestartStrategyConfiguration {
 public:
  explicit RestartStrategyConfiguration(std::map<std::string, std::string> settings)
      : settings_(std::move(settings)) {}
  [[nodiscard]] const std::map<std::string, std::string>& settings() const { return settings_; }

 private:
  std::map<std::string, std::string> settings_;
};

/// Errors: a value that its key does not allow throws FlinkException.
struct RestartStrategies {
  static RestartStrategyConfiguration noRestart();
  static RestartStrategyConfiguration fixedDelayRestart(std::int32_t restartAttempts,
                                                        std::chrono::milliseconds delay);
  static RestartStrategyConfiguration failureRateRestart(std::int32_t maxFailuresPerInterval,
                                                         std::chrono::milliseconds interval,
                                                         std::chrono::milliseconds delay);
  static RestartStrategyConfiguration exponentialDelayRestart(
      std::chrono::milliseconds initialBackoff, std::chrono::milliseconds maxBackoff,
      double backoffMultiplier, std::chrono::milliseconds resetBackoffThreshold,
      double jitterFactor);
  /// Flink has no sixth argument; programs that give one are taken, and it changes nothing.
  static RestartStrategyConfiguration exponentialDelayRestart(
      std::chrono::milliseconds initialBackoff, std::chrono::milliseconds maxBackoff,
      double backoffMultiplier, std::chrono::milliseconds resetBackoffThreshold,
      double jitterFactor, bool /*ignored*/) {
    return exponentialDelayRestart(initialBackoff, maxBackoff, backoffMultiplier,
                                   resetBackoffThreshold, jitterFactor);
  }
};

}  // namespace flink
