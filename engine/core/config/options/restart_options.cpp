#include "core/config/options/restart_options.h"

#include "core/config/option_info.h"

namespace flink::config {

std::vector<OptionInfo> restartOptions() {
  return {
      describe(kRestartStrategyType),
      describe(kRestartStrategyFixedDelayAttempts),
      describe(kRestartStrategyFixedDelayDelay),
      describe(kRestartStrategyFailureRateMaxFailuresPerInterval),
      describe(kRestartStrategyFailureRateFailureRateInterval),
      describe(kRestartStrategyFailureRateDelay),
      describe(kRestartStrategyExponentialDelayInitialBackoff),
      describe(kRestartStrategyExponentialDelayMaxBackoff),
      describe(kRestartStrategyExponentialDelayBackoffMultiplier),
      describe(kRestartStrategyExponentialDelayResetBackoffThreshold),
      describe(kRestartStrategyExponentialDelayJitterFactor),
      describe(kRestartStrategyExponentialDelayAttemptsBeforeResetBackoff),
  };
}

}  // namespace flink::config
