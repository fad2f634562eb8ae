#include "cli/cluster_connection.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>

#include <fmt/format.h>

#include "cli/cluster_context.h"
#include "core/base/error_codes.h"
#include "core/base/process.h"
#include "core/config/options/core_options.h"
#include "core/config/options/jobmanager_options.h"

namespace flink::cli {

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

/// Where a command goes.
struct Target {
  std::string address;
  Duration timeout{};
  std::string confDir;  ///< whose cluster it has to be; empty: of whoever answers
};

Result<Target> givenTarget(const GlobalOptions& global) {
  FLINK_RETURN_IF_ERROR(splitAddress(global.jobManager).status());
  auto context = loadContext(global);
  if (context) {
    return Target{
        global.jobManager, context->configuration.getValidated(config::kClientTimeout), {}};
  }
  // With -m a command works without configuration files.
  if (context.status().code() != ErrorCode::kFileNotFound) return std::move(context).status();
  FLINK_ASSIGN_OR_RETURN(const auto loaded,
                         config::loadConfiguration("", global.dynamicProperties));
  return Target{global.jobManager, loaded.configuration.getValidated(config::kClientTimeout), {}};
}

Result<Target> configuredTarget(const GlobalOptions& global) {
  FLINK_ASSIGN_OR_RETURN(const ClusterContext context, loadContext(global));
  const auto& configuration = context.configuration;
  const auto record = readClusterRecord(context);
  const bool recorded = record && record->rpcPort > 0;
  std::string host = recorded ? "" : configuration.getValidated(config::kJobmanagerRpcAddress);
  return Target{fmt::format("{}:{}", host.empty() ? "localhost" : host,
                            recorded ? record->rpcPort
                                     : configuration.getValidated(config::kJobmanagerRpcPort)),
                configuration.getValidated(config::kClientTimeout), context.confDir};
}

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Result<Addresses> resolve(const std::string& address) {
  FLINK_ASSIGN_OR_RETURN(const HostPort target, splitAddress(address));
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = getaddrinfo(target.host.c_str(), target.port.c_str(), &hints, &found);
      code != 0) {
    return Status(
        ErrorCode::kClusterUnreachable,
        fmt::format("no JobManager answers: address={} reason={}", address, gai_strerror(code)));
  }
  return Addresses(found, freeaddrinfo);
}

/// True when a web server answers there: REST ports are easily taken for the RPC port.
bool speaksHttp(const addrinfo& address) {
  constexpr std::string_view kRequest = "GET / HTTP/1.0\r\n\r\n";
  constexpr std::string_view kAnswer = "HTTP/";
  const OwnedFd fd(
      ::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC, address.ai_protocol));
  const timeval timeout{2, 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  char answer[kAnswer.size()];
  return fd.valid() && ::connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0 &&
         ::send(fd.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL) ==
             static_cast<ssize_t>(kRequest.size()) &&
         ::recv(fd.get(), answer, sizeof answer, MSG_WAITALL) ==
             static_cast<ssize_t>(sizeof answer) &&
         std::string_view(answer, sizeof answer) == kAnswer;
}

/// Why nothing came back from `target`.
Status explain(const Target& target, const addrinfo* addresses, Status reason) {
  const ErrorCode code = reason.code();
  if (code != ErrorCode::kClusterUnreachable && code != ErrorCode::kUnavailable &&
      code != ErrorCode::kDeadlineExceeded && code != ErrorCode::kBadFrame) {
    return reason;
  }
  for (const addrinfo* address = addresses; address != nullptr; address = address->ai_next) {
    if (!speaksHttp(*address)) continue;
    return {ErrorCode::kClusterUnreachable,
            fmt::format("a web server answers there and no JobManager's RPC: address={}; -m takes "
                        "host:jobmanager.rpc.port (6123 by default), not the REST address",
                        target.address)};
  }
  if (code != ErrorCode::kClusterUnreachable) return reason;
  const std::string& why = reason.message();
  return {ErrorCode::kClusterUnreachable,
          fmt::format("no JobManager answers: address={}{} reason={}", target.address,
                      target.confDir.empty() ? "" : " conf=" + target.confDir,
                      why.substr(0, why.find(": address=")))};
}

}  // namespace

Result<std::unique_ptr<ClusterConnection>> connectCluster(const GlobalOptions& global) {
  FLINK_ASSIGN_OR_RETURN(
      Target target, global.jobManager.empty() ? configuredTarget(global) : givenTarget(global));
  FLINK_ASSIGN_OR_RETURN(const Addresses addresses, resolve(target.address));
  FLINK_ASSIGN_OR_RETURN(auto client, control::ClusterClient::connect(target.address));
  auto connection =
      std::make_unique<ClusterConnection>(std::move(client), target.address, target.timeout);
  auto version = connection->call(protocol::GetVersionRequest{});
  if (!version) return explain(target, addresses.get(), std::move(version).status());
  if (!target.confDir.empty() && !version->configDirectory.empty() &&
      version->configDirectory != target.confDir) {
    return Status(
        ErrorCode::kClusterUnreachable,
        fmt::format("the cluster of this configuration does not run: conf={}; the JobManager at "
                    "{} (pid {}) belongs to another one: conf={}",
                    target.confDir, target.address, version->pid, version->configDirectory));
  }
  return connection;
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
