#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "core/base/bytes.h"
#include "core/types/key_group.h"
#include "core/types/segment_writer.h"
#include "core/types/stream_time.h"

/// The frame of one record or control element on a channel (see network/FORMAT.md): a length word,
/// then the timestamp if there is one, the prefix of keyed exchanges (key group, inside a process
/// also the key's hash) and the serialized record.
namespace flink::operators::wire {

constexpr std::size_t kLengthBytes = 4;
/// Longest record, prefix included: what a reader is willing to put together. Fits the length word.
constexpr std::size_t kMaxRecordBytes = (std::size_t{256} << 20) - 1;
/// Scratch memory for long records that is kept between them.
constexpr std::size_t kKeptLargeBytes = std::size_t{1} << 20;

// Flags in the length word.
constexpr std::uint32_t kStamped = 1U << 31U;
constexpr std::uint32_t kElement = 1U << 30U;
constexpr std::uint32_t kLengthMask = (1U << 28U) - 1;

inline void putWord(std::byte* to, std::size_t length, std::uint32_t flags) {
  const auto word = static_cast<std::uint32_t>(length) | flags;
  std::memcpy(to, &word, sizeof word);
}
inline std::uint32_t getWord(const std::byte* from) {
  std::uint32_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}
/// False when a word has bits that no writer sets.
inline bool isValid(std::uint32_t word) {
  return (word & ~(kStamped | kElement | kLengthMask)) == 0;
}
inline std::size_t lengthOf(std::uint32_t word) {
  return word & kLengthMask;
}

struct NoPrefix {
  static constexpr std::uint32_t kFlags = 0;
  static constexpr std::size_t size() { return 0; }
  static void put(std::byte*) {}
};
struct GroupPrefix {
  static constexpr std::uint32_t kFlags = 0;
  std::uint16_t group;
  static constexpr std::size_t size() { return sizeof(std::uint16_t); }
  void put(std::byte* to) const { std::memcpy(to, &group, sizeof group); }
};
struct HashPrefix {
  static constexpr std::uint32_t kFlags = 0;
  std::uint16_t group;
  types::KeyHash hash;
  static constexpr std::size_t size() { return sizeof(std::uint16_t) + sizeof(types::KeyHash); }
  void put(std::byte* to) const {
    std::memcpy(to, &group, sizeof group);
    std::memcpy(to + sizeof group, &hash, sizeof hash);
  }
};
/// A timestamp in front of another prefix.
template <class Rest>
struct StampedPrefix {
  static constexpr std::uint32_t kFlags = kStamped;
  types::Timestamp timestamp;
  Rest rest;
  static constexpr std::size_t size() { return sizeof(types::Timestamp) + Rest::size(); }
  void put(std::byte* to) const {
    std::memcpy(to, &timestamp, sizeof timestamp);
    rest.put(to + sizeof timestamp);
  }
};

/// Throws std::length_error past kMaxRecordBytes.
void checkRecordSize(std::size_t size);
[[noreturn]] void throwBadPartition(int channel, int numChannels);
/// Throws std::invalid_argument: a keyed stream's record has no key.
[[noreturn]] void throwNullKey();

/// An element with its length word takes no more than this.
constexpr std::size_t kMaxElementBytes = kLengthBytes + 1 + sizeof(types::Timestamp);
/// Returns how many bytes it wrote. REQUIRES: room for kMaxElementBytes.
std::size_t putElement(std::byte* to, const types::StreamElement& element);
/// Writes a control element to every channel, behind what was written so far.
void broadcastElement(types::SegmentWriter& writer, const types::StreamElement& element);
/// Decodes the bytes behind an element's length word; empty when they are none.
std::optional<types::StreamElement> parseElement(ByteView bytes);

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
