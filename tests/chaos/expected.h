#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace flink::chaos {

/// What the chaos job computes, as arithmetic: the numbers below N come in, even ones from one
/// source, odd ones from the other; a number and its neighbour have the same key, and the keys take
/// turns. A key's window holds two turns, and begins where the key has its turn, so that windows
/// end all the time. Event time is the number itself.
struct Shape {
  std::int64_t keys = 100'000;
  std::int64_t ballastBytes = 600;

  [[nodiscard]] std::int64_t keyOf(std::int64_t number) const { return number / 2 % keys; }
  [[nodiscard]] std::int64_t windowSize() const { return 4 * keys; }
  /// The first number of the key's window `index`.
  [[nodiscard]] std::int64_t windowStart(std::int64_t key, std::int64_t index) const {
    return index * windowSize() + 2 * key;
  }
  [[nodiscard]] std::int64_t windowIndexOf(std::int64_t number) const {
    return (number - 2 * keyOf(number)) / windowSize();
  }
  [[nodiscard]] std::int64_t windowEndOf(std::int64_t number) const {
    return windowStart(keyOf(number), windowIndexOf(number) + 1);
  }
  [[nodiscard]] std::string ballastOf(std::int64_t key) const {
    std::string ballast(static_cast<std::size_t>(ballastBytes), ' ');
    std::uint64_t x = static_cast<std::uint64_t>(key) * 0x9e3779b97f4a7c15ULL + 1;
    for (char& c : ballast) {
      x = x * 6364136223846793005ULL + 1442695040888963407ULL;
      c = static_cast<char>('a' + (x >> 59) % 26);
    }
    return ballast;
  }
  /// Count and sum of the numbers below `limit` in a window.
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> windowOf(std::int64_t key, std::int64_t index,
                                                               std::int64_t limit) const {
    std::pair<std::int64_t, std::int64_t> result{0, 0};
    for (std::int64_t turn = 0; turn < 2; ++turn) {
      for (std::int64_t side = 0; side < 2; ++side) {
        const std::int64_t number = windowStart(key, index) + turn * 2 * keys + side;
        if (number >= limit) continue;
        ++result.first;
        result.second += number;
      }
    }
    return result;
  }
};

}  // namespace flink::chaos
