#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/exit_codes.h"
#include "core/base/result.h"

namespace flink::cli {

enum class OutputFormat : std::uint8_t { kTable, kJson, kYaml };

/// Options that every command has.
struct GlobalOptions {
  bool flinkStyle = false;  ///< called as `flink`: its words, its exit codes
  std::string jobManager;   ///< -m host:port; empty: from the configuration
  std::string confDir;      ///< --conf; empty: FLINK_CONF_DIR, else ../conf beside bin
  std::vector<std::string> dynamicProperties;  ///< -D k=v
  OutputFormat output = OutputFormat::kTable;
  bool noColor = false;
};

struct RunOptions {
  std::optional<int> parallelism;
  bool detached = false;
  std::string entryClass;
  std::vector<std::string> classpath;  ///< -C: extra include directories for job.cpp
  std::string savepoint;               ///< -s: checkpoint or savepoint to start from; empty: none
  bool allowNonRestored = false;       ///< -n: state without an operator is left behind
  std::vector<std::string> fileAndArguments;
};
struct InfoOptions {
  RunOptions program;
  std::string format = "text";  ///< text, json or dot
};
struct ListOptions {
  bool running = false, scheduled = false, all = false;
};
struct JobOptions {
  std::string job;
};
struct CancelOptions {
  std::string job;
  bool withSavepoint = false;
  std::string directory;  ///< for the savepoint; empty: the configured one
};
struct SavepointOptions {
  std::string job;
  std::string directory;  ///< empty: the configured one
  std::string dispose;    ///< a savepoint to remove instead
};
struct StopOptions {
  std::string job;
  std::string directory;  ///< empty: the configured one
  bool drain = false;
};
struct CheckpointOptions {
  std::string job;
  std::int64_t id = 0;
};
struct VerifyOptions {
  std::string folder;
};
struct WaitOptions {
  std::string job;
  std::optional<double> timeoutSeconds;  ///< 0: asks once; without it there is no limit
};
struct LogsOptions {
  std::string target;  ///< job id, "jobmanager" or a TaskManager's id; empty: list the files
  std::string file;
  bool follow = false;
};
struct ClusterStartOptions {
  std::optional<int> taskManagers;
  std::optional<int> slots;
  std::string ports;      ///< "auto": free ones
  std::string component;  ///< "jobmanager", "taskmanager" or empty for both
};
struct ClusterStopOptions {
  std::string component;
  bool newest = false;  ///< of the component, only the one that was started last
};
struct ConfigCheckOptions {
  std::string file;
};
struct ExplainOptions {
  std::string code;
};

/// Every command prints its data to stdout and returns its exit code, or the error that main
/// reports.
using CommandResult = Result<ExitCode>;

CommandResult runRun(const GlobalOptions& global, const RunOptions& options);
CommandResult runInfo(const GlobalOptions& global, const InfoOptions& options);
CommandResult runList(const GlobalOptions& global, const ListOptions& options);
CommandResult runCancel(const GlobalOptions& global, const CancelOptions& options);
CommandResult runSavepoint(const GlobalOptions& global, const SavepointOptions& options);
CommandResult runStop(const GlobalOptions& global, const StopOptions& options);
CommandResult runCheckpointTrigger(const GlobalOptions& global, const JobOptions& options);
CommandResult runCheckpointList(const GlobalOptions& global, const JobOptions& options);
CommandResult runCheckpointDescribe(const GlobalOptions& global, const CheckpointOptions& options);
CommandResult runCheckpointVerify(const GlobalOptions& global, const VerifyOptions& options);
CommandResult runJobDescribe(const GlobalOptions& global, const JobOptions& options);
CommandResult runJobExceptions(const GlobalOptions& global, const JobOptions& options);
CommandResult runWait(const GlobalOptions& global, const WaitOptions& options);
CommandResult runLogs(const GlobalOptions& global, const LogsOptions& options);
CommandResult runClusterStart(const GlobalOptions& global, const ClusterStartOptions& options);
CommandResult runClusterStop(const GlobalOptions& global, const ClusterStopOptions& options);
CommandResult runClusterStatus(const GlobalOptions& global);
CommandResult runTaskManagerList(const GlobalOptions& global);
CommandResult runVersion(const GlobalOptions& global);
CommandResult runConfigCheck(const GlobalOptions& global, const ConfigCheckOptions& options);
CommandResult runExplain(const GlobalOptions& global, const ExplainOptions& options);

}  // namespace flink::cli
