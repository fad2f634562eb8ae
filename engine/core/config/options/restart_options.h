#pragma once

#include "core/config/config_option.h"

/// Keys of automatic restarts. Append new ones to the list in restart_options.cpp too.
namespace flink::config {

inline constexpr ConfigOption<std::string> kRestartStrategyType{
    "restart-strategy.type",
    "",
    "What happens to a job whose task fails: none, fixed-delay, failure-rate or exponential-delay; "
    "without a value exponential-delay for jobs with checkpoints and none for others.",
    {"restart-strategy"},
    "none|off|disable|fixed-delay|fixeddelay|failure-rate|failurerate|exponential-delay|"
    "exponentialdelay"};
inline constexpr ConfigOption<int> kRestartStrategyFixedDelayAttempts{
    "restart-strategy.fixed-delay.attempts",
    "1",
    "How often fixed-delay restarts a job before it fails.",
    {},
    ">=0"};
inline constexpr ConfigOption<Millis> kRestartStrategyFixedDelayDelay{
    "restart-strategy.fixed-delay.delay",
    "1 s",
    "How long fixed-delay waits before a restart.",
    {},
    ">=0"};
inline constexpr ConfigOption<int> kRestartStrategyFailureRateMaxFailuresPerInterval{
    "restart-strategy.failure-rate.max-failures-per-interval",
    "1",
    "How many failures per interval failure-rate answers with a restart.",
    {},
    ">=1"};
inline constexpr ConfigOption<Millis> kRestartStrategyFailureRateFailureRateInterval{
    "restart-strategy.failure-rate.failure-rate-interval",
    "1 min",
    "The interval over which failure-rate counts failures.",
    {},
    ">=1"};
inline constexpr ConfigOption<Millis> kRestartStrategyFailureRateDelay{
    "restart-strategy.failure-rate.delay",
    "1 s",
    "How long failure-rate waits before a restart.",
    {},
    ">=0"};
inline constexpr ConfigOption<Millis> kRestartStrategyExponentialDelayInitialBackoff{
    "restart-strategy.exponential-delay.initial-backoff",
    "1 s",
    "How long exponential-delay waits before the first restart.",
    {},
    ">=1"};
inline constexpr ConfigOption<Millis> kRestartStrategyExponentialDelayMaxBackoff{
    "restart-strategy.exponential-delay.max-backoff",
    "1 min",
    "The longest time that exponential-delay waits.",
    {},
    ">=1"};
inline constexpr ConfigOption<double> kRestartStrategyExponentialDelayBackoffMultiplier{
    "restart-strategy.exponential-delay.backoff-multiplier",
    "1.5",
    "By how much exponential-delay waits longer after each failure; more than 1.",
    {},
    ">=1"};
inline constexpr ConfigOption<Millis> kRestartStrategyExponentialDelayResetBackoffThreshold{
    "restart-strategy.exponential-delay.reset-backoff-threshold",
    "1 h",
    "After this time without failure exponential-delay begins anew.",
    {},
    ">=1"};
inline constexpr ConfigOption<double> kRestartStrategyExponentialDelayJitterFactor{
    "restart-strategy.exponential-delay.jitter-factor",
    "0.1",
    "How far exponential-delay strays from its backoff, so that jobs do not restart together.",
    {},
    "0..1"};
inline constexpr ConfigOption<int> kRestartStrategyExponentialDelayAttemptsBeforeResetBackoff{
    "restart-strategy.exponential-delay.attempts-before-reset-backoff",
    "2147483647",
    "How often exponential-delay restarts a job before it fails, counted anew when the backoff is; "
    "the default stands for no limit.",
    {},
    ">=1"};

}  // namespace flink::config
