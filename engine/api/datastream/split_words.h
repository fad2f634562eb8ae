#pragma once

#include <string>
#include <string_view>

#include "dataflow/operators/collector.h"

namespace flink {

/// True for space, \t, \n, \v, \f and \r: white space of every locale's ASCII part; other bytes
/// belong to words.
constexpr bool isAsciiSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Calls `emit` with every word of a line as a view into it; words are separated by ASCII white
/// space.
template <class F>
void forEachWord(std::string_view line, F&& emit) {
  const char* at = line.data();
  const char* const end = at + line.size();
  while (at != end) {
    while (at != end && isAsciiSpace(*at)) ++at;
    const char* const begin = at;
    while (at != end && !isAsciiSpace(*at)) ++at;
    if (at != begin) emit(std::string_view(begin, static_cast<std::size_t>(at - begin)));
  }
}

/// Collects the words of a line.
inline void splitWords(std::string_view line, Collector<std::string>& out) {
  forEachWord(line, [&out](std::string_view word) { out.slot().assign(word); });
}

}  // namespace flink
