#include "cluster/control/port_owner.h"

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>

namespace flink::control {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kListenState = "0A";

/// Adds the inodes of sockets that listen on `port` according to one of /proc/net/tcp, tcp6.
void addListeners(const char* table, int port, std::set<std::string>& inodes) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);  // heading
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >>
        timeout >> inode;
    const std::size_t colon = local.rfind(':');
    if (state != kListenState || colon == std::string::npos) continue;
    int number = -1;
    std::from_chars(local.data() + colon + 1, local.data() + local.size(), number, 16);
    if (number == port) inodes.insert("socket:[" + inode + "]");
  }
}

bool holdsOneOf(const fs::path& process, const std::set<std::string>& sockets) {
  std::error_code error;
  for (fs::directory_iterator fd(process / "fd", error), end; !error && fd != end;
       fd.increment(error)) {
    std::error_code gone;
    const fs::path target = fs::read_symlink(fd->path(), gone);
    if (!gone && sockets.contains(target.string())) return true;
  }
  return false;
}

/// The kernel's name of a process has 15 letters; the command line has the rest when it begins so.
std::string nameOf(const fs::path& process) {
  std::string name, command;
  std::ifstream comm(process / "comm");
  std::getline(comm, name);
  std::ifstream cmdline(process / "cmdline");
  std::getline(cmdline, command, '\0');
  const std::string whole = fs::path(command).filename().string();
  return whole.starts_with(name) ? whole : name;
}

}  // namespace

std::string portOwner(int port) {
  std::set<std::string> sockets;
  addListeners("/proc/net/tcp", port, sockets);
  addListeners("/proc/net/tcp6", port, sockets);
  if (sockets.empty()) return "unknown";
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string pid = entry->path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos ||
        !holdsOneOf(entry->path(), sockets))
      continue;
    const std::string name = nameOf(entry->path());
    return fmt::format("{}({})", name.empty() ? "process" : name, pid);
  }
  return "unknown";
}

}  // namespace flink::control
