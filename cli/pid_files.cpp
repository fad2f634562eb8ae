#include "cli/pid_files.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/base/process.h"

namespace flink::cli {

namespace fs = std::filesystem;

namespace {

std::string pidFile(const ClusterContext& context, const std::string& component) {
  return fmt::format("{}/flink-{}-{}.pid", context.pidDirectory(), userIdent(),
                     serviceName(component));
}

std::vector<int> readPids(const std::string& path) {
  std::vector<int> pids;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    int pid = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), pid);
    if (error == std::errc() && end == line.data() + line.size() && pid > 0) pids.push_back(pid);
  }
  return pids;
}

Status writePids(const std::string& path, const std::vector<int>& pids) {
  std::error_code error;
  if (pids.empty()) {
    fs::remove(path, error);
  } else {
    std::ofstream file(path, std::ios::trunc);
    for (const int pid : pids) file << pid << '\n';
    if (!file.flush()) error = std::error_code(errno, std::generic_category());
  }
  if (!error) return Status::ok();
  return {ErrorCode::kFileIo,
          fmt::format("the pid file cannot be written: path={} reason={}", path, error.message())};
}

/// Reads the file, drops what is not true any more, adds `added` (0: nothing), and writes it.
Status update(const ClusterContext& context, const std::string& component, int added) {
  std::error_code error;
  if (added == 0 && !fs::exists(pidFile(context, component), error)) return Status::ok();
  fs::create_directories(context.pidDirectory(), error);
  const OwnedFd directory(::open(context.pidDirectory().c_str(), O_RDONLY | O_CLOEXEC));
  if (!directory.valid() || ::flock(directory.get(), LOCK_EX) != 0) {
    return {ErrorCode::kFileAccessDenied,
            fmt::format("the directory of pid files cannot be locked: path={} reason={}",
                        context.pidDirectory(), std::strerror(errno))};
  }
  const std::string path = pidFile(context, component);
  std::vector<int> pids = readPids(path);
  std::erase_if(pids, [added](int pid) { return pid == added || !isFlinkProcess(pid); });
  if (added != 0) pids.push_back(added);
  return writePids(path, pids);
}

}  // namespace

std::string serviceName(const std::string& component) {
  return component == "jobmanager" ? "standalonesession" : "taskexecutor";
}

Status addToPidFile(const ClusterContext& context, const ClusterRecord::Process& process) {
  return update(context, process.component, process.pid);
}

std::vector<ClusterRecord::Process> pidFileProcesses(const ClusterContext& context,
                                                     const std::string& component) {
  std::vector<ClusterRecord::Process> processes;
  for (const int pid : readPids(pidFile(context, component))) {
    const ClusterRecord::Process process{component, pid, 0, startTicksOf(pid)};
    if (isAlive(process) && worksWith(pid, context.confDir)) processes.push_back(process);
  }
  return processes;
}

Status cleanPidFile(const ClusterContext& context, const std::string& component) {
  return update(context, component, 0);
}

}  // namespace flink::cli
