#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace flink::config {

/// What is known about a key that is no option.
enum class KeyKind : std::uint8_t {
  kEffective,  ///< read by pattern, e.g. metrics.reporter.<name>.port
  kIgnored,    ///< means nothing in a native process
  kLater,      ///< Flink's, without effect in this release
  kUnknown,
};

/// Keys that begin with `prefix` (up to a dot, or as it stands when it ends in one) and are no
/// options.
struct KeyRule {
  std::string_view prefix;
  KeyKind kind;
  std::string_view reason;  ///< why they have no effect, in words for the user
};
/// In the order in which they are tried.
[[nodiscard]] std::span<const KeyRule> keyRules();

struct KeyVerdict {
  KeyKind kind = KeyKind::kUnknown;
  std::string_view reason;
};
[[nodiscard]] KeyVerdict classifyKey(std::string_view key);

/// The candidate that is spelt most alike; nullopt when none is near. Words of two letters are like
/// everything and get none.
[[nodiscard]] std::optional<std::string> nearestWord(std::string_view word,
                                                     const std::vector<std::string>& candidates);
/// The known key that is spelt most alike; nullopt when none is near.
[[nodiscard]] std::optional<std::string> nearestKey(std::string_view key);
/// True when an option's key is so near (two letters at most) that `key` must be meant as that one.
[[nodiscard]] bool isNearMiss(std::string_view key);

}  // namespace flink::config
