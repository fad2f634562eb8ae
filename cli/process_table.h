#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace flink::cli {

/// A JobManager or TaskManager of this host, as the tool's notes know it.
struct DaemonProcess {
  std::string component;  ///< "jobmanager" or "taskmanager"
  int pid = 0;
  int number = 0;  ///< distinguishes TaskManagers in log names
  /// When it started, in the kernel's count: a pid may have been given to somebody else since. 0:
  /// not known.
  std::uint64_t startTicks = 0;
};

/// 0 when there is no such process.
[[nodiscard]] std::uint64_t startTicksOf(int pid);
/// True while the process exists and is the one that was noted.
[[nodiscard]] bool isAlive(const DaemonProcess& process);
/// True for processes whose environment names this configuration directory.
[[nodiscard]] bool worksWith(int pid, const std::string& confDir);
/// False for processes that are gone, and for those that got a dead daemon's pid. The daemons of a
/// Flink that is not ours count.
[[nodiscard]] bool isFlinkProcess(int pid);
/// True when the files that the process was started from have been replaced since.
[[nodiscard]] bool isOutdated(int pid);
/// The daemons that `cluster start` started with this configuration directory, TaskManagers first.
[[nodiscard]] std::vector<DaemonProcess> findDaemons(const std::string& confDir);

}  // namespace flink::cli
