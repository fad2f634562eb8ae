#include "cli/process_table.h"

#include <signal.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fmt/format.h>

namespace flink::cli {

namespace fs = std::filesystem;

namespace {

std::string procFile(int pid, const char* name) {
  std::ifstream file(fmt::format("/proc/{}/{}", pid, name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The words of a process's command line, each with its terminating zero.
std::string commandLine(int pid) {
  return procFile(pid, "cmdline");
}

std::string programOf(const std::string& command) {
  return fs::path(command.substr(0, command.find('\0'))).filename().string();
}

}  // namespace

std::uint64_t startTicksOf(int pid) {
  const std::string stat = procFile(pid, "stat");
  // The name in parentheses may hold anything; the start is the 20th field behind it.
  const std::size_t name = stat.rfind(')');
  if (name == std::string::npos) return 0;
  std::istringstream fields(stat.substr(name + 1));
  std::string field;
  for (int i = 0; i < 20; ++i) fields >> field;
  std::uint64_t ticks = 0;
  std::from_chars(field.data(), field.data() + field.size(), ticks);
  return ticks;
}

bool isAlive(const DaemonProcess& process) {
  if (process.pid <= 0 || ::kill(process.pid, 0) != 0) return false;
  if (process.startTicks != 0 && startTicksOf(process.pid) != process.startTicks) return false;
  return programOf(commandLine(process.pid)) == "flink-" + process.component;
}

bool worksWith(int pid, const std::string& confDir) {
  const std::string environment = '\0' + procFile(pid, "environ");
  return environment.find('\0' + ("FLINK_CONF_DIR=" + confDir) + '\0') != std::string::npos;
}

bool isFlinkProcess(int pid) {
  return commandLine(pid).find("flink") != std::string::npos;
}

bool isOutdated(int pid) {
  constexpr std::string_view kReplaced = " (deleted)";
  std::error_code error;
  const fs::path binary = fs::read_symlink(fmt::format("/proc/{}/exe", pid), error);
  if (!error && binary.string().ends_with(kReplaced)) return true;
  std::istringstream maps(procFile(pid, "maps"));
  for (std::string line; std::getline(maps, line);) {
    if (line.ends_with(kReplaced) && line.find("/libflink") != std::string::npos) return true;
  }
  return false;
}

std::vector<DaemonProcess> findDaemons(const std::string& confDir) {
  std::vector<DaemonProcess> found;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    int pid = 0;
    const auto [rest, wrong] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (wrong != std::errc() || rest != name.data() + name.size()) continue;
    const std::string command = commandLine(pid);
    // As startDaemon() writes it: what a supervisor runs in the foreground is not ours to stop.
    if (command.find('\0' + std::string("--configDir") + '\0' + confDir + '\0' + "--logPrefix") ==
            std::string::npos ||
        !worksWith(pid, confDir)) {
      continue;
    }
    for (const char* component : {"taskmanager", "jobmanager"}) {
      if (programOf(command) == std::string("flink-") + component)
        found.push_back({component, pid, 0, startTicksOf(pid)});
    }
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.component > b.component; });
  return found;
}

}  // namespace flink::cli
