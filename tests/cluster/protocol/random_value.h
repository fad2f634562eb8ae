#pragma once

#include <array>
#include <boost/pfr/core.hpp>
#include <boost/pfr/tuple_size.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "cluster/protocol/messages.h"
#include "core/base/ids.h"
#include "core/base/rng.h"

/// Fills and compares any message by its fields, so that a field that the codec forgets is noticed
/// without a list of fields.
namespace flink::protocol::test {

inline constexpr int kMaxDepth = 7;

template <class E>
inline constexpr int kNumValues = 1;
template <>
inline constexpr int kNumValues<JobStatus> = kNumJobStatuses;
template <>
inline constexpr int kNumValues<ExecutionState> = kNumExecutionStates;
template <>
inline constexpr int kNumValues<ShipStrategy> = 8;
template <>
inline constexpr int kNumValues<ExchangeType> = 2;
template <>
inline constexpr int kNumValues<JobType> = 2;

inline std::string randomText(Rng& rng) {
  std::string text(rng.below(12), '\0');
  for (char& c : text) c = static_cast<char>(rng.below(256));
  return text;
}

template <class T>
void fill(T& value, Rng& rng, int depth = 0);

template <class T>
requires std::is_arithmetic_v<T>
void fillOne(T& value, Rng& rng, int) {
  if constexpr (std::is_same_v<T, bool>) {
    value = rng.below(2) == 1;
  } else if constexpr (std::is_floating_point_v<T>) {
    value = static_cast<T>(static_cast<std::int64_t>(rng.next())) / 3;
  } else {
    value = static_cast<T>(rng.next() >> rng.below(64));
  }
}
template <class T>
requires std::is_enum_v<T>
void fillOne(T& value, Rng& rng, int) {
  if constexpr (std::is_same_v<T, Epoch>) {
    value = static_cast<T>(rng.next());
  } else {
    value = static_cast<T>(rng.below(kNumValues<T>));
  }
}
template <class Tag, std::size_t N>
void fillOne(Id<Tag, N>& value, Rng& rng, int) {
  value = rng.below(4) == 0 ? Id<Tag, N>{} : Id<Tag, N>::random(rng);
}
inline void fillOne(std::string& value, Rng& rng, int) {
  value = randomText(rng);
}
inline void fillOne(TaskManagerId& value, Rng& rng, int) {
  value = TaskManagerId(randomText(rng));
}
template <class A, class B>
void fillOne(std::pair<A, B>& value, Rng& rng, int depth) {
  fill(value.first, rng, depth);
  fill(value.second, rng, depth);
}
template <class T>
void fillOne(std::optional<T>& value, Rng& rng, int depth) {
  value.reset();
  if (rng.below(2) == 1) fill(value.emplace(), rng, depth);
}
template <class T>
void fillOne(std::vector<T>& values, Rng& rng, int depth) {
  values.clear();
  if (depth > kMaxDepth) return;
  values.resize(rng.below(4));
  for (auto& value : values) fill(value, rng, depth + 1);
}
template <class T, std::size_t N>
void fillOne(std::array<T, N>& values, Rng& rng, int depth) {
  for (auto& value : values) fill(value, rng, depth);
}
template <class K, class V>
void fillOne(std::map<K, V>& values, Rng& rng, int depth) {
  values.clear();
  for (std::uint64_t n = rng.below(4); n > 0; --n) {
    K key;
    fill(key, rng, depth);
    fill(values[key], rng, depth);
  }
}
template <class T>
requires(std::is_aggregate_v<T>) void fillOne(T& value, Rng& rng, int depth) {
  if constexpr (boost::pfr::tuple_size_v < T >> 0) {
    boost::pfr::for_each_field(value, [&](auto& field) { fill(field, rng, depth + 1); });
  }
  if constexpr (std::is_same_v<T, ChainedOperator>)
    value.chainedOutputTags.resize(value.chainedOutputs.size());
}

template <class T>
void fill(T& value, Rng& rng, int depth) {
  fillOne(value, rng, depth);
}

template <class T>
bool same(const T& a, const T& b);

template <class T>
bool sameOne(const std::vector<T>& a, const std::vector<T>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!same(a[i], b[i])) return false;
  }
  return true;
}
template <class T>
bool sameOne(const std::optional<T>& a, const std::optional<T>& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}
template <class T>
bool sameOne(const T& a, const T& b) {
  if constexpr (requires { a == b; }) {
    return a == b;
  } else {
    bool equal = true;
    if constexpr (boost::pfr::tuple_size_v < T >> 0) {
      boost::pfr::for_each_field(a, [&](const auto& field, auto index) {
        equal = equal && same(field, boost::pfr::get<decltype(index)::value>(b));
      });
    }
    return equal;
  }
}

template <class T>
bool same(const T& a, const T& b) {
  return sameOne(a, b);
}

}  // namespace flink::protocol::test
