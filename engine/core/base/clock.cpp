#include "core/base/clock.h"

#include <chrono>

namespace flink {

MonotonicTime SystemClock::now() const {
  return MonotonicTime(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

EpochMillis SystemClock::wallMillis() const {
  const auto sinceEpoch = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<EpochMillis>(
      std::chrono::duration_cast<std::chrono::milliseconds>(sinceEpoch).count());
}

}  // namespace flink
