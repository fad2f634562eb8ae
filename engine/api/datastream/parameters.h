#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace flink {

/// A program's arguments as Flink's ParameterTool reads them: `--key value`, `-key value`,
/// `--key=value`, `--flag`. What follows no key is positional. A number may be negative: `--offset
/// -3`.
/// Lifetime: a value.
/// Errors: getters of required or malformed values throw FlinkException naming the key.
class Parameters {
 public:
  Parameters() = default;
  explicit Parameters(std::vector<std::string> arguments);
  static Parameters fromMap(std::map<std::string, std::string> values);

  [[nodiscard]] bool has(std::string_view key) const;
  /// Empty text when the key is missing or stands alone.
  [[nodiscard]] std::string get(std::string_view key) const;
  [[nodiscard]] std::string get(std::string_view key, std::string_view fallback) const;
  [[nodiscard]] std::string getRequired(std::string_view key) const;

  [[nodiscard]] std::int32_t getInt(std::string_view key) const;
  [[nodiscard]] std::int32_t getInt(std::string_view key, std::int32_t fallback) const;
  [[nodiscard]] std::int64_t getLong(std::string_view key) const;
  [[nodiscard]] std::int64_t getLong(std::string_view key, std::int64_t fallback) const;
  [[nodiscard]] double getDouble(std::string_view key) const;
  [[nodiscard]] double getDouble(std::string_view key, double fallback) const;
  /// True for a key that stands alone.
  [[nodiscard]] bool getBoolean(std::string_view key) const;
  [[nodiscard]] bool getBoolean(std::string_view key, bool fallback) const;

  [[nodiscard]] const std::vector<std::string>& positional() const { return positional_; }
  /// The arguments as they came.
  [[nodiscard]] const std::vector<std::string>& arguments() const { return arguments_; }
  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& toMap() const {
    return values_;
  }

 private:
  std::vector<std::string> arguments_;
  std::vector<std::string> positional_;
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace flink
