#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/config/configuration.h"

namespace flink::apps {

/// Exit codes of the cluster's processes.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNotStarted = 3;

/// What one option of a process is: `--name VALUE` or `--name=VALUE`.
struct ProcessOption {
  std::string name;   ///< with its dashes
  std::string value;  ///< placeholder in --help
  std::string help;
};

struct ProcessDescription {
  std::string name;     ///< flink-taskmanager
  std::string purpose;  ///< one line of --help
  std::vector<ProcessOption> options;
  std::string positional;  ///< name of a positional argument in --help; empty: none is taken
};

struct ProcessArguments {
  std::vector<std::pair<std::string, std::string>> values;  ///< option name → value, in order
  std::vector<std::string> positional;
  /// The last value of an option.
  [[nodiscard]] std::optional<std::string> value(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> all(const std::string& name) const;
};

/// --configDir, -D and --logPrefix: what every cluster process takes.
std::vector<ProcessOption> clusterProcessOptions();

/// Reads the command line. Prints and returns an exit code for --help, --version and misuse; else
/// nullopt.
std::optional<int> parseArguments(int argc, char** argv, const ProcessDescription& description,
                                  ProcessArguments& arguments);

/// The directory of config.yaml, absolute: --configDir, FLINK_CONF_DIR, else ../conf beside bin.
[[nodiscard]] std::string configurationDirectory(const ProcessArguments& arguments);
/// Loads the configuration that the arguments name and sets up the log; remarks about keys go to
/// the log.
Result<config::Configuration> loadProcessConfiguration(const ProcessArguments& arguments);
Status configureProcessLog(const config::Configuration& configuration, const std::string& file);

/// Directory of the running binary.
std::string binaryDirectory();

/// Tells the starter (FLINK_READY_FD) that the process serves, or why it does not. Later calls do
/// nothing. True when somebody listened.
bool notifyReady(const std::string& line);

/// Prints `name: error ID: text` to stderr and tells the starter. Returns `exitCode`.
int failStart(const ProcessDescription& description, const Status& status,
              int exitCode = kExitNotStarted);

/// SIGTERM and SIGINT as a value to wait for. Construct before any thread starts: it blocks the
/// signals everywhere.
class TerminationSignal {
 public:
  TerminationSignal();
  /// Returns when a signal arrived or trigger() was called.
  void wait();
  /// Makes wait() return. Thread: any.
  static void trigger();
};

/// Ends the process without running destructors of user code: flushes log and standard output
/// first.
[[noreturn]] void exitNow(int exitCode);

}  // namespace flink::apps
