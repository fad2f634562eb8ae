#include <algorithm>
#include <cctype>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/cluster_context.h"
#include "cli/commands.h"
#include "cli/error_report.h"
#include "cli/render.h"
#include "cli/version.h"
#include "core/base/error_codes.h"
#include "core/config/options/jobmanager_options.h"
#include "core/config/options/taskmanager_options.h"
#include "core/memory/memory_model.h"

namespace flink::cli {

using Json = nlohmann::ordered_json;

CommandResult runVersion(const GlobalOptions& global) {
  if (global.output == OutputFormat::kTable) {
    std::printf("Version: %s, Commit ID: %s\n", kVersion, kCommit);
  } else {
    printDocument(global.output, "Version", {{"version", kVersion}, {"commit", kCommit}});
  }
  return kExitOk;
}

namespace {

/// What the daemons would say at their start about sizes that do not add up. Files that leave the
/// total to another one are not complete enough to tell.
void checkMemory(config::CheckedConfiguration& checked) {
  const config::Configuration& configuration = checked.configuration;
  const auto check = [&](const auto& processSize, const auto& flinkSize, auto derive) {
    if (!configuration.contains(processSize.key) && !configuration.contains(flinkSize.key)) return;
    if (const auto model = derive(configuration); !model) checked.errors.push_back(model.status());
  };
  check(config::kTaskmanagerMemoryProcessSize, config::kTaskmanagerMemoryFlinkSize,
        memory::deriveTaskManagerMemory);
  check(config::kJobmanagerMemoryProcessSize, config::kJobmanagerMemoryFlinkSize,
        memory::deriveJobManagerMemory);
}

}  // namespace

CommandResult runConfigCheck(const GlobalOptions& global, const ConfigCheckOptions& options) {
  config::CheckedConfiguration loaded = config::checkConfigurationFile(options.file);
  if (loaded.errors.empty()) checkMemory(loaded);
  if (global.output != OutputFormat::kTable) {
    Json warnings = Json::array();
    for (const auto& warning : loaded.warnings)
      warnings.push_back({{"key", warning.key}, {"text", warning.text}});
    Json effective = Json::object();
    for (const auto& [key, entry] : loaded.configuration.entries()) {
      effective[key] = config::isSensitiveKey(key) ? "******" : entry.value;
    }
    Json errors = Json::array();
    for (const Status& error : loaded.errors)
      errors.push_back({{"code", error.id()}, {"text", error.message()}});
    printDocument(global.output, "ConfigCheck",
                  {{"file", options.file},
                   {"errors", errors},
                   {"warnings", warnings},
                   {"configuration", effective}});
  } else {
    for (const auto& warning : loaded.warnings) std::printf("warning: %s\n", warning.text.c_str());
    std::printf("%s: %zu keys, %zu warnings, %zu errors\n", options.file.c_str(),
                loaded.configuration.entries().size(), loaded.warnings.size(),
                loaded.errors.size());
  }
  if (loaded.errors.empty()) return kExitOk;
  for (std::size_t i = 0; i + 1 < loaded.errors.size(); ++i) reportError(global, loaded.errors[i]);
  return loaded.errors.back();
}

CommandResult runExplain(const GlobalOptions& global, const ExplainOptions& options) {
  std::string id = options.code;
  std::transform(id.begin(), id.end(), id.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const auto code = errorCodeById(id);
  if (!code) return Status(ErrorCode::kNotFound, "no error has this code: code=" + options.code);
  const ErrorInfo& info = errorInfo(*code);
  const char* retry = info.retry == RetryHint::kLater      ? "yes, it may pass by itself"
                      : info.retry == RetryHint::kAfterFix ? "after the fix"
                                                           : "no";
  if (global.output != OutputFormat::kTable) {
    printDocument(global.output, "Error",
                  {{"code", info.id}, {"cause", info.cause}, {"fix", info.fix}, {"retry", retry}});
  } else {
    std::printf("%s\n  cause  %s\n  fix    %s\n  retry  %s\n", std::string(info.id).c_str(),
                std::string(info.cause).c_str(), std::string(info.fix).c_str(), retry);
  }
  return kExitOk;
}

}  // namespace flink::cli
