#include "cli/cluster_processes.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "cli/pid_files.h"
#include "core/base/error_codes.h"

namespace flink::cli {

namespace fs = std::filesystem;

namespace {

/// <log dir>/flink-<user>-<Flink's service name>-<n>-<host>
std::string logPrefix(const ClusterContext& context, const DaemonSpec& spec) {
  char host[256] = "localhost";
  gethostname(host, sizeof host - 1);
  return fmt::format("{}/flink-{}-{}-{}-{}", context.logDirectory(), userIdent(),
                     serviceName(spec.component), spec.number, host);
}

/// The end of what was written to `file` from `start` on.
std::string tailOf(const std::string& file, std::uintmax_t start) {
  constexpr std::size_t kTail = 2000;
  std::ifstream stream(file, std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(start));
  std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  return text.size() > kTail ? text.substr(text.size() - kTail) : text;
}

}  // namespace

Status reportedError(const std::string& line) {
  const std::string_view text = std::string_view(line).substr(std::strlen("error "));
  const std::size_t colon = text.find(": ");
  const auto code = errorCodeById(text.substr(0, colon));
  if (!code || colon == std::string_view::npos) return {ErrorCode::kUnavailable, std::string(text)};
  return {*code, std::string(text.substr(colon + 2))};
}

Result<StartedDaemon> startDaemon(const ClusterContext& context, const DaemonSpec& spec,
                                  ProcessLauncher& launcher) {
  std::error_code error;
  fs::create_directories(context.logDirectory(), error);
  if (error) {
    return Status(ErrorCode::kFileAccessDenied,
                  fmt::format("the log directory cannot be made: path={} reason={}",
                              context.logDirectory(), error.message()));
  }
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return Status(ErrorCode::kProcessSpawn, std::string("no pipe: ") + std::strerror(errno));
  StartedDaemon daemon;
  daemon.ready = OwnedFd(ends[0]);
  const std::string prefix = logPrefix(context, spec);
  daemon.outFile = prefix + ".out";
  const std::uintmax_t written = fs::file_size(daemon.outFile, error);
  daemon.outStart = error ? 0 : written;

  ProcessSpec process;
  process.argv = {binDirectory() + "/flink-" + spec.component, "--configDir", context.confDir,
                  "--logPrefix", prefix};
  for (const auto& property : spec.dynamicProperties)
    process.argv.insert(process.argv.end(), {"-D", property});
  process.environment = {{"FLINK_CONF_DIR", context.confDir}, {"FLINK_READY_FD", "3"}};
  process.inherited.push_back(OwnedFd(ends[1]));
  process.stdoutFile = daemon.outFile;
  process.stderrFile = daemon.outFile;
  process.dieWithParent = false;
  process.newSession = true;
  FLINK_ASSIGN_OR_RETURN(auto child, launcher.spawn(std::move(process), [](const ExitStatus&) {}));
  daemon.process = {spec.component, child->pid(), spec.number, startTicksOf(child->pid())};
  return daemon;
}

Result<std::string> awaitReady(const StartedDaemon& daemon, int timeoutMs) {
  std::string line;
  const auto failed = [&](const std::string& why) {
    return Status(ErrorCode::kUnavailable,
                  fmt::format("flink-{} (pid {}) {}; its output: {}\n{}", daemon.process.component,
                              daemon.process.pid, why, daemon.outFile,
                              tailOf(daemon.outFile, daemon.outStart)));
  };
  while (line.empty() || line.back() != '\n') {
    pollfd entry{daemon.ready.get(), POLLIN, 0};
    const int ready = ::poll(&entry, 1, timeoutMs);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return failed(fmt::format("was not ready within {} s", timeoutMs / 1000));
    char buffer[1024];
    const ssize_t count = ::read(daemon.ready.get(), buffer, sizeof buffer);
    if (count <= 0) break;
    line.append(buffer, static_cast<std::size_t>(count));
  }
  if (!line.empty() && line.back() == '\n') line.pop_back();
  if (line.starts_with("ready")) return line;
  if (line.starts_with("error ")) return reportedError(line);
  return failed("ended before it was ready");
}

bool stopProcess(const ClusterRecord::Process& process, int timeoutMs) {
  const OwnedFd handle(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
  // Looked at once the handle holds it: from now on nobody else gets the signals.
  if (!handle.valid() || !isAlive(process)) return true;
  syscall(SYS_pidfd_send_signal, handle.get(), SIGTERM, nullptr, 0);
  pollfd entry{handle.get(), POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&entry, 1, timeoutMs);
  } while (ready < 0 && errno == EINTR);
  if (ready > 0) return true;
  syscall(SYS_pidfd_send_signal, handle.get(), SIGKILL, nullptr, 0);
  ::poll(&entry, 1, timeoutMs);
  return false;
}

}  // namespace flink::cli
