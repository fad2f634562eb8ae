#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace flink::conformance {

/// The records of most cases: a key and a value.
using Event = std::pair<std::string, std::int32_t>;
/// The records of rolling aggregates: key, v, w.
using Triple = std::tuple<std::string, std::int32_t, std::int32_t>;
/// What state cases do: key, command, number.
using Command = std::tuple<std::string, std::string, std::int32_t>;

// --- fields of scripts into records and back

inline void parseField(const std::string& text, std::string& value) {
  value = text;
}
inline void parseField(const std::string& text, std::int32_t& value) {
  value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
}

template <class Record>
Record parseRow(const std::vector<std::string>& fields) {
  Record record{};
  std::size_t next = 0;
  const auto parseNext = [&](auto& member) {
    if (next < fields.size()) parseField(fields[next], member);
    ++next;
  };
  std::apply([&](auto&... members) { (parseNext(members), ...); }, record);
  return record;
}

inline std::string text(const std::string& value) {
  return value;
}
inline std::string text(std::int64_t value) {
  return std::to_string(value);
}

/// The values as fields of one line.
template <class First, class... Rest>
std::string row(const First& first, const Rest&... rest) {
  std::string line = text(first);
  ((line += ',', line += text(rest)), ...);
  return line;
}

inline std::string formatRow(const std::string& record) {
  return record;
}
template <class... Members>
std::string formatRow(const std::tuple<Members...>& record) {
  return std::apply([](const auto&... members) { return row(members...); }, record);
}
inline std::string formatRow(const Event& record) {
  return row(record.first, record.second);
}

/// The elements of a range, separated by one blank.
template <class Range, class ToText>
std::string joined(const Range& range, ToText toText) {
  std::string line;
  for (const auto& element : range) {
    if (!line.empty()) line += ' ';
    line += toText(element);
  }
  return line;
}

}  // namespace flink::conformance
