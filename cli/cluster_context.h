#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cluster/control/client.h"
#include "core/config/configuration.h"

namespace flink::cli {

/// Directory of this executable.
[[nodiscard]] std::string binDirectory();

/// Whose processes and files these are, in the names of files: FLINK_IDENT_STRING, else the user.
[[nodiscard]] std::string userIdent();

/// The configuration that a command works with.
struct ClusterContext {
  std::string confDir;
  std::string home;  ///< the directory above conf
  config::Configuration configuration;
  std::vector<config::ConfigWarning> warnings;

  [[nodiscard]] std::string logDirectory() const;
  /// FLINK_PID_DIR, else env.pid.dir.
  [[nodiscard]] std::string pidDirectory() const;
  /// Start of the names of this cluster's run files in pidDirectory(); several clusters may share
  /// the directory.
  [[nodiscard]] std::string runFilePrefix() const;
};

/// --conf, FLINK_CONF_DIR, or ../conf beside bin; -D wins. A directory without configuration is
/// fine only when it was not asked for by name. Errors: configuration errors.
Result<ClusterContext> loadContext(const GlobalOptions& global);

/// What `cluster start` notes about a running cluster, since its ports may differ from the
/// configured ones.
struct ClusterRecord {
  int rpcPort = 0, restPort = 0, blobPort = 0, eventPort = 0;
  struct Process {
    std::string component;  ///< "jobmanager" or "taskmanager"
    int pid = 0;
    int number = 0;  ///< distinguishes TaskManagers in log names
  };
  std::vector<Process> processes;
};
[[nodiscard]] std::optional<ClusterRecord> readClusterRecord(const ClusterContext& context);
Status writeClusterRecord(const ClusterContext& context, const ClusterRecord& record);
void removeClusterRecord(const ClusterContext& context);
/// True while the process exists and is one of ours (a pid may have been given to something else).
[[nodiscard]] bool isAlive(const ClusterRecord::Process& process);

/// host:port of the JobManager: -m, else the record of a started cluster, else the configuration.
Result<std::string> jobManagerAddress(const GlobalOptions& global);
/// A cluster's JobManager, as commands call it.
class ClusterConnection {
 public:
  ClusterConnection(std::unique_ptr<control::ClusterClient> client, std::string address,
                    Duration timeout)
      : client_(std::move(client)), address_(std::move(address)), timeout_(timeout) {}

  /// Waits for client.timeout, and for `patience` on top where the JobManager itself waits.
  template <class Request>
  Result<typename Request::Response> call(const Request& request, Duration patience = {}) {
    return client_->call(request, timeout_ + patience);
  }
  Result<BlobDigest> uploadFile(const std::string& path) {
    return client_->uploadFile(path, nullptr);
  }
  [[nodiscard]] const std::string& address() const { return address_; }
  /// client.timeout
  [[nodiscard]] Duration timeout() const { return timeout_; }

 private:
  std::unique_ptr<control::ClusterClient> client_;
  std::string address_;
  Duration timeout_;
};

/// Connects and checks that something listens there. Errors: kClusterUnreachable.
Result<std::unique_ptr<ClusterConnection>> connectCluster(const GlobalOptions& global);
/// Parses a job id as given on the command line. Errors: kUsage in Flink's words.
Result<JobId> parseJobId(const std::string& text, const std::string& verb);

}  // namespace flink::cli
