#include "apps/process.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "api/program/abi.h"
#include "core/base/error_codes.h"
#include "core/base/log.h"
#include "core/config/options/core_options.h"

namespace flink::apps {

namespace {

Logger kLog{"flink.process"};

const ProcessOption* findOption(const ProcessDescription& description, std::string_view name) {
  const auto found = std::find_if(description.options.begin(), description.options.end(),
                                  [&](const auto& option) { return option.name == name; });
  return found == description.options.end() ? nullptr : &*found;
}

void printHelp(const ProcessDescription& description) {
  fmt::print("{}: {}\n\nusage: {} [options]{}\n\noptions:\n", description.name, description.purpose,
             description.name, description.positional.empty() ? "" : " " + description.positional);
  for (const auto& option : description.options) {
    fmt::print("  {:<24} {}\n", option.name + " " + option.value, option.help);
  }
  fmt::print("  {:<24} {}\n  {:<24} {}\n", "--help", "this text", "--version", "version and ABI");
}

int misuse(const ProcessDescription& description, const std::string& text) {
  fmt::print(stderr, "{}: {} (see --help)\n", description.name, text);
  return kExitUsage;
}

std::string givenConfigurationDirectory(const ProcessArguments& arguments) {
  if (const auto given = arguments.value("--configDir")) return *given;
  if (const char* inEnvironment = std::getenv("FLINK_CONF_DIR");
      inEnvironment != nullptr && *inEnvironment != '\0') {
    return inEnvironment;
  }
  return binaryDirectory() + "/../conf";
}

std::optional<LogLevel> parseLevel(std::string_view text) {
  constexpr std::pair<std::string_view, LogLevel> kLevels[] = {
      {"TRACE", LogLevel::kTrace}, {"DEBUG", LogLevel::kDebug}, {"INFO", LogLevel::kInfo},
      {"WARN", LogLevel::kWarn},   {"ERROR", LogLevel::kError}, {"OFF", LogLevel::kOff}};
  for (const auto& [name, level] : kLevels) {
    if (text == name) return level;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> ProcessArguments::value(const std::string& name) const {
  const auto values = all(name);
  return values.empty() ? std::nullopt : std::optional(values.back());
}

std::vector<std::string> ProcessArguments::all(const std::string& name) const {
  std::vector<std::string> found;
  for (const auto& [option, value] : values) {
    if (option == name) found.push_back(value);
  }
  return found;
}

std::vector<ProcessOption> clusterProcessOptions() {
  return {{"--configDir", "DIR",
           "directory of config.yaml (default: FLINK_CONF_DIR, else ../conf beside bin)"},
          {"-D", "KEY=VALUE", "sets one configuration value; may be repeated"},
          {"--logPrefix", "PATH", "log to PATH.log (default: stderr)"}};
}

std::optional<int> parseArguments(int argc, char** argv, const ProcessDescription& description,
                                  ProcessArguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string text = argv[i];
    if (text == "--help" || text == "-h") {
      printHelp(description);
      return kExitOk;
    }
    if (text == "--version") {
      fmt::print("{} {}\n", description.name, FLINK_ABI_TAG);
      return kExitOk;
    }
    if (text.size() < 2 || text[0] != '-') {
      if (description.positional.empty())
        return misuse(description, "unexpected argument: " + text);
      arguments.positional.push_back(text);
      continue;
    }
    const bool isLong = text[1] == '-';
    // --name=value and -Dkey=value carry their value with them.
    const std::string name = isLong ? text.substr(0, text.find('=')) : text.substr(0, 2);
    if (findOption(description, name) == nullptr)
      return misuse(description, "unknown option: " + text);
    const std::size_t skip = name.size() + (isLong ? 1 : 0);
    if (text.size() > name.size()) {
      arguments.values.emplace_back(name, text.substr(skip));
    } else if (i + 1 < argc) {
      arguments.values.emplace_back(name, argv[++i]);
    } else {
      return misuse(description, "a value is missing after " + name);
    }
  }
  return std::nullopt;
}

std::string binaryDirectory() {
  char path[PATH_MAX];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  const std::string binary(path, size > 0 ? static_cast<std::size_t>(size) : 0);
  return binary.substr(0, binary.rfind('/'));
}

Status configureProcessLog(const config::Configuration& configuration, const std::string& file) {
  LogSettings settings;
  settings.file = file;
  FLINK_ASSIGN_OR_RETURN(const std::string level, configuration.get(config::kEnvLogLevel));
  const auto root = parseLevel(level);
  if (!root) {
    return Status(
        ErrorCode::kConfigInvalidValue,
        fmt::format(
            "no such log level: key={} value={} accepted=\"TRACE, DEBUG, INFO, WARN, ERROR, OFF\"",
            config::kEnvLogLevel.key, level));
  }
  settings.rootLevel = *root;
  FLINK_ASSIGN_OR_RETURN(const auto maxSize, configuration.get(config::kEnvLogMaxSize));
  settings.maxFileBytes =
      static_cast<std::uint64_t>(std::max<std::int64_t>(maxSize.bytes, 1 << 10));
  FLINK_ASSIGN_OR_RETURN(const int maxFiles, configuration.get(config::kEnvLogMax));
  settings.maxFiles = static_cast<std::uint32_t>(std::max(maxFiles, 1));
  FLINK_ASSIGN_OR_RETURN(const auto levels, configuration.get(config::kEnvLogLevels));
  for (const auto& entry : levels) {
    const auto colon = entry.find(':');
    const auto own = colon == std::string::npos
                         ? std::nullopt
                         : parseLevel(std::string_view(entry).substr(colon + 1));
    if (!own) {
      return Status(ErrorCode::kConfigInvalidValue,
                    fmt::format("not a logger and its level: key={} value={} accepted=\"{}\"",
                                config::kEnvLogLevels.key, entry, "flink.network:DEBUG"));
    }
    settings.levels.emplace_back(entry.substr(0, colon), *own);
  }
  configureLogging(settings);
  return Status::ok();
}

std::string configurationDirectory(const ProcessArguments& arguments) {
  const std::string given = givenConfigurationDirectory(arguments);
  std::error_code error;
  const auto canonical = std::filesystem::weakly_canonical(given, error);
  return error ? given : canonical.string();
}

Result<config::Configuration> loadProcessConfiguration(const ProcessArguments& arguments) {
  const std::string directory = configurationDirectory(arguments);
  FLINK_ASSIGN_OR_RETURN(auto loaded, config::loadConfiguration(directory, arguments.all("-D")));
  const auto prefix = arguments.value("--logPrefix");
  FLINK_RETURN_IF_ERROR(configureProcessLog(loaded.configuration, prefix ? *prefix + ".log" : ""));
  FLINK_INFO(kLog, "flink-cpp {} pid={} configuration={}", FLINK_VERSION, ::getpid(), directory);
  for (const auto& [key, entry] : loaded.configuration.entries()) {
    FLINK_INFO(kLog, "configuration {}={}", key,
               config::isSensitiveKey(key) ? "******" : entry.value);
  }
  for (const auto& warning : loaded.warnings) FLINK_WARN(kLog, "{}", warning.text);
  return std::move(loaded.configuration);
}

bool notifyReady(const std::string& line) {
  const char* text = std::getenv("FLINK_READY_FD");
  if (text == nullptr) return false;
  const int descriptor = std::atoi(text);
  ::unsetenv("FLINK_READY_FD");  // children must not write there
  if (descriptor <= STDERR_FILENO) return false;
  const std::string whole = line + "\n";
  const ssize_t written = ::write(descriptor, whole.data(), whole.size());
  ::close(descriptor);
  return written == static_cast<ssize_t>(whole.size());
}

int failStart(const ProcessDescription& description, const Status& status, int exitCode) {
  fmt::print(stderr, "{}: error {}\n", description.name, status.toString());
  notifyReady("error " + status.toString());
  FLINK_ERROR_LOG(kLog, "{}", status.toString());
  flushLogs();
  return exitCode;
}

TerminationSignal::TerminationSignal() {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void TerminationSignal::wait() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  int signal = 0;
  ::sigwait(&signals, &signal);
}

void TerminationSignal::trigger() {
  ::kill(::getpid(), SIGTERM);
}

void exitNow(int exitCode) {
  flushLogs();
  std::cout.flush();
  std::fflush(nullptr);
  ::_exit(exitCode);
}

}  // namespace flink::apps
