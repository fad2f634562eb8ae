#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/config/configuration.h"

namespace flink::config {

/// Collects entries in the order of their precedence (later ones win) and judges them together:
/// every value against its option, every key against what is known, and the keys against each
/// other.
class KeyChecker {
 public:
  /// A legacy key is stored under its modern one.
  void add(std::string_view key, std::string value, ConfigOrigin origin);
  /// Adds a warning; `text` starts with what it is about.
  void remark(std::string key, std::string text) {
    checked_.warnings.push_back({std::move(key), std::move(text)});
  }
  /// All that was found.
  CheckedConfiguration check();
  /// The same, with the first error in place of the configuration.
  Result<LoadedConfiguration> finish();

 private:
  void judgeUnknown(const std::string& key, const ConfigOrigin& origin, bool strict);

  CheckedConfiguration checked_;
  std::set<std::string, std::less<>> setByModernKey_;
};

/// The error for a value that does not fit its key; secrets are not shown.
Status invalidValue(std::string_view key, const Configuration::Entry& entry, std::string_view type,
                    const Status& why);

/// What only shows when keys are seen together: two ports on one number (an error naming both),
/// size and fraction of managed memory both set (a warning).
void checkTogether(CheckedConfiguration& checked);

}  // namespace flink::config
