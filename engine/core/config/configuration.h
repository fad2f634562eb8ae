#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/config/config_option.h"

namespace flink::config {

/// Where a value came from, for messages: `conf/config.yaml:12`, `-D argument`, `program`.
struct ConfigOrigin {
  std::string source;
  int line = 0;
  [[nodiscard]] std::string toString() const;
};

/// Key → text, with typed access through options. A value; copying is cheap enough for start-up
/// code.
class Configuration {
 public:
  struct Entry {
    std::string value;
    ConfigOrigin origin;
  };

  /// The option's value, else that of its legacy keys, else its default (texts and lists without
  /// one are empty). Errors: kConfigInvalidValue naming key, origin and accepted form; other
  /// options without default and value too, so use getOptional for those.
  template <class T>
  [[nodiscard]] Result<T> get(const ConfigOption<T>& option) const;
  /// What was set under the option's key or a legacy one; the default plays no part.
  template <class T>
  [[nodiscard]] Result<std::optional<T>> getOptional(const ConfigOption<T>& option) const;
  /// get() for options whose text was checked by validate(); a malformed value gives the default.
  template <class T>
  [[nodiscard]] T getValidated(const ConfigOption<T>& option) const;

  template <class T>
  void set(const ConfigOption<T>& option, const T& value);
  void setString(std::string key, std::string value, ConfigOrigin origin = {"program", 0});
  [[nodiscard]] std::optional<std::string> getString(std::string_view key) const;
  [[nodiscard]] bool contains(std::string_view key) const;
  void remove(std::string_view key);
  /// Values of `other` win.
  void addAll(const Configuration& other);
  /// Sorted by key.
  [[nodiscard]] const std::map<std::string, Entry, std::less<>>& entries() const {
    return entries_;
  }
  [[nodiscard]] std::map<std::string, std::string> toMap() const;
  static Configuration fromMap(const std::map<std::string, std::string>& values);

 private:
  [[nodiscard]] const Entry* find(
      std::string_view key, const std::array<std::string_view, kMaxLegacyKeys>& legacyKeys) const;

  std::map<std::string, Entry, std::less<>> entries_;
};

/// A remark about one key, found while loading: legacy key used, key without effect here, unknown
/// key with its nearest.
struct ConfigWarning {
  std::string key;
  std::string text;  ///< names the key and its place
};

struct LoadedConfiguration {
  Configuration configuration;
  std::vector<ConfigWarning> warnings;
};

/// Everything that is wrong or worth knowing about a configuration.
struct CheckedConfiguration {
  Configuration configuration;
  std::vector<ConfigWarning> warnings;
  std::vector<Status> errors;
};

/// Reads `directory/config.yaml`, else `directory/flink-conf.yaml`, and checks every key against
/// the known options. `dynamicProperties` are the `k=v` of -D arguments and win; an empty
/// `directory` means only those. Legacy keys are stored under their modern ones. Levels and sizes
/// in `directory/log4j.properties` stand for env.log.* keys that are not set. Errors:
/// kFileNotFound, kConfigMalformed, kConfigInvalidValue, kConfigUnknownKey (only under
/// config.strict: true), each with file and line.
Result<LoadedConfiguration> loadConfiguration(const std::string& directory,
                                              const std::vector<std::string>& dynamicProperties);
/// The same for one file, whichever of the formats its name says, with all errors instead of the
/// first one.
CheckedConfiguration checkConfigurationFile(const std::string& file);

/// True for keys whose values must not be shown (`******`): password, secret, token, key material.
[[nodiscard]] bool isSensitiveKey(std::string_view key);

}  // namespace flink::config
