#include "core/config/value_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::config {
namespace {

__extension__ using Int128 = __int128;

Status invalid(std::string reason) {
  return Status(ErrorCode::kConfigInvalidValue, std::move(reason));
}

/// A non-negative decimal number as it stands before a unit: integer part and up to 9 digits of
/// fraction.
struct Decimal {
  Int128 nanos = 0;  ///< number * 10^9
  std::string_view rest;
};

constexpr std::int64_t kNano = 1'000'000'000;

Result<Decimal> parseDecimal(std::string_view text, std::string_view what) {
  std::size_t i = 0;
  Int128 whole = 0;
  while (i < text.size() && text[i] >= '0' && text[i] <= '9') {
    whole = whole * 10 + (text[i++] - '0');
    if (whole > std::numeric_limits<std::int64_t>::max()) {
      return invalid(fmt::format("the {} is larger than 64 bits", what));
    }
  }
  if (i == 0) return invalid(fmt::format("a {} starts with a number", what));
  std::int64_t fraction = 0;
  if (i + 1 < text.size() && text[i] == '.' && text[i + 1] >= '0' && text[i + 1] <= '9') {
    ++i;
    std::int64_t scale = kNano / 10;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') {
      fraction += (text[i++] - '0') * scale;
      scale /= 10;
    }
  }
  return Decimal{whole * kNano + fraction, trim(text.substr(i))};
}

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr Unit kSizeUnits[] = {{"", 1},          {"b", 1},          {"bytes", 1},
                               {"k", 1LL << 10}, {"kb", 1LL << 10}, {"kibibytes", 1LL << 10},
                               {"m", 1LL << 20}, {"mb", 1LL << 20}, {"mebibytes", 1LL << 20},
                               {"g", 1LL << 30}, {"gb", 1LL << 30}, {"gibibytes", 1LL << 30},
                               {"t", 1LL << 40}, {"tb", 1LL << 40}, {"tebibytes", 1LL << 40}};

/// Factors in nanoseconds.
constexpr Unit kTimeUnits[] = {{"", 1'000'000},
                               {"ns", 1},
                               {"nano", 1},
                               {"nanos", 1},
                               {"nanosecond", 1},
                               {"nanoseconds", 1},
                               {"µs", 1'000},
                               {"micro", 1'000},
                               {"micros", 1'000},
                               {"microsecond", 1'000},
                               {"microseconds", 1'000},
                               {"ms", 1'000'000},
                               {"milli", 1'000'000},
                               {"millis", 1'000'000},
                               {"millisecond", 1'000'000},
                               {"milliseconds", 1'000'000},
                               {"s", kNano},
                               {"sec", kNano},
                               {"secs", kNano},
                               {"second", kNano},
                               {"seconds", kNano},
                               {"m", 60 * kNano},
                               {"min", 60 * kNano},
                               {"minute", 60 * kNano},
                               {"minutes", 60 * kNano},
                               {"h", 3600 * kNano},
                               {"hour", 3600 * kNano},
                               {"hours", 3600 * kNano},
                               {"d", 86400 * kNano},
                               {"day", 86400 * kNano},
                               {"days", 86400 * kNano}};

template <std::size_t N>
Result<std::int64_t> unitFactor(const Unit (&units)[N], std::string_view name,
                                std::string_view known) {
  const std::string lower = toLower(name);
  for (const Unit& unit : units) {
    if (unit.name == lower) return unit.factor;
  }
  return invalid(fmt::format("unit '{}' is none of {}", name, known));
}

/// ISO 8601 as java.time.Duration reads it: P1DT2H3M4.5S.
Result<std::int64_t> parseIsoMillis(std::string_view text) {
  Int128 nanos = 0;
  bool time = false, any = false;
  std::string_view rest = text.substr(1);
  while (!rest.empty()) {
    if (!time && (rest[0] == 'T' || rest[0] == 't')) {
      time = true;
      rest.remove_prefix(1);
      continue;
    }
    FLINK_ASSIGN_OR_RETURN(Decimal number, parseDecimal(rest, "duration"));
    if (number.rest.empty()) break;
    const char unit = static_cast<char>(std::toupper(static_cast<unsigned char>(number.rest[0])));
    const std::int64_t seconds = !time ? (unit == 'D' ? 86400 : 0)
                                       : (unit == 'H'   ? 3600
                                          : unit == 'M' ? 60
                                          : unit == 'S' ? 1
                                                        : 0);
    if (seconds == 0) break;
    nanos += number.nanos * seconds;
    any = true;
    rest = number.rest.substr(1);
  }
  if (!any || !rest.empty()) return invalid("an ISO 8601 duration looks like PT10S or P1DT2H");
  return static_cast<std::int64_t>(nanos / 1'000'000);
}

template <class T>
Result<T> parseInteger(std::string_view text) {
  text = trim(text);
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return invalid("the number is out of range");
  if (error != std::errc() || end != text.data() + text.size())
    return invalid("expected a whole number");
  return value;
}

template <class T>
Result<T> parseFloating(std::string_view text) {
  const std::string copy(trim(text));
  char* end = nullptr;
  T value;
  if constexpr (std::is_same_v<T, float>) {
    value = std::strtof(copy.c_str(), &end);
  } else {
    value = std::strtod(copy.c_str(), &end);
  }
  if (copy.empty() || *end != '\0' || !std::isfinite(value))
    return invalid("expected a decimal number");
  return value;
}

}  // namespace

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string toLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string MemorySize::toHumanReadableString() const {
  struct Scale {
    int shift;
    const char* name;
  };
  constexpr Scale kScales[] = {{40, "tb"}, {30, "gb"}, {20, "mb"}, {10, "kb"}};
  for (const Scale& scale : kScales) {
    const Int128 factor = static_cast<Int128>(1) << scale.shift;
    if (bytes <= static_cast<std::int64_t>(factor)) continue;
    // Three decimals, rounded half up, as Java's formatter does.
    const auto thousandths =
        static_cast<std::int64_t>((static_cast<Int128>(bytes) * 1000 + factor / 2) / factor);
    return fmt::format("{}.{:03}{} ({} bytes)", thousandths / 1000, thousandths % 1000, scale.name,
                       bytes);
  }
  return fmt::format("{} bytes", bytes);
}

Result<bool> ValueText<bool>::parse(std::string_view text) {
  const std::string lower = toLower(trim(text));
  if (lower == "true") return true;
  if (lower == "false") return false;
  return invalid("expected true or false");
}
std::string ValueText<bool>::format(const bool& value) {
  return value ? "true" : "false";
}

Result<int> ValueText<int>::parse(std::string_view text) {
  return parseInteger<int>(text);
}
std::string ValueText<int>::format(const int& value) {
  return std::to_string(value);
}

Result<std::int64_t> ValueText<std::int64_t>::parse(std::string_view text) {
  return parseInteger<std::int64_t>(text);
}
std::string ValueText<std::int64_t>::format(const std::int64_t& value) {
  return std::to_string(value);
}

Result<float> ValueText<float>::parse(std::string_view text) {
  return parseFloating<float>(text);
}
std::string ValueText<float>::format(const float& value) {
  return fmt::format("{}", value);
}

Result<double> ValueText<double>::parse(std::string_view text) {
  return parseFloating<double>(text);
}
std::string ValueText<double>::format(const double& value) {
  return fmt::format("{}", value);
}

Result<std::string> ValueText<std::string>::parse(std::string_view text) {
  return std::string(text);
}
std::string ValueText<std::string>::format(const std::string& value) {
  return value;
}

Result<MemorySize> ValueText<MemorySize>::parse(std::string_view text) {
  FLINK_ASSIGN_OR_RETURN(Decimal number, parseDecimal(trim(text), "size"));
  FLINK_ASSIGN_OR_RETURN(std::int64_t factor,
                         unitFactor(kSizeUnits, number.rest, "b, k, kb, m, mb, g, gb, t, tb"));
  const Int128 bytes = number.nanos * factor / kNano;
  if (bytes > std::numeric_limits<std::int64_t>::max())
    return invalid("the size is larger than 64 bits");
  return MemorySize{static_cast<std::int64_t>(bytes)};
}
std::string ValueText<MemorySize>::format(const MemorySize& value) {
  constexpr const char* kNames[] = {"bytes", "kb", "mb", "gb", "tb"};
  int unit = 0;
  std::int64_t amount = value.bytes;
  while (unit < 4 && amount != 0 && amount % 1024 == 0) {
    amount /= 1024;
    ++unit;
  }
  return fmt::format("{} {}", amount, kNames[unit]);
}

Result<Millis> ValueText<Millis>::parse(std::string_view text) {
  text = trim(text);
  if (!text.empty() && (text[0] == 'P' || text[0] == 'p')) {
    FLINK_ASSIGN_OR_RETURN(std::int64_t millis, parseIsoMillis(text));
    return Millis(millis);
  }
  FLINK_ASSIGN_OR_RETURN(Decimal number, parseDecimal(text, "duration"));
  FLINK_ASSIGN_OR_RETURN(
      std::int64_t factor,
      unitFactor(kTimeUnits, number.rest, "ns, µs, ms, s, min, h, d and their long names"));
  const Int128 millis =
      number.nanos / kNano * factor / 1'000'000 + number.nanos % kNano * factor / kNano / 1'000'000;
  if (millis > std::numeric_limits<std::int64_t>::max())
    return invalid("the duration is larger than 64 bits");
  return Millis(static_cast<std::int64_t>(millis));
}
std::string ValueText<Millis>::format(const Millis& value) {
  struct Scale {
    std::int64_t millis;
    const char* name;
  };
  constexpr Scale kScales[] = {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "min"}, {1000, "s"}};
  for (const Scale& scale : kScales) {
    if (value.count() != 0 && value.count() % scale.millis == 0) {
      return fmt::format("{} {}", value.count() / scale.millis, scale.name);
    }
  }
  return fmt::format("{} ms", value.count());
}

Result<ConfigList> ValueText<ConfigList>::parse(std::string_view text) {
  text = trim(text);
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']')
    text = text.substr(1, text.size() - 2);
  // Flink's separator is the semicolon; documents in the wild use commas, so a text without
  // semicolon splits there.
  const char separator = text.find(';') != std::string_view::npos ? ';' : ',';
  ConfigList list;
  std::string element;
  bool quotedElement = false;
  const auto finish = [&] {
    const std::string_view plain = quotedElement ? std::string_view(element) : trim(element);
    if (!plain.empty()) list.emplace_back(plain);
    element.clear();
    quotedElement = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c == '\'' || c == '"') && trim(element).empty() && !quotedElement) {
      element.clear();
      quotedElement = true;
      for (++i; i < text.size(); ++i) {
        if (text[i] != c) {
          element += text[i];
        } else if (i + 1 < text.size() && text[i + 1] == c) {
          element += text[i++];  // a doubled quote stands for itself
        } else {
          break;
        }
      }
      if (i >= text.size()) return invalid("a quoted element has no closing quote");
    } else if (c == separator) {
      finish();
    } else if (quotedElement) {
      if (c != ' ' && c != '\t') return invalid("text follows a quoted element");
    } else {
      element += c;
    }
  }
  finish();
  return list;
}
std::string ValueText<ConfigList>::format(const ConfigList& value) {
  std::string text;
  for (const std::string& element : value) {
    if (!text.empty()) text += ';';
    const bool quote = element.empty() || element.find_first_of(";,'\"") != std::string::npos ||
                       trim(element) != element;
    if (!quote) {
      text += element;
      continue;
    }
    text += '\'';
    for (const char c : element) {
      text += c;
      if (c == '\'') text += c;
    }
    text += '\'';
  }
  return text;
}

}  // namespace flink::config
