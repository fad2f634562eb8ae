#pragma once

#include <string_view>

namespace flink {

/// Prints the failed condition with its place to stderr and the log, then aborts: the state cannot
/// be trusted.
[[noreturn]] void checkFailed(std::string_view condition, std::string_view message,
                              const char* file, int line);

}  // namespace flink

/// Guards an invariant whose violation is a bug of the engine (never of a user or of input). Always
/// on.
#define FLINK_CHECK(condition, message)                                \
  do {                                                                 \
    if (!(condition)) [[unlikely]]                                     \
      ::flink::checkFailed(#condition, (message), __FILE__, __LINE__); \
  } while (false)

/// FLINK_CHECK for hot loops: compiled out of release builds.
#ifdef NDEBUG
#define FLINK_DCHECK(condition, message) ((void)0)
#else
#define FLINK_DCHECK(condition, message) FLINK_CHECK(condition, message)
#endif
