#include "api/datastream/parameters.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "api/datastream/flink_exception.h"
#include "core/base/error_codes.h"

namespace flink {

namespace {

bool isNumber(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool isKey(std::string_view text) {
  return text.size() > 1 && text[0] == '-' && text != "--" && !isNumber(text);
}

[[noreturn]] void malformed(std::string_view key, std::string_view value, std::string_view wanted) {
  throw FlinkException(Status(ErrorCode::kInvalidArgument,
                              fmt::format("argument is not {}: --{}={}", wanted, key, value)));
}

template <class Number>
Number parseNumber(std::string_view key, const std::string& text, std::string_view wanted) {
  Number value{};
  const char* begin = text.data() + (!text.empty() && text[0] == '+' ? 1 : 0);
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) malformed(key, text, wanted);
  return value;
}

bool parseBoolean(std::string_view key, const std::string& text) {
  if (text.empty() || text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  malformed(key, text, "true or false");
}

}  // namespace

Parameters::Parameters(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {
  for (std::size_t i = 0; i < arguments_.size(); ++i) {
    const std::string& argument = arguments_[i];
    if (!isKey(argument)) {
      positional_.push_back(argument);
      continue;
    }
    const std::string_view name = std::string_view(argument).substr(argument[1] == '-' ? 2 : 1);
    const std::size_t equals = name.find('=');
    if (equals != std::string_view::npos) {
      values_[std::string(name.substr(0, equals))] = name.substr(equals + 1);
    } else if (i + 1 < arguments_.size() && !isKey(arguments_[i + 1])) {
      values_[std::string(name)] = arguments_[++i];
    } else {
      values_[std::string(name)] = "";
    }
  }
}

Parameters Parameters::fromMap(std::map<std::string, std::string> values) {
  Parameters parameters;
  for (auto& [key, value] : values) {
    parameters.arguments_.push_back("--" + key);
    parameters.arguments_.push_back(value);
    parameters.values_[key] = std::move(value);
  }
  return parameters;
}

bool Parameters::has(std::string_view key) const {
  return values_.contains(key);
}

std::string Parameters::get(std::string_view key) const {
  return get(key, "");
}

std::string Parameters::get(std::string_view key, std::string_view fallback) const {
  const auto it = values_.find(key);
  return it == values_.end() ? std::string(fallback) : it->second;
}

std::string Parameters::getRequired(std::string_view key) const {
  const auto it = values_.find(key);
  if (it == values_.end()) {
    throw FlinkException(Status(ErrorCode::kInvalidArgument,
                                fmt::format("required argument is missing: --{}", key)));
  }
  return it->second;
}

std::int32_t Parameters::getInt(std::string_view key) const {
  return parseNumber<std::int32_t>(key, getRequired(key), "a 32-bit integer");
}
std::int32_t Parameters::getInt(std::string_view key, std::int32_t fallback) const {
  return has(key) ? getInt(key) : fallback;
}
std::int64_t Parameters::getLong(std::string_view key) const {
  return parseNumber<std::int64_t>(key, getRequired(key), "a 64-bit integer");
}
std::int64_t Parameters::getLong(std::string_view key, std::int64_t fallback) const {
  return has(key) ? getLong(key) : fallback;
}
double Parameters::getDouble(std::string_view key) const {
  return parseNumber<double>(key, getRequired(key), "a number");
}
double Parameters::getDouble(std::string_view key, double fallback) const {
  return has(key) ? getDouble(key) : fallback;
}
bool Parameters::getBoolean(std::string_view key) const {
  return parseBoolean(key, getRequired(key));
}
bool Parameters::getBoolean(std::string_view key, bool fallback) const {
  return has(key) ? getBoolean(key) : fallback;
}

}  // namespace flink
