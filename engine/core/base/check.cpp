#include "core/base/check.h"

#include <cstdio>
#include <cstdlib>

#include "core/base/log.h"

namespace flink {
namespace {

Logger& checkLog() {
  static auto* logger =
      new Logger("flink.check");  // never destroyed: checks may fail while the process ends
  return *logger;
}

}  // namespace

void checkFailed(std::string_view condition, std::string_view message, const char* file, int line) {
  static thread_local bool failing = false;
  if (!failing) {  // a check inside the log itself must not loop
    failing = true;
    const std::string text =
        fmt::format("check failed: {} condition=({}) at={}:{}", message, condition, file, line);
    std::fprintf(stderr, "%s\n", text.c_str());
    std::fflush(stderr);
    if (!logsToStderr()) checkLog().write(LogLevel::kError, text);
    flushLogs();
  }
  std::abort();
}

}  // namespace flink
