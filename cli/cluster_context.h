#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/process_table.h"
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

  /// FLINK_LOG_DIR, else env.log.dir, else log beside conf.
  [[nodiscard]] std::string logDirectory() const;
  /// FLINK_PID_DIR, else env.pid.dir.
  [[nodiscard]] std::string pidDirectory() const;
  /// Start of the names of this cluster's run files in pidDirectory(); several clusters may share
  /// the directory.
  [[nodiscard]] std::string runFilePrefix() const;
};

/// Where the configuration is: --conf, FLINK_CONF_DIR, or ../conf beside bin. Its files are not
/// read. Errors: kFileNotFound.
Result<ClusterContext> findContext(const GlobalOptions& global);
/// The same with its files read; -D wins. Errors: configuration errors.
Result<ClusterContext> loadContext(const GlobalOptions& global);

/// What `cluster start` notes about a running cluster, since its ports may differ from the
/// configured ones.
struct ClusterRecord {
  int rpcPort = 0, restPort = 0, blobPort = 0, eventPort = 0;
  using Process = DaemonProcess;
  std::vector<Process> processes;
};
[[nodiscard]] std::optional<ClusterRecord> readClusterRecord(const ClusterContext& context);
Status writeClusterRecord(const ClusterContext& context, const ClusterRecord& record);
void removeClusterRecord(const ClusterContext& context);

}  // namespace flink::cli
