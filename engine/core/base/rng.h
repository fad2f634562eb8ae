#pragma once

#include <cstdint>
#include <memory>

namespace flink {

/// The seam for randomness.
/// Thread: safe from any thread.
class Rng {
 public:
  virtual ~Rng() = default;
  virtual std::uint64_t next() = 0;
  /// Uniform in [0, bound). REQUIRES: bound > 0.
  std::uint64_t below(std::uint64_t bound);
};

/// Seeded from the operating system.
std::unique_ptr<Rng> makeSystemRng();
/// Same seed, same sequence (splitmix64).
std::unique_ptr<Rng> makeSeededRng(std::uint64_t seed);

}  // namespace flink
