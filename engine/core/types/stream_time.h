#pragma once

#include <cstdint>
#include <limits>

namespace flink::types {

/// Event time: milliseconds since the Unix epoch, or whatever the job's timestamps count.
using Timestamp = std::int64_t;

/// A record without a timestamp.
constexpr Timestamp kNoTimestamp = std::numeric_limits<Timestamp>::min();
/// Event time before the first watermark.
constexpr Timestamp kMinWatermark = std::numeric_limits<Timestamp>::min();
/// Event time after the last record: every event-time timer is due.
constexpr Timestamp kMaxWatermark = std::numeric_limits<Timestamp>::max();

/// a + b, held at the ends of the range instead of wrapping around.
constexpr Timestamp saturatingAdd(Timestamp a, Timestamp b) {
  Timestamp sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? kMaxWatermark : kMinWatermark;
}

/// What travels between records, in order with them.
struct StreamElement {
  enum class Kind : std::uint8_t {
    kWatermark = 1,  ///< no record with timestamp <= `time` follows
    kIdle = 2,       ///< the channel does not hold event time back until kActive or a watermark
    kActive = 3,
  };
  Kind kind = Kind::kWatermark;
  Timestamp time = kMinWatermark;  ///< of watermarks
  friend bool operator==(const StreamElement&, const StreamElement&) = default;
};

}  // namespace flink::types
