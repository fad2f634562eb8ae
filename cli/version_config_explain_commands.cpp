#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/cluster_context.h"
#include "cli/commands.h"
#include "cli/render.h"
#include "cli/version.h"
#include "core/base/error_codes.h"

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

CommandResult runConfigCheck(const GlobalOptions& global, const ConfigCheckOptions& options) {
  FLINK_ASSIGN_OR_RETURN(const auto loaded, config::loadConfigurationFile(options.file));
  if (global.output != OutputFormat::kTable) {
    Json warnings = Json::array();
    for (const auto& warning : loaded.warnings)
      warnings.push_back({{"key", warning.key}, {"text", warning.text}});
    Json effective = Json::object();
    for (const auto& [key, entry] : loaded.configuration.entries()) {
      effective[key] = config::isSensitiveKey(key) ? "******" : entry.value;
    }
    printDocument(global.output, "ConfigCheck",
                  {{"file", options.file}, {"warnings", warnings}, {"configuration", effective}});
  } else {
    for (const auto& warning : loaded.warnings) std::printf("warning: %s\n", warning.text.c_str());
    std::printf("%s: %zu keys, %zu warnings\n", options.file.c_str(),
                loaded.configuration.entries().size(), loaded.warnings.size());
  }
  return kExitOk;
}

CommandResult runExplain(const GlobalOptions& global, const ExplainOptions& options) {
  const auto code = errorCodeById(options.code);
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
