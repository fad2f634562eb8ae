#include "core/base/log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>
#include <mutex>

#include <spdlog/formatter.h>
#include <spdlog/sinks/base_sink.h>

#include "core/base/mutex.h"

namespace flink {
namespace {

constexpr std::size_t kLoggerNameWidth = 60;

constexpr std::array<std::string_view, 6> kLevelNames = {"TRACE", "DEBUG", "INFO ",
                                                         "WARN ", "ERROR", "OFF  "};

spdlog::level::level_enum toSpdlog(LogLevel level) {
  // Both enums count up from trace, but spdlog has `critical` before `off`.
  return level == LogLevel::kOff ? spdlog::level::off
                                 : static_cast<spdlog::level::level_enum>(level);
}

std::string_view levelName(spdlog::level::level_enum level) {
  return kLevelNames[std::min<std::size_t>(static_cast<std::size_t>(level),
                                           kLevelNames.size() - 1)];
}

/// Writes a line in Flink's pattern.
class FlinkFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    using std::chrono::duration_cast;
    const auto sinceEpoch = message.time.time_since_epoch();
    const auto seconds = duration_cast<std::chrono::seconds>(sinceEpoch).count();
    const auto millis =
        duration_cast<std::chrono::milliseconds>(sinceEpoch).count() - seconds * 1000;
    if (seconds != lastSecond_) {
      std::tm local{};
      const auto time = static_cast<std::time_t>(seconds);
      ::localtime_r(&time, &local);
      dateLength_ = std::strftime(date_.data(), date_.size(), "%Y-%m-%d %H:%M:%S", &local);
      lastSecond_ = seconds;
    }
    fmt::format_to(std::back_inserter(out), "{},{:03} {} {:<{}} [] - {}\n",
                   std::string_view(date_.data(), dateLength_), millis, levelName(message.level),
                   std::string_view(message.logger_name.data(), message.logger_name.size()),
                   kLoggerNameWidth,
                   std::string_view(message.payload.data(), message.payload.size()));
  }
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<FlinkFormatter>();
  }

 private:
  std::int64_t lastSecond_ = -1;
  std::array<char, 32> date_{};
  std::size_t dateLength_ = 0;
};

/// Appends lines to a file (or stderr) and rotates it by size and count. A log that cannot be
/// written must never stop the process: failures go unreported, except that an unopenable file
/// falls back to stderr.
class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LineSink(const LogSettings& settings)
      : path_(settings.file),
        maxBytes_(std::max<std::uint64_t>(settings.maxFileBytes, 1)),
        maxFiles_(settings.maxFiles) {
    set_formatter_(std::make_unique<FlinkFormatter>());
    if (!path_.empty()) open();
  }
  ~LineSink() override { closeFile(); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    line_.clear();
    formatter_->format(message, line_);
    if (file_ != nullptr && size_ > 0 && size_ + line_.size() > maxBytes_) rotate();
    std::FILE* out = file_ != nullptr ? file_ : stderr;
    std::fwrite(line_.data(), 1, line_.size(), out);
    // Readers follow the file, and a crash must not lose the line that explains it.
    std::fflush(out);
    size_ += line_.size();
  }
  void flush_() override { std::fflush(file_ != nullptr ? file_ : stderr); }

 private:
  void open() {
    file_ = std::fopen(path_.c_str(), "ae");
    size_ = 0;
    struct stat status {};
    if (file_ != nullptr && ::fstat(::fileno(file_), &status) == 0)
      size_ = static_cast<std::uint64_t>(status.st_size);
  }
  void closeFile() {
    if (file_ != nullptr) std::fclose(file_);
    file_ = nullptr;
  }
  [[nodiscard]] std::string rotatedName(std::uint32_t index) const {
    return path_ + "." + std::to_string(index);
  }

  void rotate() {
    closeFile();
    if (maxFiles_ == 0) {
      std::remove(path_.c_str());
    } else {
      for (std::uint32_t index = maxFiles_ - 1; index >= 1; --index) {
        std::rename(rotatedName(index).c_str(), rotatedName(index + 1).c_str());
      }
      std::rename(path_.c_str(), rotatedName(1).c_str());
    }
    open();
  }

  const std::string path_;
  const std::uint64_t maxBytes_;
  const std::uint32_t maxFiles_;
  std::FILE* file_ = nullptr;
  std::uint64_t size_ = 0;
  spdlog::memory_buf_t line_;
};

/// All loggers of the process and the sink they share.
class LogRegistry {
 public:
  void add(Logger& logger) {
    MutexLock lock(mutex_);
    loggers_.push_back(&logger);
    logger.setLevel(levelOf(logger.name()));
  }
  void remove(Logger& logger) {
    MutexLock lock(mutex_);
    std::erase(loggers_, &logger);
  }
  void configure(const LogSettings& settings) {
    auto sink = std::make_shared<LineSink>(settings);
    MutexLock lock(mutex_);
    settings_ = settings;
    sink_ = std::move(sink);
    for (Logger* logger : loggers_) logger->setLevel(levelOf(logger->name()));
  }
  std::shared_ptr<LineSink> sink() {
    MutexLock lock(mutex_);
    return sink_;
  }
  [[nodiscard]] bool toStderr() {
    MutexLock lock(mutex_);
    return settings_.file.empty();
  }

 private:
  [[nodiscard]] LogLevel levelOf(std::string_view name) const FLINK_REQUIRES(mutex_) {
    LogLevel level = settings_.rootLevel;
    std::size_t longest = 0;
    for (const auto& [prefix, prefixLevel] : settings_.levels) {
      if (prefix.size() >= longest && name.starts_with(prefix)) {
        level = prefixLevel;
        longest = prefix.size();
      }
    }
    return level;
  }

  Mutex mutex_;
  LogSettings settings_ FLINK_GUARDED_BY(mutex_);
  std::shared_ptr<LineSink> sink_ FLINK_GUARDED_BY(mutex_) =
      std::make_shared<LineSink>(LogSettings{});
  std::vector<Logger*> loggers_ FLINK_GUARDED_BY(mutex_);
};

LogRegistry& registry() {
  static auto* instance =
      new LogRegistry;  // never destroyed: static loggers write until the very end
  return *instance;
}

}  // namespace

Logger::Logger(std::string name) : name_(std::move(name)) {
  registry().add(*this);
}
Logger::~Logger() {
  registry().remove(*this);
}

void Logger::write(LogLevel level, std::string_view line) {
  const spdlog::details::log_msg message(
      spdlog::source_loc{}, spdlog::string_view_t(name_.data(), name_.size()), toSpdlog(level),
      spdlog::string_view_t(line.data(), line.size()));
  registry().sink()->log(message);
}

void configureLogging(const LogSettings& settings) {
  registry().configure(settings);
}
void flushLogs() {
  registry().sink()->flush();
}
bool logsToStderr() {
  return registry().toStderr();
}

}  // namespace flink
