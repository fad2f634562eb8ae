#pragma once

#include <cstdint>

/// A well mixed value from a counter (the finalizer of splitmix64): a stream of keys that any
/// subtask can continue anywhere.
inline std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}
