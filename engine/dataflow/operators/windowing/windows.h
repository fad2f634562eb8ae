#pragma once

#include <algorithm>
#include <compare>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/types/stream_time.h"

namespace flink {

/// The times from start (inclusive) to end (exclusive), in milliseconds.
struct TimeWindow {
  types::Timestamp start = 0;
  types::Timestamp end = 0;

  [[nodiscard]] constexpr types::Timestamp getStart() const { return start; }
  [[nodiscard]] constexpr types::Timestamp getEnd() const { return end; }
  /// The last time that belongs to the window: what its results are stamped with.
  [[nodiscard]] constexpr types::Timestamp maxTimestamp() const { return end - 1; }
  /// Windows that only touch intersect too, so that sessions exactly one gap apart are one.
  [[nodiscard]] constexpr bool intersects(const TimeWindow& other) const {
    return start <= other.end && end >= other.start;
  }
  /// The smallest window that has both.
  [[nodiscard]] constexpr TimeWindow cover(const TimeWindow& other) const {
    return {std::min(start, other.start), std::max(end, other.end)};
  }
  /// The start of the window of `size` that the timestamp lies in. Wraps around where it lies
  /// before the least timestamp, as Flink's does. REQUIRES: size > 0.
  static constexpr types::Timestamp getWindowStartWithOffset(types::Timestamp timestamp,
                                                             std::int64_t offset,
                                                             std::int64_t size) {
    return static_cast<types::Timestamp>(
        static_cast<std::uint64_t>(timestamp) -
        static_cast<std::uint64_t>(timeIntoWindow(timestamp, offset, size)));
  }
  /// How much later than its window's start a timestamp is. REQUIRES: size > 0.
  static constexpr std::int64_t timeIntoWindow(types::Timestamp timestamp, std::int64_t offset,
                                               std::int64_t size) {
    // The remainder of the difference without the difference, which may not fit.
    const std::int64_t remainder = (timestamp % size - offset % size) % size;
    return remainder < 0 ? remainder + size : remainder;
  }
  /// `TimeWindow{start=0, end=10}`
  [[nodiscard]] std::string toString() const;

  friend constexpr auto operator<=>(const TimeWindow&, const TimeWindow&) = default;
};

/// The one window that everything is in.
struct GlobalWindow {
  [[nodiscard]] static constexpr GlobalWindow get() { return {}; }
  [[nodiscard]] constexpr types::Timestamp maxTimestamp() const {
    return std::numeric_limits<types::Timestamp>::max();
  }
  [[nodiscard]] std::string toString() const;

  friend constexpr auto operator<=>(const GlobalWindow&, const GlobalWindow&) = default;
};

/// What windows have in common: a last timestamp, and a value that fits the 16 bytes of a state's
/// namespace.
template <class W>
concept Window = std::is_trivially_copyable_v<W> && std::equality_comparable<W> &&
                     sizeof(W) <= 16 &&
                 std::default_initializable<W>&& requires(const W& window) {
  { window.maxTimestamp() } -> std::convertible_to<types::Timestamp>;
};

namespace operators {

/// Windows that became one.
template <class W>
struct MergedWindows {
  W result;
  std::vector<W> merged;  ///< what `result` was made of: two or more
};

/// Joins windows that intersect; those that stay alone are left out. Sorts `windows`.
[[nodiscard]] std::vector<MergedWindows<TimeWindow>> mergeTimeWindows(
    std::vector<TimeWindow>& windows);

}  // namespace operators
}  // namespace flink
