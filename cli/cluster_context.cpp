#include "cli/cluster_context.h"

#include <unistd.h>
#include <xxhash.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/config/options/core_options.h"

namespace flink::cli {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string binDirectory() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path().string();
}

namespace {

/// What the environment says wins, as in Flink's scripts.
std::string fromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

}  // namespace

std::string ClusterContext::logDirectory() const {
  if (std::string chosen = fromEnvironment("FLINK_LOG_DIR"); !chosen.empty()) return chosen;
  const std::string configured = configuration.getValidated(config::kEnvLogDir);
  return configured.empty() ? home + "/log" : configured;
}

std::string userIdent() {
  for (const char* name : {"FLINK_IDENT_STRING", "USER"}) {
    if (std::string value = fromEnvironment(name); !value.empty()) return value;
  }
  return std::to_string(getuid());
}

std::string ClusterContext::pidDirectory() const {
  if (std::string chosen = fromEnvironment("FLINK_PID_DIR"); !chosen.empty()) return chosen;
  return configuration.getValidated(config::kEnvPidDir);
}

std::string ClusterContext::runFilePrefix() const {
  return fmt::format("{}/flink-{}-{:016x}", pidDirectory(), userIdent(),
                     XXH3_64bits(confDir.data(), confDir.size()));
}

Result<ClusterContext> findContext(const GlobalOptions& global) {
  ClusterContext context;
  std::string directory = global.confDir;
  if (directory.empty()) directory = fromEnvironment("FLINK_CONF_DIR");
  if (directory.empty()) directory = fs::path(binDirectory()).parent_path() / "conf";
  std::error_code error;
  const fs::path canonical = fs::weakly_canonical(directory, error);
  if (!fs::is_directory(canonical, error)) {
    return Status(ErrorCode::kFileNotFound,
                  "the configuration directory does not exist: path=" + directory);
  }
  context.confDir = canonical.string();
  context.home = canonical.parent_path().string();
  return context;
}

Result<ClusterContext> loadContext(const GlobalOptions& global) {
  FLINK_ASSIGN_OR_RETURN(ClusterContext context, findContext(global));
  FLINK_ASSIGN_OR_RETURN(auto loaded,
                         config::loadConfiguration(context.confDir, global.dynamicProperties));
  context.configuration = std::move(loaded.configuration);
  context.warnings = std::move(loaded.warnings);
  return context;
}

std::optional<ClusterRecord> readClusterRecord(const ClusterContext& context) {
  std::ifstream file(context.runFilePrefix() + ".cluster");
  if (!file) return std::nullopt;
  const Json json = Json::parse(file, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  ClusterRecord record;
  record.rpcPort = json.value("rpc", 0);
  record.restPort = json.value("rest", 0);
  record.blobPort = json.value("blob", 0);
  record.eventPort = json.value("events", 0);
  for (const Json& process : json.value("processes", Json::array())) {
    record.processes.push_back({process.value("component", ""), process.value("pid", 0),
                                process.value("number", 0),
                                process.value("startTicks", std::uint64_t{0})});
  }
  return record;
}

Status writeClusterRecord(const ClusterContext& context, const ClusterRecord& record) {
  Json processes = Json::array();
  for (const auto& process : record.processes) {
    processes.push_back({{"component", process.component},
                         {"pid", process.pid},
                         {"number", process.number},
                         {"startTicks", process.startTicks}});
  }
  const Json json{{"rpc", record.rpcPort},   {"rest", record.restPort},
                  {"blob", record.blobPort}, {"events", record.eventPort},
                  {"conf", context.confDir}, {"processes", processes}};
  std::error_code error;
  fs::create_directories(context.pidDirectory(), error);
  const std::string path = context.runFilePrefix() + ".cluster";
  const std::string temporary = path + "." + std::to_string(getpid());
  {
    std::ofstream file(temporary);
    file << json.dump(2) << "\n";
    if (!file.flush()) {
      return {ErrorCode::kFileIo, "the cluster's run file cannot be written: path=" + temporary +
                                      " reason=" + std::strerror(errno)};
    }
  }
  fs::rename(temporary, path, error);
  if (error)
    return {ErrorCode::kFileIo, "the cluster's run file cannot be replaced: path=" + path +
                                    " reason=" + error.message()};
  return Status::ok();
}

void removeClusterRecord(const ClusterContext& context) {
  std::error_code ignored;
  fs::remove(context.runFilePrefix() + ".cluster", ignored);
}

}  // namespace flink::cli
