#pragma once

#include <string>

namespace flink::worker {

/// From now on SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT write the process's last words to
/// `descriptor` before they end it: signal, operator (the thread's crashContext), job library and
/// native frames. Format: taskmanager/README.md. REQUIRES: called once, before other threads start.
void installCrashHandler(int descriptor);

/// Names the library whose code counts as the user's. At most 4095 bytes are kept.
void setCrashLibrary(const std::string& path);

}  // namespace flink::worker
