#include <cerrno>
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

bool isFlat(const std::string& file) {
  const std::string name = std::filesystem::path(file).filename().string();
  return name == "flink-conf.yaml" || name.ends_with(".properties") || name.ends_with(".conf");
}

Status addFile(const std::string& file, KeyChecker& checker) {
  FLINK_ASSIGN_OR_RETURN(std::string text, readFile(file));
  FLINK_ASSIGN_OR_RETURN(std::vector<RawEntry> entries, isFlat(file)
                                                            ? parseFlatConfiguration(text, file)
                                                            : parseYamlConfiguration(text, file));
  for (RawEntry& entry : entries)
    checker.add(entry.key, std::move(entry.value), {file, entry.line});
  return {};
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
  if (!directory.empty()) {
    const std::string yaml = directory + "/config.yaml", flat = directory + "/flink-conf.yaml";
    std::error_code ignored;
    const bool hasYaml = std::filesystem::exists(yaml, ignored),
               hasFlat = std::filesystem::exists(flat, ignored);
    if (!hasYaml && !hasFlat) {
      return Status(
          ErrorCode::kFileNotFound,
          fmt::format("no configuration file: path={} (flink-conf.yaml there is read too)", yaml));
    }
    FLINK_RETURN_IF_ERROR(addFile(hasYaml ? yaml : flat, checker));
    if (hasYaml && hasFlat)
      checker.remark("flink-conf.yaml", "not read, because config.yaml stands beside it: " + flat);
  }
  FLINK_RETURN_IF_ERROR(addDynamicProperties(dynamicProperties, checker));
  return checker.finish();
}

Result<LoadedConfiguration> loadConfigurationFile(const std::string& file) {
  KeyChecker checker;
  FLINK_RETURN_IF_ERROR(addFile(file, checker));
  return checker.finish();
}

}  // namespace flink::config
