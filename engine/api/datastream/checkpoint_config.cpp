#include "api/datastream/checkpoint_config.h"

#include <array>
#include <cstddef>
#include <string_view>

#include <fmt/format.h>

#include "api/datastream/flink_exception.h"
#include "core/base/error_codes.h"
#include "core/config/configuration.h"
#include "core/config/options/checkpointing_options.h"
#include "core/config/value_text.h"

namespace flink {

namespace {

constexpr std::array<std::string_view, 2> kModes = {"EXACTLY_ONCE", "AT_LEAST_ONCE"};
constexpr std::array<std::string_view, 3> kCleanups = {
    "NO_EXTERNALIZED_CHECKPOINTS", "DELETE_ON_CANCELLATION", "RETAIN_ON_CANCELLATION"};

/// Sets the key, and reads it again: that checks the value.
template <class T>
void setChecked(config::Configuration& configuration, const config::ConfigOption<T>& option,
                const T& value) {
  config::Configuration tried;
  tried.set(option, value);
  (void)valueOrThrow(tried.get(option));
  configuration.set(option, value);
}

template <class Enum, std::size_t N>
Enum wordAt(const std::array<std::string_view, N>& words, std::string_view text) {
  std::size_t i = 0;
  while (i + 1 < N && config::toLower(words[i]) != config::toLower(text)) ++i;
  return static_cast<Enum>(i);
}

}  // namespace

bool CheckpointConfig::isCheckpointingEnabled() const {
  return getCheckpointInterval() > 0;
}

CheckpointConfig& CheckpointConfig::setCheckpointInterval(std::int64_t ms) {
  setChecked(configuration_, config::kExecutionCheckpointingInterval, config::Millis(ms));
  return *this;
}
std::int64_t CheckpointConfig::getCheckpointInterval() const {
  const auto interval =
      valueOrThrow(configuration_.getOptional(config::kExecutionCheckpointingInterval));
  return interval.has_value() ? interval->count() : -1;
}

CheckpointConfig& CheckpointConfig::setCheckpointingMode(CheckpointingMode mode) {
  setChecked(configuration_, config::kExecutionCheckpointingMode,
             std::string(kModes.at(static_cast<std::size_t>(mode))));
  return *this;
}
CheckpointingMode CheckpointConfig::getCheckpointingMode() const {
  return wordAt<CheckpointingMode>(
      kModes, valueOrThrow(configuration_.get(config::kExecutionCheckpointingMode)));
}

CheckpointConfig& CheckpointConfig::setCheckpointTimeout(std::int64_t ms) {
  setChecked(configuration_, config::kExecutionCheckpointingTimeout, config::Millis(ms));
  return *this;
}
std::int64_t CheckpointConfig::getCheckpointTimeout() const {
  return valueOrThrow(configuration_.get(config::kExecutionCheckpointingTimeout)).count();
}

CheckpointConfig& CheckpointConfig::setMinPauseBetweenCheckpoints(std::int64_t ms) {
  setChecked(configuration_, config::kExecutionCheckpointingMinPause, config::Millis(ms));
  return *this;
}
std::int64_t CheckpointConfig::getMinPauseBetweenCheckpoints() const {
  return valueOrThrow(configuration_.get(config::kExecutionCheckpointingMinPause)).count();
}

CheckpointConfig& CheckpointConfig::setMaxConcurrentCheckpoints(std::int32_t number) {
  setChecked(configuration_, config::kExecutionCheckpointingMaxConcurrentCheckpoints, number);
  return *this;
}
std::int32_t CheckpointConfig::getMaxConcurrentCheckpoints() const {
  return valueOrThrow(configuration_.get(config::kExecutionCheckpointingMaxConcurrentCheckpoints));
}

CheckpointConfig& CheckpointConfig::setTolerableCheckpointFailureNumber(std::int32_t number) {
  setChecked(configuration_, config::kExecutionCheckpointingTolerableFailedCheckpoints, number);
  return *this;
}
std::int32_t CheckpointConfig::getTolerableCheckpointFailureNumber() const {
  return valueOrThrow(
      configuration_.get(config::kExecutionCheckpointingTolerableFailedCheckpoints));
}

CheckpointConfig& CheckpointConfig::setExternalizedCheckpointCleanup(
    ExternalizedCheckpointCleanup cleanup) {
  setChecked(configuration_, config::kExecutionCheckpointingExternalizedCheckpointRetention,
             std::string(kCleanups.at(static_cast<std::size_t>(cleanup))));
  return *this;
}
ExternalizedCheckpointCleanup CheckpointConfig::getExternalizedCheckpointCleanup() const {
  return wordAt<ExternalizedCheckpointCleanup>(
      kCleanups, valueOrThrow(configuration_.get(
                     config::kExecutionCheckpointingExternalizedCheckpointRetention)));
}

CheckpointConfig& CheckpointConfig::setCheckpointStorage(const std::string& directory) {
  configuration_.set(config::kExecutionCheckpointingStorage, std::string("filesystem"));
  configuration_.set(config::kExecutionCheckpointingDir, directory);
  return *this;
}

CheckpointConfig& CheckpointConfig::enableUnalignedCheckpoints(bool enabled) {
  configuration_.set(config::kExecutionCheckpointingUnalignedEnabled, enabled);
  return *this;
}

CheckpointConfig& CheckpointConfig::setAlignmentTimeout(std::int64_t ms) {
  if (ms < 0) {
    throw FlinkException(Status(ErrorCode::kInvalidArgument,
                                fmt::format("the alignment timeout must be 0 or more: ms={}", ms)));
  }
  return *this;
}

}  // namespace flink
