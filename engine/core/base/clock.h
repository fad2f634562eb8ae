#pragma once

#include <chrono>
#include <cstdint>

namespace flink {

using Duration = std::chrono::nanoseconds;

/// A point on the monotonic clock; only differences mean anything. Timeouts use this, never wall
/// time.
struct MonotonicClockTag {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = Duration;
  using time_point = std::chrono::time_point<MonotonicClockTag, Duration>;
  static constexpr bool is_steady = true;
};
using MonotonicTime = MonotonicClockTag::time_point;

/// Milliseconds since the Unix epoch: processing time and display only.
enum class EpochMillis : std::int64_t {};

/// The seam for time. The simulator has its own.
/// Thread: safe from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual MonotonicTime now() const = 0;
  [[nodiscard]] virtual EpochMillis wallMillis() const = 0;

  [[nodiscard]] std::int64_t wallMs() const { return static_cast<std::int64_t>(wallMillis()); }
};

/// The operating system's clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] MonotonicTime now() const override;
  [[nodiscard]] EpochMillis wallMillis() const override;
};

}  // namespace flink
