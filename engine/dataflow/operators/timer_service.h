#pragma once

#include <cstdint>

namespace flink {

enum class TimeDomain : std::uint8_t { EVENT_TIME, PROCESSING_TIME };

/// Tells the time and sets the timers of the current key. A timer exists once per key and time:
/// registering it again does nothing. It fires once its time is reached, in order of times; an
/// event-time timer of the past fires with the next watermark.
/// Thread: the function's. Errors (thrown): kStateNoKey when timers are set on a stream without
/// keys.
class TimerService {
 public:
  virtual ~TimerService() = default;
  /// Milliseconds since the Unix epoch.
  [[nodiscard]] virtual std::int64_t currentProcessingTime() const = 0;
  /// The least value of std::int64_t before the first watermark.
  [[nodiscard]] virtual std::int64_t currentWatermark() const = 0;
  virtual void registerEventTimeTimer(std::int64_t time) = 0;
  virtual void registerProcessingTimeTimer(std::int64_t time) = 0;
  /// A timer that does not exist is ignored.
  virtual void deleteEventTimeTimer(std::int64_t time) = 0;
  virtual void deleteProcessingTimeTimer(std::int64_t time) = 0;
};

}  // namespace flink
