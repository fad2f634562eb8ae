#include "core/config/option_list.h"

#include <map>

namespace flink::config {

const std::vector<OptionArea>& allOptionAreas() {
  static const std::vector<OptionArea> kAreas = {{"core", coreOptions()},
                                                 {"jobmanager", jobmanagerOptions()},
                                                 {"taskmanager", taskmanagerOptions()},
                                                 {"rest", restOptions()},
                                                 {"execution", executionOptions()},
                                                 {"checkpointing", checkpointingOptions()},
                                                 {"restart", restartOptions()},
                                                 {"state", stateOptions()},
                                                 {"metrics", metricsOptions()},
                                                 {"security", securityOptions()}};
  return kAreas;
}

const OptionInfo* findOption(std::string_view key) {
  static const std::map<std::string_view, const OptionInfo*> kByKey = [] {
    std::map<std::string_view, const OptionInfo*> byKey;
    for (const OptionArea& area : allOptionAreas()) {
      for (const OptionInfo& option : area.options) {
        byKey.emplace(option.key, &option);
        for (const std::string_view legacy : option.legacyKeys) {
          if (!legacy.empty()) byKey.emplace(legacy, &option);
        }
      }
    }
    return byKey;
  }();
  const auto it = kByKey.find(key);
  return it == kByKey.end() ? nullptr : it->second;
}

}  // namespace flink::config
