#include "cli/cluster_context.h"

#include <netdb.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xxhash.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/base/process.h"
#include "core/config/options/core_options.h"
#include "core/config/options/jobmanager_options.h"

namespace flink::cli {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string binDirectory() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path().string();
}

std::string ClusterContext::logDirectory() const {
  const std::string configured = configuration.getValidated(config::kEnvLogDir);
  return configured.empty() ? home + "/log" : configured;
}

std::string userIdent() {
  for (const char* name : {"FLINK_IDENT_STRING", "USER"}) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  }
  return std::to_string(getuid());
}

std::string ClusterContext::pidDirectory() const {
  if (const char* chosen = std::getenv("FLINK_PID_DIR"); chosen != nullptr && *chosen != '\0')
    return chosen;
  return configuration.getValidated(config::kEnvPidDir);
}

std::string ClusterContext::runFilePrefix() const {
  return fmt::format("{}/flink-{}-{:016x}", pidDirectory(), userIdent(),
                     XXH3_64bits(confDir.data(), confDir.size()));
}

Result<ClusterContext> loadContext(const GlobalOptions& global) {
  ClusterContext context;
  const char* environment = std::getenv("FLINK_CONF_DIR");
  std::string directory = global.confDir;
  if (directory.empty() && environment != nullptr) directory = environment;
  if (directory.empty()) directory = fs::path(binDirectory()).parent_path() / "conf";
  std::error_code error;
  const fs::path canonical = fs::weakly_canonical(directory, error);
  if (!fs::is_directory(canonical, error)) {
    return Status(ErrorCode::kFileNotFound,
                  "the configuration directory does not exist: path=" + directory);
  }
  context.confDir = canonical.string();
  context.home = canonical.parent_path().string();
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
    record.processes.push_back(
        {process.value("component", ""), process.value("pid", 0), process.value("number", 0)});
  }
  return record;
}

Status writeClusterRecord(const ClusterContext& context, const ClusterRecord& record) {
  Json processes = Json::array();
  for (const auto& process : record.processes) {
    processes.push_back(
        {{"component", process.component}, {"pid", process.pid}, {"number", process.number}});
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

bool isAlive(const ClusterRecord::Process& process) {
  if (process.pid <= 0 || ::kill(process.pid, 0) != 0) return false;
  std::ifstream file(fmt::format("/proc/{}/cmdline", process.pid));
  std::string command;
  std::getline(file, command, '\0');
  return fs::path(command).filename() == "flink-" + process.component;
}

namespace {

struct HostPort {
  std::string host;
  std::string port;
};

Result<HostPort> splitAddress(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size() ||
      address.find_first_not_of("0123456789", colon + 1) != std::string::npos) {
    return Status(ErrorCode::kUsage,
                  "the JobManager's address must be host:port: address=" + address);
  }
  return HostPort{address.substr(0, colon), address.substr(colon + 1)};
}

/// A refused connection is known at once, while ZeroMQ would try again until the deadline.
Status probe(const std::string& address) {
  FLINK_ASSIGN_OR_RETURN(const HostPort target, splitAddress(address));
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const auto unreachable = [&](const std::string& why) {
    return Status(ErrorCode::kClusterUnreachable,
                  fmt::format("no JobManager answers: address={} reason={}", address, why));
  };
  if (const int code = getaddrinfo(target.host.c_str(), target.port.c_str(), &hints, &found);
      code != 0) {
    return unreachable(gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  int reason = ECONNREFUSED;
  for (const addrinfo* it = found; it != nullptr; it = it->ai_next) {
    const OwnedFd fd(::socket(it->ai_family, it->ai_socktype | SOCK_CLOEXEC, it->ai_protocol));
    if (!fd.valid()) continue;
    const timeval timeout{5, 0};
    setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    if (::connect(fd.get(), it->ai_addr, it->ai_addrlen) == 0) return Status::ok();
    reason = errno;
  }
  return unreachable(std::strerror(reason));
}

Result<Duration> clientTimeout(const GlobalOptions& global) {
  auto context = loadContext(global);
  if (context) return Duration(context->configuration.getValidated(config::kClientTimeout));
  // With -m a command works without configuration files.
  if (global.jobManager.empty() || context.status().code() != ErrorCode::kFileNotFound)
    return std::move(context).status();
  FLINK_ASSIGN_OR_RETURN(const auto loaded,
                         config::loadConfiguration("", global.dynamicProperties));
  return Duration(loaded.configuration.getValidated(config::kClientTimeout));
}

}  // namespace

Result<std::string> jobManagerAddress(const GlobalOptions& global) {
  if (!global.jobManager.empty()) {
    FLINK_ASSIGN_OR_RETURN(const HostPort checked, splitAddress(global.jobManager));
    return checked.host + ":" + checked.port;
  }
  FLINK_ASSIGN_OR_RETURN(const ClusterContext context, loadContext(global));
  if (const auto record = readClusterRecord(context); record && record->rpcPort > 0) {
    return "localhost:" + std::to_string(record->rpcPort);
  }
  std::string host = context.configuration.getValidated(config::kJobmanagerRpcAddress);
  if (host.empty()) host = "localhost";
  return fmt::format("{}:{}", host, context.configuration.getValidated(config::kJobmanagerRpcPort));
}

Result<std::unique_ptr<ClusterConnection>> connectCluster(const GlobalOptions& global) {
  FLINK_ASSIGN_OR_RETURN(std::string address, jobManagerAddress(global));
  FLINK_ASSIGN_OR_RETURN(const Duration timeout, clientTimeout(global));
  FLINK_RETURN_IF_ERROR(probe(address));
  FLINK_ASSIGN_OR_RETURN(auto client, control::ClusterClient::connect(address));
  return std::make_unique<ClusterConnection>(std::move(client), std::move(address), timeout);
}

Result<JobId> parseJobId(const std::string& text, const std::string& verb) {
  if (text.empty())
    return Status(ErrorCode::kUsage,
                  fmt::format("Missing JobID. Specify a JobID to {} a job.", verb));
  if (const auto id = JobId::parse(text)) return *id;
  return Status(
      ErrorCode::kUsage,
      fmt::format("Cannot parse JobID from \"{}\". The expected format is [0-9a-fA-F]{{32}}, e.g. "
                  "fd72014d4c864993a2e5a9287b4a9c5d.",
                  text));
}

}  // namespace flink::cli
