#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/types/key_group.h"

/// The frame of one record on a channel (see types/segment_writer.h): `u32 length`, then `length`
/// bytes: the prefix of keyed exchanges (key group, inside a process also the key's hash) and the
/// serialized record.
namespace flink::operators::wire {

constexpr std::size_t kLengthBytes = 4;
/// Longest record, prefix included: what a reader is willing to put together.
constexpr std::size_t kMaxRecordBytes = std::size_t{256} << 20;
/// Scratch memory for long records that is kept between them.
constexpr std::size_t kKeptLargeBytes = std::size_t{1} << 20;

inline void putLength(std::byte* to, std::size_t length) {
  const auto value = static_cast<std::uint32_t>(length);
  std::memcpy(to, &value, sizeof value);
}
inline std::size_t getLength(const std::byte* from) {
  std::uint32_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

struct NoPrefix {
  static constexpr std::size_t size() { return 0; }
  static void put(std::byte*) {}
};
struct GroupPrefix {
  std::uint16_t group;
  static constexpr std::size_t size() { return sizeof(std::uint16_t); }
  void put(std::byte* to) const { std::memcpy(to, &group, sizeof group); }
};
struct HashPrefix {
  std::uint16_t group;
  types::KeyHash hash;
  static constexpr std::size_t size() { return sizeof(std::uint16_t) + sizeof(types::KeyHash); }
  void put(std::byte* to) const {
    std::memcpy(to, &group, sizeof group);
    std::memcpy(to + sizeof group, &hash, sizeof hash);
  }
};

/// Throws std::length_error past kMaxRecordBytes.
void checkRecordSize(std::size_t size);
[[noreturn]] void throwBadPartition(int channel, int numChannels);

/// xorshift64*: which channel a shuffled record takes needs spread, not secrecy.
std::uint64_t mixSeed(std::uint64_t seed);
inline int nextRandomBelow(std::uint64_t& state, int bound) {
  state ^= state >> 12U;
  state ^= state << 25U;
  state ^= state >> 27U;
  const std::uint64_t value = (state * 0x2545F4914F6CDD1DULL) >> 32U;
  return static_cast<int>((value * static_cast<std::uint64_t>(bound)) >> 32U);
}

}  // namespace flink::operators::wire
