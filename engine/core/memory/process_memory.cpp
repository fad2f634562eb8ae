#include "core/memory/process_memory.h"

#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::memory {
namespace {

__extension__ using UInt128 = unsigned __int128;

/// Digits and decimal exponent of the shortest text that reads back as `value`: value = digits ×
/// 10^exponent.
struct ShortestDecimal {
  std::uint64_t digits = 0;
  int exponent = 0;
};

ShortestDecimal shortestDecimal(double value) {
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  ShortestDecimal decimal;
  const char* p = buffer;
  bool afterPoint = false;
  for (; p != end && *p != 'e'; ++p) {
    if (*p == '.') {
      afterPoint = true;
      continue;
    }
    decimal.digits = decimal.digits * 10 + static_cast<std::uint64_t>(*p - '0');
    if (afterPoint) --decimal.exponent;
  }
  int exponent = 0;
  const char* digits = p + 1 < end && p[1] == '+' ? p + 2 : p + 1;
  std::from_chars(digits, end, exponent);
  decimal.exponent += exponent;
  return decimal;
}

}  // namespace

Status illegalMemory(std::string message) {
  return Status(ErrorCode::kIllegalMemoryConfiguration, std::move(message));
}

Result<std::int64_t> multiplyExactly(std::int64_t bytes, double multiplier) {
  const ShortestDecimal decimal = shortestDecimal(multiplier);
  constexpr auto kMax = static_cast<UInt128>(std::numeric_limits<std::int64_t>::max());
  // At most 17 digits times 19 digits: the product of any two stays within 128 bits.
  UInt128 product = static_cast<UInt128>(bytes) * decimal.digits;
  for (int e = decimal.exponent; e > 0 && product <= kMax; --e) product *= 10;
  for (int e = decimal.exponent; e < 0 && product != 0; ++e) product /= 10;
  if (product > kMax) return illegalMemory("a derived size is larger than 64 bits");
  return static_cast<std::int64_t>(product);
}

Result<std::int64_t> addExactly(std::initializer_list<std::int64_t> sizes) {
  std::int64_t sum = 0;
  for (const std::int64_t size : sizes) {
    if (__builtin_add_overflow(sum, size, &sum))
      return illegalMemory("the sizes add up to more than 64 bits");
  }
  return sum;
}

std::string optionText(std::string_view key, std::string_view defaultText,
                       std::string_view deprecatedKey) {
  const std::string fallback =
      deprecatedKey.empty() ? "" : fmt::format("{{key={}, isDeprecated=true}}", deprecatedKey);
  return fmt::format("Key: '{}' , default: {} (fallback keys: [{}])", key,
                     defaultText.empty() ? "null" : defaultText, fallback);
}

Result<std::int64_t> MemoryDerivation::size(const config::ConfigOption<MemorySize>& option) const {
  Result<MemorySize> size = configuration_.get(option);
  if (!size.isOk()) {
    return illegalMemory(
               fmt::format("Cannot read memory size from config option '{}'.", option.key))
        .causedBy(size.status());
  }
  return size->bytes;
}

Result<RangeFraction> MemoryDerivation::range(std::int64_t min, std::int64_t max,
                                              const config::ConfigOption<float>& option,
                                              std::string_view deprecatedKey) const {
  // The option's check would refuse a fraction outside 0..1 in other words than Flink's.
  config::ConfigOption<float> unchecked = option;
  unchecked.accepts = {};
  FLINK_ASSIGN_OR_RETURN(float configured, configuration_.get(unchecked));
  const RangeFraction range{min, max, static_cast<double>(configured)};
  if (range.fraction < 0 || range.fraction > 1 || min > max) {
    return illegalMemory(
        fmt::format("Inconsistently configured {} ({}) and its min ({}), max ({}) value",
                    optionText(option.key, option.defaultText, deprecatedKey), range.fraction,
                    text(min), text(max)));
  }
  return range;
}

Result<std::int64_t> MemoryDerivation::capped(std::string_view what, std::int64_t size,
                                              const RangeFraction& range) {
  if (size > range.max) {
    remark(fmt::format("the {} of its fraction ({}) is above its maximum, which is used: {}", what,
                       text(size), text(range.max)));
    return range.max;
  }
  if (size < range.min) {
    remark(fmt::format("the {} of its fraction ({}) is below its minimum, which is used: {}", what,
                       text(size), text(range.min)));
    return range.min;
  }
  return size;
}

Result<std::int64_t> MemoryDerivation::withFraction(std::string_view what, std::int64_t base,
                                                    const RangeFraction& range) {
  FLINK_ASSIGN_OR_RETURN(std::int64_t relative, multiplyExactly(base, range.fraction));
  return capped(what, relative, range);
}

Result<std::int64_t> MemoryDerivation::withInverseFraction(std::string_view what, std::int64_t base,
                                                           const RangeFraction& range) {
  if (range.fraction >= 1) {
    return illegalMemory(
        fmt::format("the {} cannot be derived: its fraction must be less than 1", what));
  }
  FLINK_ASSIGN_OR_RETURN(std::int64_t relative,
                         multiplyExactly(base, range.fraction / (1 - range.fraction)));
  return capped(what, relative, range);
}

Result<RangeFraction> MemoryDerivation::overheadRange() const {
  FLINK_ASSIGN_OR_RETURN(std::int64_t min, size(options_.overheadMin));
  FLINK_ASSIGN_OR_RETURN(std::int64_t max, size(options_.overheadMax));
  return range(min, max, options_.overheadFraction);
}

Result<MetaspaceAndOverhead> MemoryDerivation::fromTotalProcess(std::int64_t totalProcess) {
  MetaspaceAndOverhead parts;
  FLINK_ASSIGN_OR_RETURN(parts.metaspace, size(options_.metaspace));
  FLINK_ASSIGN_OR_RETURN(RangeFraction overhead, overheadRange());
  FLINK_ASSIGN_OR_RETURN(parts.overhead,
                         withFraction("jvm overhead memory", totalProcess, overhead));
  FLINK_ASSIGN_OR_RETURN(std::int64_t sum, addExactly({parts.metaspace, parts.overhead}));
  if (sum > totalProcess) {
    return illegalMemory(
        fmt::format("Sum of configured JVM Metaspace ({}) and JVM Overhead ({}) exceed configured "
                    "Total Process Memory "
                    "({}).",
                    text(parts.metaspace), text(parts.overhead), text(totalProcess)));
  }
  return parts;
}

Result<MetaspaceAndOverhead> MemoryDerivation::fromTotalFlink(std::int64_t totalFlink) {
  MetaspaceAndOverhead parts;
  FLINK_ASSIGN_OR_RETURN(parts.metaspace, size(options_.metaspace));
  FLINK_ASSIGN_OR_RETURN(std::int64_t flinkAndMetaspace, addExactly({totalFlink, parts.metaspace}));
  FLINK_ASSIGN_OR_RETURN(RangeFraction overhead, overheadRange());
  if (!isSet(options_.process)) {
    FLINK_ASSIGN_OR_RETURN(parts.overhead,
                           withInverseFraction("jvm overhead memory", flinkAndMetaspace, overhead));
    return parts;
  }
  FLINK_ASSIGN_OR_RETURN(std::int64_t process, size(options_.process));
  if (process < flinkAndMetaspace) {
    return illegalMemory(
        fmt::format("The configured Total Process Memory size ({}) is less than the sum of the "
                    "derived Total Flink "
                    "Memory size ({}) and the configured or default JVM Metaspace size  ({}).",
                    text(process), text(totalFlink), text(parts.metaspace)));
  }
  parts.overhead = process - flinkAndMetaspace;
  if (parts.overhead > overhead.max || parts.overhead < overhead.min) {
    return illegalMemory(fmt::format(
        "Derived JVM Overhead size ({}) is not in configured JVM Overhead range [{}, {}].",
        text(parts.overhead), text(overhead.min), text(overhead.max)));
  }
  if (isSet(options_.overheadFraction)) {
    FLINK_ASSIGN_OR_RETURN(std::int64_t wanted, multiplyExactly(process, overhead.fraction));
    if (wanted != parts.overhead) {
      remark(fmt::format("{} ({}) is not met: process.size and flink.size leave {}",
                         options_.overheadFraction.key, overhead.fraction, text(parts.overhead)));
    }
  }
  return parts;
}

Status MemoryDerivation::nothingConfigured(std::string_view fineGrainedKeys) const {
  return illegalMemory(fmt::format(
      "Either required fine-grained memory ({}), or Total Flink Memory size ({}), or Total Process "
      "Memory "
      "size ({}) need to be configured explicitly.",
      fineGrainedKeys, optionText(options_.flink.key, {}), optionText(options_.process.key, {})));
}

}  // namespace flink::memory
