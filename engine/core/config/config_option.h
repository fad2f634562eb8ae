#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flink::config {

/// A size in bytes; text forms as Flink's MemorySize (`1024`, `64kb`, `104857600b`), fractions too
/// (`3.5g`).
struct MemorySize {
  std::int64_t bytes = 0;
  friend auto operator<=>(const MemorySize&, const MemorySize&) = default;
  /// "128.000mb (134217728 bytes)", as Flink's error texts print it.
  [[nodiscard]] std::string toHumanReadableString() const;
};
constexpr MemorySize mebibytes(std::int64_t n) {
  return {n << 20};
}
constexpr MemorySize kibibytes(std::int64_t n) {
  return {n << 10};
}

using Millis = std::chrono::milliseconds;

inline constexpr std::size_t kMaxLegacyKeys = 4;

/// One typed key: Flink's name, default, meaning, and the names it had before. An empty defaultText
/// means "no default". The value types are bool, int, std::int64_t, float, double, std::string,
/// MemorySize, Millis, std::vector<std::string>. Lifetime: constants; listed once in
/// options/<area>_options.cpp so that documentation and checks see them.
template <class T>
struct ConfigOption {
  std::string_view key;
  std::string_view defaultText;
  std::string_view description;
  std::array<std::string_view, kMaxLegacyKeys> legacyKeys = {};  ///< unused places are empty
  /// Which values of the type are allowed; empty: all. One of `port` (0-65535), `ports` (ports and
  /// ranges of them), `>=n`, `a..b`, `power of two >=n`, or the words `A|B|C`, compared without
  /// case.
  std::string_view accepts = {};
};

using ConfigList = std::vector<std::string>;

}  // namespace flink::config
