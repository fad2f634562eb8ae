#include "api/datastream/strategies.h"

#include <string>
#include <utility>

namespace flink {

namespace {

constexpr std::pair<std::string_view, StateBackendType> kStateBackends[] = {
    {"hashmap", StateBackendType::kHashMap},
    {"rocksdb", StateBackendType::kRocksDb},
    {"filesystem", StateBackendType::kHashMap},
    {"jobmanager", StateBackendType::kHashMap},
};
constexpr std::pair<std::string_view, RestartStrategyType> kRestartStrategies[] = {
    {"none", RestartStrategyType::kNoRestart},
    {"fixed-delay", RestartStrategyType::kFixedDelay},
    {"failure-rate", RestartStrategyType::kFailureRate},
    {"exponential-delay", RestartStrategyType::kExponentialDelay},
    {"off", RestartStrategyType::kNoRestart},
    {"disable", RestartStrategyType::kNoRestart},
    {"no-restart", RestartStrategyType::kNoRestart},
    {"fixeddelay", RestartStrategyType::kFixedDelay},
    {"failurerate", RestartStrategyType::kFailureRate},
    {"exponentialdelay", RestartStrategyType::kExponentialDelay},
};

std::string normalized(std::string_view text) {
  std::string word(text);
  for (char& c : word) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '_') c = '-';
  }
  return word;
}

/// The first word of a type is the one to write.
template <class Table, class Type>
std::string_view firstWord(const Table& table, Type type) {
  for (const auto& [word, meant] : table) {
    if (meant == type) return word;
  }
  return {};
}

template <class Table>
auto find(const Table& table, std::string_view text)
    -> std::optional<decltype(std::begin(table)->second)> {
  const std::string word = normalized(text);
  for (const auto& [known, type] : table) {
    if (known == word) return type;
  }
  return std::nullopt;
}

}  // namespace

std::string_view configValue(StateBackendType type) {
  return firstWord(kStateBackends, type);
}
std::string_view configValue(RestartStrategyType type) {
  return firstWord(kRestartStrategies, type);
}
std::optional<StateBackendType> parseStateBackendType(std::string_view text) {
  return find(kStateBackends, text);
}
std::optional<RestartStrategyType> parseRestartStrategyType(std::string_view text) {
  return find(kRestartStrategies, text);
}

}  // namespace flink
