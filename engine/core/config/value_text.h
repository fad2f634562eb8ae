#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/config/config_option.h"

namespace flink::config {

/// How values of T are written in configuration files. parse() reports kConfigInvalidValue with the
/// reason only; the caller adds key and place.
template <class T>
struct ValueText;

#define FLINK_VALUE_TEXT(T, typeName)                       \
  template <>                                               \
  struct ValueText<T> {                                     \
    static constexpr std::string_view kTypeName = typeName; \
    static Result<T> parse(std::string_view text);          \
    static std::string format(const T& value);              \
  }
FLINK_VALUE_TEXT(bool, "Boolean");
FLINK_VALUE_TEXT(int, "Integer");
FLINK_VALUE_TEXT(std::int64_t, "Long");
FLINK_VALUE_TEXT(float, "Float");
FLINK_VALUE_TEXT(double, "Double");
FLINK_VALUE_TEXT(std::string, "String");
FLINK_VALUE_TEXT(MemorySize, "MemorySize");
FLINK_VALUE_TEXT(Millis, "Duration");
FLINK_VALUE_TEXT(ConfigList, "List<String>");
#undef FLINK_VALUE_TEXT

/// Whether `value` is within ConfigOption::accepts.
Status checkAccepted(double value, std::string_view accepts);
Status checkAccepted(std::int64_t value, std::string_view accepts);
Status checkAccepted(const std::string& value, std::string_view accepts);
inline Status checkAccepted(bool, std::string_view) {
  return {};
}
inline Status checkAccepted(int value, std::string_view accepts) {
  return checkAccepted(static_cast<std::int64_t>(value), accepts);
}
inline Status checkAccepted(float value, std::string_view accepts) {
  return checkAccepted(static_cast<double>(value), accepts);
}
inline Status checkAccepted(MemorySize value, std::string_view accepts) {
  return checkAccepted(value.bytes, accepts);
}
inline Status checkAccepted(Millis value, std::string_view accepts) {
  return checkAccepted(static_cast<std::int64_t>(value.count()), accepts);
}
Status checkAccepted(const ConfigList& value, std::string_view accepts);

/// The ports of Flink's forms `8081`, `8081-8089` and `8081,8083-8085`, in order, each once; commas
/// at the end count for nothing. Errors: kConfigInvalidValue naming the part that is none.
Result<std::vector<int>> parsePorts(std::string_view text);
/// The shortest text that parsePorts() expands to these, for messages.
[[nodiscard]] std::string formatPorts(const std::vector<int>& ports);

[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::string toLower(std::string_view text);

}  // namespace flink::config
