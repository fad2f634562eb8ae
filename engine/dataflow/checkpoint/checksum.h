#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>

#include "core/base/bytes.h"

namespace flink::checkpoint {

/// xxh3-128 of a whole file.
struct Digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const Digest&, const Digest&) = default;
  /// 32 hex digits, as `xxhsum -H2` prints them.
  [[nodiscard]] std::string toHex() const;
};

/// Computes the digest of bytes that arrive piece by piece.
class Digester {
 public:
  Digester();
  void update(ByteView bytes);
  [[nodiscard]] Digest digest() const;

 private:
  struct Free {
    void operator()(void* state) const;
  };
  std::unique_ptr<void, Free> state_;
};

[[nodiscard]] Digest digestOf(ByteView bytes);

/// xxh3-64. The seed binds the bytes to their place, so that equal bytes elsewhere do not fit.
[[nodiscard]] std::uint64_t checksumOf(ByteView bytes, std::uint64_t seed);

}  // namespace flink::checkpoint
