#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace flink {

/// How a child process ended.
struct ExitStatus {
  std::optional<int> exitCode;  ///< set when it called exit
  int signal = 0;               ///< set when a signal ended it
  /// "exit code 3" or "signal 9 (SIGKILL)".
  [[nodiscard]] std::string toString() const;
};

/// A file descriptor that closes itself.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.release()) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  ~OwnedFd() { reset(); }
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  int release() noexcept {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset();

 private:
  int fd_ = -1;
};

/// What to start. argv[0] is the path of the binary; a bare name is looked up in PATH.
struct ProcessSpec {
  std::vector<std::string> argv;
  /// Added to, and winning over, the parent's environment.
  std::map<std::string, std::string> environment;
  /// Passed on as descriptors 3, 4, ... in this order; everything else is closed in the child.
  std::vector<OwnedFd> inherited;
  std::string stdoutFile;        ///< appended to; empty: inherited
  std::string stderrFile;        ///< appended to; empty: inherited
  std::string workingDirectory;  ///< empty: inherited
  bool dieWithParent = true;     ///< PDEATHSIG = SIGKILL
  bool newSession = false;       ///< setsid, for daemons
};

/// A started child. Destroying the handle neither kills nor waits.
class ChildProcess {
 public:
  virtual ~ChildProcess() = default;
  [[nodiscard]] virtual int pid() const = 0;
  /// Sends `signal`; no-op once the child was reaped, so a reused pid is never hit.
  virtual void kill(int signal) = 0;
};

/// The seam for child processes.
/// Thread: safe from any thread.
/// Lifetime: destroying the launcher ends, by SIGKILL, its children with dieWithParent; exits are
/// not reported any more.
class ProcessLauncher {
 public:
  virtual ~ProcessLauncher() = default;
  /// `onExit` is called once, on the launcher's reaper thread, after the child was reaped. Errors:
  /// kProcessSpawn.
  virtual Result<std::unique_ptr<ChildProcess>> spawn(ProcessSpec spec,
                                                      std::function<void(ExitStatus)> onExit) = 0;
};
std::unique_ptr<ProcessLauncher> makeSystemProcessLauncher();

}  // namespace flink
