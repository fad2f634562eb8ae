#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/config/config_option.h"

namespace flink::config {

/// One option without its C++ type: what checks, documentation and the key search work on.
struct OptionInfo {
  std::string_view key, defaultText, description;
  std::array<std::string_view, kMaxLegacyKeys> legacyKeys;
  std::string_view accepts;  ///< see ConfigOption
  std::string_view type;     ///< as documentation names it: "Boolean", "MemorySize", ...
  Status (*check)(std::string_view text,
                  std::string_view accepts);  ///< says why `text` is no such value
};

struct OptionArea {
  std::string_view name;
  std::vector<OptionInfo> options;
};

/// All effective options by area, in the order of documentation.
[[nodiscard]] const std::vector<OptionArea>& allOptionAreas();
/// The option with this key or legacy key; nullptr when there is none.
[[nodiscard]] const OptionInfo* findOption(std::string_view key);

// The lists of the areas (options/<area>_options.cpp).
std::vector<OptionInfo> coreOptions();
std::vector<OptionInfo> jobmanagerOptions();
std::vector<OptionInfo> taskmanagerOptions();
std::vector<OptionInfo> restOptions();
std::vector<OptionInfo> executionOptions();
std::vector<OptionInfo> metricsOptions();
std::vector<OptionInfo> securityOptions();
// Not among allOptionAreas() before they take effect; until then known_keys.cpp speaks for them.
std::vector<OptionInfo> checkpointingOptions();
std::vector<OptionInfo> restartOptions();
std::vector<OptionInfo> stateOptions();

}  // namespace flink::config
