#include <string>

#include <fmt/format.h>

#include "cluster/rest/views.h"
#include "core/config/configuration.h"
#include "core/config/options/restart_options.h"
#include "core/config/value_text.h"

namespace flink::rest {

namespace {

/// As java.time.Duration prints itself: PT1H, PT1M30S, PT0.5S.
std::string isoDuration(config::Millis duration) {
  const std::int64_t ms = duration.count();
  const std::int64_t hours = ms / 3'600'000;
  const std::int64_t minutes = ms / 60'000 % 60;
  const std::int64_t seconds = ms / 1000 % 60;
  std::string text = "PT";
  if (hours > 0) text += fmt::format("{}H", hours);
  if (minutes > 0) text += fmt::format("{}M", minutes);
  if (ms % 1000 > 0) {
    std::string fraction = fmt::format("{:03}", ms % 1000);
    while (fraction.ends_with('0')) fraction.pop_back();
    return text + fmt::format("{}.{}S", seconds, fraction);
  }
  return seconds > 0 || ms < 60'000 ? text + fmt::format("{}S", seconds) : text;
}

}  // namespace

std::string restartStrategyText(const std::map<std::string, std::string>& jobConfiguration) {
  const auto configuration = config::Configuration::fromMap(jobConfiguration);
  // A job with values that do not parse was refused when it came.
  const auto value = [&](const auto& option) { return configuration.getValidated(option); };
  const std::string word = config::toLower(value(config::kRestartStrategyType));
  if (word.empty()) return "Cluster level default restart strategy";
  if (word.starts_with("fixed")) {
    return fmt::format("Restart with fixed delay ({}). #{} restart attempts.",
                       isoDuration(value(config::kRestartStrategyFixedDelayDelay)),
                       value(config::kRestartStrategyFixedDelayAttempts));
  }
  if (word.starts_with("failure")) {
    return fmt::format(
        "Failure rate restart with maximum of {} failures within interval {} and fixed delay {}.",
        value(config::kRestartStrategyFailureRateMaxFailuresPerInterval),
        isoDuration(value(config::kRestartStrategyFailureRateFailureRateInterval)),
        isoDuration(value(config::kRestartStrategyFailureRateDelay)));
  }
  if (word.starts_with("exponential")) {
    return fmt::format(
        "Restart with exponential delay: starting at {}, increasing by {:f}, with maximum {}. "
        "Delay resets after {} with jitter {:f}",
        isoDuration(value(config::kRestartStrategyExponentialDelayInitialBackoff)),
        value(config::kRestartStrategyExponentialDelayBackoffMultiplier),
        isoDuration(value(config::kRestartStrategyExponentialDelayMaxBackoff)),
        isoDuration(value(config::kRestartStrategyExponentialDelayResetBackoffThreshold)),
        value(config::kRestartStrategyExponentialDelayJitterFactor));
  }
  return "Restart deactivated.";
}

}  // namespace flink::rest
