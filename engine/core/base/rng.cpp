#include "core/base/rng.h"

#include <sys/random.h>

#include <atomic>

#include "core/base/check.h"

namespace flink {
namespace {

class SystemRng final : public Rng {
 public:
  std::uint64_t next() override {
    std::uint64_t word = 0;
    // Requests up to 256 bytes are never cut short once the kernel's pool is seeded; a signal may
    // come before that.
    while (::getrandom(&word, sizeof word, 0) != static_cast<ssize_t>(sizeof word)) {
    }
    return word;
  }
};

class SeededRng final : public Rng {
 public:
  explicit SeededRng(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() override {
    std::uint64_t z = state_.fetch_add(kGamma, std::memory_order_relaxed) + kGamma;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }

 private:
  static constexpr std::uint64_t kGamma = 0x9E3779B97F4A7C15ULL;
  std::atomic<std::uint64_t> state_;
};

}  // namespace

std::uint64_t Rng::below(std::uint64_t bound) {
  FLINK_CHECK(bound > 0, "a random number below zero was asked for");
  // Values of the incomplete last round would favour small results: draw again.
  const std::uint64_t rest = (0 - bound) % bound;
  std::uint64_t word = next();
  while (word < rest) word = next();
  return word % bound;
}

std::unique_ptr<Rng> makeSystemRng() {
  return std::make_unique<SystemRng>();
}
std::unique_ptr<Rng> makeSeededRng(std::uint64_t seed) {
  return std::make_unique<SeededRng>(seed);
}

}  // namespace flink
