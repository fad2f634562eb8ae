#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/base/rng.h"
#include "core/config/configuration.h"

namespace flink::scheduler {

/// Decides whether a job goes on after a failure, and when.
/// Thread: one owner. Lifetime: that of the job; it remembers earlier failures.
class RestartStrategy {
 public:
  virtual ~RestartStrategy() = default;
  /// A failure happened. False: it belongs to an attempt that is being prepared already (the
  /// restart that was decided before has not begun). REQUIRES: `nowMs` never goes back.
  virtual bool notifyFailure(std::int64_t nowMs) = 0;
  /// Whether the job may restart after the failures so far.
  [[nodiscard]] virtual bool canRestart(std::int64_t nowMs) const = 0;
  /// How long to wait before the restart. REQUIRES: notifyFailure() was called.
  [[nodiscard]] virtual std::int64_t backoffMs(std::int64_t nowMs) const = 0;
  /// Kind and settings, as Flink prints them in logs and exceptions.
  [[nodiscard]] virtual std::string describe() const = 0;
};

/// Never restarts.
std::unique_ptr<RestartStrategy> makeNoRestartStrategy();

/// Restarts up to `attempts` times, each after the same delay.
std::unique_ptr<RestartStrategy> makeFixedDelayRestartStrategy(std::int32_t attempts,
                                                               std::int64_t delayMs);

/// Restarts as long as no more than `maxFailures` failures lie within the interval.
std::unique_ptr<RestartStrategy> makeFailureRateRestartStrategy(std::int32_t maxFailures,
                                                                std::int64_t intervalMs,
                                                                std::int64_t delayMs);

struct ExponentialDelay {
  std::int64_t initialBackoffMs = 1'000;
  std::int64_t maxBackoffMs = 60'000;
  double multiplier = 1.5;
  std::int64_t resetThresholdMs = 3'600'000;
  double jitterFactor = 0.1;
  std::int32_t maxAttempts = INT32_MAX;  ///< without a reset between them
};
/// Waits longer after each failure: clamp(initial * multiplier^n ± jitter, initial, max).
std::unique_ptr<RestartStrategy> makeExponentialDelayRestartStrategy(const ExponentialDelay& delay,
                                                                     Rng& rng);

/// The job's own configuration decides if it names a strategy, else the cluster's, else whether
/// the job has checkpoints: exponential delay with its defaults, or no restart. The settings of a
/// strategy come from where its name stands. `rng` outlives the result. Errors:
/// kConfigInvalidValue.
Result<std::unique_ptr<RestartStrategy>> restartStrategyOf(const config::Configuration& job,
                                                           const config::Configuration& cluster,
                                                           bool checkpointing, Rng& rng);

}  // namespace flink::scheduler
