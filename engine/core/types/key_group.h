#pragma once

#include <cstdint>

namespace flink::types {

__extension__ using Uint128 = unsigned __int128;

/// xxh3-64 of a key's serialized form. Part of the snapshot format (version 1).
using KeyHash = std::uint64_t;

/// Maps a key's hash onto [0, maxParallelism) by scaling, so that sorting by hash sorts by key
/// group. REQUIRES: 0 < maxParallelism <= 32768.
constexpr std::uint32_t keyGroupOf(KeyHash hash, std::uint32_t maxParallelism) {
  return static_cast<std::uint32_t>((static_cast<Uint128>(hash) * maxParallelism) >> 64U);
}

/// Flink's formula: the subtask that owns a key group.
constexpr std::uint32_t operatorIndexOf(std::uint32_t keyGroup, std::uint32_t maxParallelism,
                                        std::uint32_t parallelism) {
  return keyGroup * parallelism / maxParallelism;
}

/// A contiguous, inclusive range of key groups.
struct KeyGroupRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  [[nodiscard]] constexpr std::uint32_t size() const { return last - first + 1; }
  [[nodiscard]] constexpr bool contains(std::uint32_t group) const {
    return group >= first && group <= last;
  }
  friend bool operator==(const KeyGroupRange&, const KeyGroupRange&) = default;
};

/// Flink's formula: the key groups that subtask `index` owns.
constexpr KeyGroupRange keyGroupRangeOf(std::uint32_t index, std::uint32_t maxParallelism,
                                        std::uint32_t parallelism) {
  return {(index * maxParallelism + parallelism - 1) / parallelism,
          ((index + 1) * maxParallelism - 1) / parallelism};
}

/// Flink's default: min(max(nextPow2(p + p/2), 128), 32768).
constexpr std::uint32_t defaultMaxParallelism(std::uint32_t parallelism) {
  const std::uint32_t want = parallelism + parallelism / 2;
  std::uint32_t power = 1;
  while (power < want) power *= 2;
  if (power < 128) return 128;
  return power > 32768 ? 32768 : power;
}

}  // namespace flink::types
