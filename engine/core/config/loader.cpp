#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/config/config_check.h"
#include "core/config/config_format.h"
#include "core/config/configuration.h"
#include "core/config/value_text.h"

namespace flink::config {
namespace {

constexpr std::uintmax_t kMaxFileBytes = 1 << 20;

/// Configuration is read before any FileSystem exists.
Result<std::string> readFile(const std::string& file) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (error) {
    return Status(
        error == std::errc::no_such_file_or_directory ? ErrorCode::kFileNotFound
                                                      : ErrorCode::kFileAccessDenied,
        fmt::format("configuration file cannot be read: path={}: {}", file, error.message()));
  }
  if (size > kMaxFileBytes) {
    return Status(ErrorCode::kLimitExceeded,
                  fmt::format("configuration file is too large: path={} bytes={} limit={}", file,
                              size, kMaxFileBytes));
  }
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf() || size == 0)) {
    return Status(
        ErrorCode::kFileAccessDenied,
        fmt::format("configuration file cannot be read: path={}: {}", file, std::strerror(errno)));
  }
  return std::move(text).str();
}

Result<std::vector<RawEntry>> parseFile(const std::string& file) {
  FLINK_ASSIGN_OR_RETURN(std::string text, readFile(file));
  const std::string name = std::filesystem::path(file).filename().string();
  if (name.starts_with("log4j") && name.ends_with(".properties"))
    return parseLogProperties(text, file);
  const bool isFlat =
      name == "flink-conf.yaml" || name.ends_with(".properties") || name.ends_with(".conf");
  return isFlat ? parseFlatConfiguration(text, file) : parseYamlConfiguration(text, file);
}

Status addFile(const std::string& file, KeyChecker& checker) {
  FLINK_ASSIGN_OR_RETURN(std::vector<RawEntry> entries, parseFile(file));
  for (RawEntry& entry : entries)
    checker.add(entry.key, std::move(entry.value), {file, entry.line});
  return {};
}

bool exists(const std::string& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored);
}

Status addDirectory(const std::string& directory, KeyChecker& checker) {
  const std::string yaml = directory + "/config.yaml", flat = directory + "/flink-conf.yaml";
  const bool hasYaml = exists(yaml), hasFlat = exists(flat);
  if (!hasYaml && !hasFlat) {
    return Status(
        ErrorCode::kFileNotFound,
        fmt::format("no configuration file: path={} (flink-conf.yaml there is read too)", yaml));
  }
  if (const std::string log = directory + "/log4j.properties"; exists(log)) {
    FLINK_RETURN_IF_ERROR(addFile(log, checker));
  }
  if (hasYaml && hasFlat)
    checker.remark("flink-conf.yaml", flat + " is not read: config.yaml stands beside it");
  return addFile(hasYaml ? yaml : flat, checker);
}

/// Start scripts of documents in the wild set these.
void remarkOnEnvironment(KeyChecker& checker) {
  for (const char* name :
       {"FLINK_ENV_JAVA_OPTS", "FLINK_ENV_JAVA_OPTS_JM", "FLINK_ENV_JAVA_OPTS_TM", "JVM_ARGS"}) {
    if (std::getenv(name) == nullptr) continue;
    checker.remark(name,
                   fmt::format("{} has no effect: no process here is a JVM (environment)", name));
  }
}

Status addDynamicProperties(const std::vector<std::string>& properties, KeyChecker& checker) {
  for (const std::string& property : properties) {
    const std::size_t equals = property.find('=');
    const std::string_view key = trim(std::string_view(property).substr(0, equals));
    if (key.empty()) {
      return Status(ErrorCode::kConfigMalformed,
                    fmt::format("a -D argument has the form key=value: argument='{}'", property));
    }
    // As on Flink's command line, a key alone means true.
    std::string value = equals == std::string::npos
                            ? "true"
                            : std::string(trim(std::string_view(property).substr(equals + 1)));
    checker.add(key, std::move(value), {"-D argument", 0});
  }
  return {};
}

}  // namespace

Result<LoadedConfiguration> loadConfiguration(const std::string& directory,
                                              const std::vector<std::string>& dynamicProperties) {
  KeyChecker checker;
  if (!directory.empty()) FLINK_RETURN_IF_ERROR(addDirectory(directory, checker));
  remarkOnEnvironment(checker);
  FLINK_RETURN_IF_ERROR(addDynamicProperties(dynamicProperties, checker));
  return checker.finish();
}

CheckedConfiguration checkConfigurationFile(const std::string& file) {
  KeyChecker checker;
  Status status = addFile(file, checker);
  CheckedConfiguration checked = checker.check();
  if (!status) checked.errors.insert(checked.errors.begin(), std::move(status));
  return checked;
}

}  // namespace flink::config
