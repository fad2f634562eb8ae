#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "core/base/bytes.h"

namespace flink::types {

static_assert(std::endian::native == std::endian::little,
              "the wire format is little endian and so is memory");

/// Copies n bytes; short copies without a call. The areas must not overlap.
inline void copyBytes(void* to, const void* from, std::size_t n) {
  auto* out = static_cast<std::byte*>(to);
  const auto* in = static_cast<const std::byte*>(from);
  if (n > 16) {
    std::memcpy(out, in, n);
  } else if (n >= 8) {
    std::uint64_t head;
    std::uint64_t tail;
    std::memcpy(&head, in, 8);
    std::memcpy(&tail, in + n - 8, 8);
    std::memcpy(out, &head, 8);
    std::memcpy(out + n - 8, &tail, 8);
  } else if (n >= 4) {
    std::uint32_t head;
    std::uint32_t tail;
    std::memcpy(&head, in, 4);
    std::memcpy(&tail, in + n - 4, 4);
    std::memcpy(out, &head, 4);
    std::memcpy(out + n - 4, &tail, 4);
  } else if (n > 0) {
    out[0] = in[0];
    out[n / 2] = in[n / 2];
    out[n - 1] = in[n - 1];
  }
}

/// Writes into memory that somebody else owns; never past its end. After a failed claim the caller
/// drops what it wrote.
struct SegmentSink {
  std::byte* pos = nullptr;
  std::byte* end = nullptr;

  /// The next n bytes to fill, or null when they do not fit.
  std::byte* claim(std::size_t n) {
    if (static_cast<std::size_t>(end - pos) < n) [[unlikely]]
      return nullptr;
    std::byte* start = pos;
    pos += n;
    return start;
  }
};

/// Appends to a string; every claim succeeds.
struct StringSink {
  std::string& text;

  std::byte* claim(std::size_t n) {
    const std::size_t old = text.size();
    text.resize(old + n);
    return reinterpret_cast<std::byte*>(text.data()) + old;
  }
};

/// Reads bytes that nobody vouches for: every take is checked, nothing is allocated for counts that
/// cannot be true.
struct ByteCursor {
  const std::byte* pos = nullptr;
  const std::byte* end = nullptr;
  std::uint32_t depth = 0;
  const char* error = nullptr;  ///< static text; why the last read failed

  static constexpr std::uint32_t kMaxDepth = 200;

  ByteCursor() = default;
  explicit ByteCursor(ByteView bytes) : pos(bytes.data()), end(bytes.data() + bytes.size()) {}

  [[nodiscard]] std::size_t remaining() const { return static_cast<std::size_t>(end - pos); }

  bool fail(const char* why) {
    error = why;
    return false;
  }

  /// The next n bytes, or null (with error set) when there are fewer.
  const std::byte* take(std::size_t n) {
    if (remaining() < n) [[unlikely]] {
      error = "truncated value";
      return nullptr;
    }
    const std::byte* start = pos;
    pos += n;
    return start;
  }
};

constexpr std::size_t kMaxVarintBytes = 10;

constexpr std::size_t varintSize(std::uint64_t value) {
  return value == 0 ? 1 : (static_cast<std::size_t>(std::bit_width(value)) + 6) / 7;
}

/// LEB128. REQUIRES: varintSize(value) bytes at `to`.
inline std::byte* putVarint(std::byte* to, std::uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<std::byte>(value | 0x80);
    value >>= 7U;
  }
  *to++ = static_cast<std::byte>(value);
  return to;
}

template <class Sink>
bool writeVarint(std::uint64_t value, Sink& sink) {
  std::byte* to = sink.claim(varintSize(value));
  if (to == nullptr) [[unlikely]]
    return false;
  putVarint(to, value);
  return true;
}

inline bool readVarint(ByteCursor& in, std::uint64_t& value) {
  if (in.pos != in.end && static_cast<std::uint8_t>(*in.pos) < 0x80) [[likely]] {
    value = static_cast<std::uint8_t>(*in.pos++);
    return true;
  }
  value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (in.pos == in.end) return in.fail("truncated value");
    const auto byte = static_cast<std::uint8_t>(*in.pos++);
    if (shift == 63 && byte > 1) return in.fail("count out of range");
    value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
    if (byte < 0x80) return true;
  }
  return in.fail("count out of range");
}

/// Reads how many elements follow; each takes at least `minElementSize` bytes, so more than fit are
/// refused before anything is allocated for them.
inline bool readCount(ByteCursor& in, std::size_t minElementSize, std::size_t& count) {
  std::uint64_t value;
  if (!readVarint(in, value)) return false;
  if (value > in.remaining() / minElementSize) [[unlikely]]
    return in.fail("count exceeds the bytes that follow");
  count = static_cast<std::size_t>(value);
  return true;
}

}  // namespace flink::types
