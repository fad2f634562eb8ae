#include <cstdlib>
#include <map>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/config/config_format.h"
#include "core/config/options/core_options.h"
#include "core/config/value_text.h"

namespace flink::config {
namespace {

/// `${env:NAME:-text}` is the variable's value, else the text; other `${...}` are unknown here and
/// give nothing.
std::string substituted(std::string_view value) {
  if (!value.starts_with("${")) return std::string(value);
  if (!value.starts_with("${env:") || !value.ends_with('}')) return "";
  const std::string_view inner = value.substr(6, value.size() - 7);
  const std::size_t fallback = inner.find(":-");
  if (const char* set = std::getenv(std::string(inner.substr(0, fallback)).c_str())) return set;
  return fallback == std::string_view::npos ? "" : std::string(inner.substr(fallback + 2));
}

/// Log4j's level as ours; the first word counts (`INFO, console, file`).
std::string levelOf(std::string_view value) {
  const std::string level = toLower(trim(value.substr(0, value.find(','))));
  if (level == "fatal") return "ERROR";
  if (level == "all") return "TRACE";
  std::string upper(level);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

/// Flink's loggers are org.apache.flink.*, ours flink.*.
std::string loggerName(std::string_view name) {
  constexpr std::string_view kPackage = "org.apache.";
  return std::string(name.starts_with("org.apache.flink") ? name.substr(kPackage.size()) : name);
}

class LogProperties {
 public:
  explicit LogProperties(const std::string& source) : source_(source) {}

  Status line(std::string_view text, int number) {
    text = trim(text);
    if (text.empty() || text[0] == '#' || text[0] == '!') return {};
    const std::size_t split = text.find_first_of("=:");
    if (split == std::string_view::npos || split == 0) {
      return Status(
          ErrorCode::kConfigMalformed,
          fmt::format("log settings are malformed: at={}:{} expected key=value", source_, number));
    }
    take(trim(text.substr(0, split)), substituted(trim(text.substr(split + 1))), number);
    return {};
  }

  std::vector<RawEntry> finish() {
    ConfigList levels;
    int number = 0;
    for (auto& [id, logger] : loggers_) {
      if (logger.name.empty() || logger.level.empty()) continue;
      levels.push_back(logger.name + ":" + logger.level);
      number = std::max(number, logger.line);
    }
    if (!levels.empty()) {
      entries_.push_back(
          {std::string(kEnvLogLevels.key), ValueText<ConfigList>::format(levels), number});
    }
    return std::move(entries_);
  }

 private:
  struct NamedLevel {
    std::string name, level;
    int line = 0;
  };

  void take(std::string_view key, std::string value, int number) {
    constexpr std::string_view kLoggerOne = "log4j.logger.", kLoggerTwo = "logger.";
    if (key == "rootLogger.level" || key == "rootLogger" || key == "log4j.rootLogger") {
      add(kEnvLogLevel.key, levelOf(value), number);
    } else if (key.ends_with(".policies.size.size") || key.ends_with(".MaxFileSize")) {
      add(kEnvLogMaxSize.key, std::move(value), number);
    } else if (key.ends_with(".strategy.max") || key.ends_with(".MaxBackupIndex")) {
      add(kEnvLogMax.key, std::move(value), number);
    } else if (key.starts_with(kLoggerOne)) {
      const std::string name = loggerName(key.substr(kLoggerOne.size()));
      loggers_[name] = {name, levelOf(value), number};
    } else if (key.starts_with(kLoggerTwo)) {
      const std::string_view rest = key.substr(kLoggerTwo.size());
      const std::size_t dot = rest.rfind('.');
      if (dot == std::string_view::npos) return;
      NamedLevel& logger = loggers_[std::string(rest.substr(0, dot))];
      if (rest.substr(dot) == ".name") logger.name = loggerName(value);
      if (rest.substr(dot) == ".level") logger.level = levelOf(value);
      logger.line = number;
    }
  }

  void add(std::string_view key, std::string value, int number) {
    if (!value.empty()) entries_.push_back({std::string(key), std::move(value), number});
  }

  const std::string& source_;
  std::map<std::string, NamedLevel> loggers_;
  std::vector<RawEntry> entries_;
};

}  // namespace

Result<std::vector<RawEntry>> parseLogProperties(std::string_view text, const std::string& source) {
  LogProperties properties(source);
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    FLINK_RETURN_IF_ERROR(properties.line(text.substr(0, end), number));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return properties.finish();
}

}  // namespace flink::config
