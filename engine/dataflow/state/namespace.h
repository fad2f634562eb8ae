#pragma once

#include <compare>
#include <cstdint>

namespace flink::state {

/// What state and timers of a key belong to beside the key: a window, or nothing (the default).
/// Part of the snapshot format: 16 bytes, `a` first.
struct Namespace {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  friend bool operator==(const Namespace&, const Namespace&) = default;
  friend auto operator<=>(const Namespace&, const Namespace&) = default;
};
static_assert(sizeof(Namespace) == 16);

}  // namespace flink::state
