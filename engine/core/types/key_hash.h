#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/types/key_group.h"
#include "core/types/serializer.h"

namespace flink::types {

/// xxh3-64 of any bytes, by libxxhash.
[[nodiscard]] KeyHash hashBytes(const std::byte* data, std::size_t size);

namespace detail {

// The short forms of xxh3-64 (no seed, default secret), written out so that hashing a batch of
// small keys is a loop without calls. The constants are the xors of the secret's words; tests
// compare every length with libxxhash.
constexpr std::uint64_t kFlip1To3 = 0x87275a9b;
constexpr std::uint64_t kFlip4To8 = 0xc73ab174c5ecd5a2;
constexpr std::uint64_t kFlipLow = 0x6782737bea4239b9;
constexpr std::uint64_t kFlipHigh = 0xaf56bc3b0996523a;

inline std::uint64_t load8(const void* from) {
  return *static_cast<const std::uint8_t*>(from);
}
inline std::uint64_t load32(const void* from) {
  std::uint32_t value;
  std::memcpy(&value, from, 4);
  return value;
}
inline std::uint64_t load64(const void* from) {
  std::uint64_t value;
  std::memcpy(&value, from, 8);
  return value;
}

constexpr std::uint64_t hash1To3(std::uint64_t first, std::uint64_t middle, std::uint64_t last,
                                 std::uint64_t size) {
  std::uint64_t h = ((first << 16U) | (middle << 24U) | last | (size << 8U)) ^ kFlip1To3;
  h ^= h >> 33U;
  h *= 0xC2B2AE3D27D4EB4FULL;
  h ^= h >> 29U;
  h *= 0x165667B19E3779F9ULL;
  return h ^ (h >> 32U);
}

constexpr std::uint64_t hash4To8(std::uint64_t first4, std::uint64_t last4, std::uint64_t size) {
  std::uint64_t h = (last4 + (first4 << 32U)) ^ kFlip4To8;
  h ^= std::rotl(h, 49) ^ std::rotl(h, 24);
  h *= 0x9FB21C651E98DF25ULL;
  h ^= (h >> 35U) + size;
  h *= 0x9FB21C651E98DF25ULL;
  return h ^ (h >> 28U);
}

constexpr std::uint64_t hash9To16(std::uint64_t first8, std::uint64_t last8, std::uint64_t size) {
  const std::uint64_t low = first8 ^ kFlipLow;
  const std::uint64_t high = last8 ^ kFlipHigh;
  const Uint128 product = static_cast<Uint128>(low) * high;
  std::uint64_t h =
      size + __builtin_bswap64(low) + high +
      (static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U));
  h ^= h >> 37U;
  h *= 0x165667919E3779F9ULL;
  return h ^ (h >> 32U);
}

/// hashBytes() for a size known to be 1..16.
inline KeyHash hashUpTo16(const std::byte* data, std::size_t size) {
  if (size > 8) return hash9To16(load64(data), load64(data + size - 8), size);
  if (size >= 4) return hash4To8(load32(data), load32(data + size - 4), size);
  return hash1To3(static_cast<std::uint8_t>(data[0]), static_cast<std::uint8_t>(data[size / 2]),
                  static_cast<std::uint8_t>(data[size - 1]), size);
}

/// The hash of a string's serialized form (length as varint, then its bytes) for strings of any
/// length.
[[nodiscard]] KeyHash hashStringSlow(std::string_view text);

/// The same for up to 15 bytes without building that form in memory.
inline KeyHash hashString(std::string_view text) {
  const std::size_t n = text.size();
  const char* data = text.data();
  const std::uint64_t prefix = n;
  if (n >= 8 && n <= 15)
    return hash9To16((load64(data) << 8U) | prefix, load64(data + n - 8), n + 1);
  if (n >= 4 && n <= 7) {
    const std::uint64_t head = load32(data);
    return hash4To8(((head << 8U) | prefix) & 0xffffffffU, load32(data + n - 4), n + 1);
  }
  if (n == 3) {
    const std::uint64_t whole =
        prefix | (load8(data) << 8U) | (load8(data + 1) << 16U) | (load8(data + 2) << 24U);
    return hash4To8(whole, whole, 4);
  }
  return hashStringSlow(text);
}

}  // namespace detail

/// How a key is kept: views become strings.
template <class K>
struct OwnedKey {
  using Type = std::remove_cvref_t<K>;
};
template <class K>
requires(std::is_convertible_v<K, std::string_view> &&
         !std::is_same_v<std::remove_cvref_t<K>, std::nullptr_t>) struct OwnedKey<K> {
  using Type = std::string;
};
template <class K>
using OwnedKeyType = typename OwnedKey<K>::Type;

/// xxh3-64 of the key's serialized form: decides key group and slot, never std::hash. A string_view
/// hashes like the string it shows.
template <class K>
requires KeyType<OwnedKeyType<K>>
[[nodiscard]] KeyHash keyHash(const K& key) {
  using Owned = OwnedKeyType<K>;
  if constexpr (std::is_same_v<Owned, std::string>) {
    return detail::hashString(key);
  } else if constexpr (kFixedSize<K> > 0 && kFixedSize<K> <= 1024) {
    std::byte form[kFixedSize<K>];
    TypeSerializer<K>::put(form, key);
    if constexpr (kFixedSize<K> <= 16) {
      return detail::hashUpTo16(form, kFixedSize<K>);
    } else {
      return hashBytes(form, sizeof form);
    }
  } else {
    std::byte form[256];
    SegmentSink sink{form, form + sizeof form};
    if (writeValue(key, sink)) [[likely]]
      return hashBytes(form, static_cast<std::size_t>(sink.pos - form));
    const std::string large = serialize(key);
    return hashBytes(asBytes(large).data(), large.size());
  }
}

/// Whether two keys are the same. Consistent with the hash: numbers are compared by their bytes, so
/// that a NaN meets its like and -0.0 is a key of its own (as in Flink). `b` may be a view of a
/// kept key's type.
template <class K, class Q>
bool sameKey(const K& a, const Q& b) {
  if constexpr (std::is_same_v<K, Q> && kTriviallySerializable<K>) {
    return std::memcmp(&a, &b, sizeof(K)) == 0;
  } else {
    return a == b;
  }
}

}  // namespace flink::types
