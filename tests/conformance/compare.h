#pragma once

#include <optional>
#include <string>
#include <vector>

namespace flink::conformance {

/// Whether the lines a case gave are right. W, I and X lines cut them into blocks; those lines, and
/// which block a line is in, are exact. Inside a block `order` says what counts: `exact`, `per-key`
/// (each key's lines in order), `per-timestamp` (timestamps in order, lines of one in any) or
/// `sorted` (any order). Of an X line only its place counts. Outputs are compared one by one.
/// Returns where they first differ, as text.
[[nodiscard]] std::optional<std::string> difference(const std::vector<std::string>& expected,
                                                    const std::vector<std::string>& actual,
                                                    const std::string& order);

/// A table's line whose right value belongs to Java.
inline constexpr const char* kNotOurs = "(not ours)";
/// The same for tables: line by line.
[[nodiscard]] std::optional<std::string> tableDifference(const std::vector<std::string>& expected,
                                                         const std::vector<std::string>& actual);

}  // namespace flink::conformance
