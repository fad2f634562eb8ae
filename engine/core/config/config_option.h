#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flink::config {

/// A size in bytes; text forms as Flink's MemorySize (`1024`, `64kb`, `3.5g`, `104857600b`).
struct MemorySize {
  std::int64_t bytes = 0;
  friend auto operator<=>(const MemorySize&, const MemorySize&) = default;
  /// "128.000mb (134217728 bytes)", as Flink's error texts print it.
  [[nodiscard]] std::string toHumanReadableString() const;
};
constexpr MemorySize mebibytes(std::int64_t n) { return {n << 20}; }
constexpr MemorySize kibibytes(std::int64_t n) { return {n << 10}; }

using Millis = std::chrono::milliseconds;

/// One typed key: Flink's name, default, meaning, and the names it had before. An empty defaultText means "no default".
/// The value types are bool, int, long (int64), float, double, std::string, MemorySize, Millis, std::vector<std::string>.
/// Lifetime: static constants; listed once in options/<area>.cpp so that documentation and checks see them.
template <class T>
struct ConfigOption {
  std::string_view key;
  std::string_view defaultText;
  std::string_view description;
  std::vector<std::string_view> legacyKeys = {};
};

}  // namespace flink::config
