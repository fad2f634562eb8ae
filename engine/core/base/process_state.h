#pragma once

#include <cstdint>
#include <string>

#include "core/base/fs.h"

namespace flink {

/// What the kernel says about a process of this machine.
enum class ProcessState : std::uint8_t {
  kGone,     ///< there is none, or it has ended and waits to be reaped
  kStopped,  ///< by SIGSTOP or a debugger
  kAlive,
};
[[nodiscard]] ProcessState readProcessState(FileSystem& files, int pid);

/// How users tell machines apart, also where everything is reached under "localhost".
[[nodiscard]] std::string machineName();

}  // namespace flink
