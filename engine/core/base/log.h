#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

namespace flink {

enum class LogLevel : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError, kOff };

/// A named source of log lines; one per module: `inline Logger kLog{"flink.network"};` in the
/// module's probe.h or .cpp. Thread: safe from any thread. Lifetime: static; the level is set by
/// name through configureLogging().
class Logger {
 public:
  explicit Logger(std::string name);
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool enabled(LogLevel level) const {
    return level >= level_.load(std::memory_order_relaxed);
  }
  void setLevel(LogLevel level) { level_.store(level, std::memory_order_relaxed); }
  /// Hands one line to the process's sink (stderr until configureLogging()).
  void write(LogLevel level, std::string_view line);

 private:
  std::string name_;
  std::atomic<LogLevel> level_{LogLevel::kInfo};
};

/// Where a process's log goes. Pattern as Flink's log4j default: `yyyy-MM-dd HH:mm:ss,SSS LEVEL
/// logger [] - line`, the logger's name padded to 60. A full file becomes `<file>.1`, the one
/// before it `<file>.2`, and so on.
struct LogSettings {
  std::string file;  ///< empty: stderr
  LogLevel rootLevel = LogLevel::kInfo;
  std::uint64_t maxFileBytes = 100ULL << 20;  ///< rotate at this size
  std::uint32_t maxFiles = 10;                ///< rotated files kept
  /// Logger-name prefix → level, longest prefix wins.
  std::vector<std::pair<std::string, LogLevel>> levels;
};
void configureLogging(const LogSettings& settings);
/// Writes what is buffered; called before a process exits.
void flushLogs();
/// False once configureLogging() named a file.
[[nodiscard]] bool logsToStderr();

}  // namespace flink

#define FLINK_LOG(logger, level, ...)                                                 \
  do {                                                                                \
    if ((logger).enabled(level)) (logger).write((level), ::fmt::format(__VA_ARGS__)); \
  } while (false)
/// info = a rare change of state, warn = someone must look, debug = off the hot path. `text key={}
/// key={}`.
#define FLINK_DEBUG(logger, ...) FLINK_LOG(logger, ::flink::LogLevel::kDebug, __VA_ARGS__)
#define FLINK_INFO(logger, ...) FLINK_LOG(logger, ::flink::LogLevel::kInfo, __VA_ARGS__)
#define FLINK_WARN(logger, ...) FLINK_LOG(logger, ::flink::LogLevel::kWarn, __VA_ARGS__)
#define FLINK_ERROR_LOG(logger, ...) FLINK_LOG(logger, ::flink::LogLevel::kError, __VA_ARGS__)
