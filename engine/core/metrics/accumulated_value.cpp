#include "core/metrics/accumulated_value.h"

#include <charconv>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace flink::metrics {
namespace {

template <class Number>
std::optional<Number> parse(const std::string& text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (text.empty() || result.ec != std::errc{} || result.ptr != end) return std::nullopt;
  return value;
}

}  // namespace

std::string addAccumulated(const std::string& sum, const std::string& value) {
  const auto integerA = parse<std::int64_t>(sum);
  const auto integerB = parse<std::int64_t>(value);
  std::int64_t total = 0;
  if (integerA && integerB && !__builtin_add_overflow(*integerA, *integerB, &total))
    return fmt::format("{}", total);
  const auto doubleA = parse<double>(sum);
  const auto doubleB = parse<double>(value);
  return doubleA && doubleB ? fmt::format("{}", *doubleA + *doubleB) : value;
}

}  // namespace flink::metrics
