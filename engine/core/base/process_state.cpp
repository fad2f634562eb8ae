#include "core/base/process_state.h"

#include <unistd.h>

#include <span>
#include <string>
#include <string_view>

namespace flink {

ProcessState readProcessState(FileSystem& files, int pid) {
  auto file = files.openRead("/proc/" + std::to_string(pid) + "/stat");
  if (!file) return ProcessState::kGone;
  char text[256];
  const auto size = (*file)->readAt(0, std::as_writable_bytes(std::span(text)));
  if (!size) return ProcessState::kGone;  // it ended between the two calls
  const std::string_view line(text, *size);
  const auto name = line.rfind(") ");  // the state follows the command's name
  if (name == std::string_view::npos || name + 2 >= line.size()) return ProcessState::kGone;
  switch (line[name + 2]) {
    case 'T':
    case 't':
      return ProcessState::kStopped;
    case 'Z':
    case 'X':
      return ProcessState::kGone;
    default:
      return ProcessState::kAlive;
  }
}

std::string machineName() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

}  // namespace flink
