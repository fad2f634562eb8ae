#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace flink {

/// Where keyed state lives: `state.backend.type`.
enum class StateBackendType : std::uint8_t { kHashMap, kRocksDb };
/// What happens after a failure: `restart-strategy.type`.
enum class RestartStrategyType : std::uint8_t {
  kNoRestart,
  kFixedDelay,
  kFailureRate,
  kExponentialDelay
};

/// What the time of windows and timers means.
enum class TimeCharacteristic : std::uint8_t { ProcessingTime, IngestionTime, EventTime };

/// The value of the type's key, e.g. "fixed-delay".
[[nodiscard]] std::string_view configValue(StateBackendType type);
[[nodiscard]] std::string_view configValue(RestartStrategyType type);
/// Also takes Flink's older words (`fixeddelay`, `off`, `filesystem`), upper or lower case, with
/// '-' or '_'.
[[nodiscard]] std::optional<StateBackendType> parseStateBackendType(std::string_view text);
[[nodiscard]] std::optional<RestartStrategyType> parseRestartStrategyType(std::string_view text);

}  // namespace flink
