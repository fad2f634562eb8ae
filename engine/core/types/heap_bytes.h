#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>

#include "core/types/serializer.h"

namespace flink::types {

/// True when no value of T owns memory beside itself.
template <class T>
constexpr bool kNoHeap = kFixedSize<T> > 0;

/// About how much memory a value owns beside sizeof(T): what budgets are charged with. Types with a
/// serializer of their own count as nothing.
template <class T>
std::size_t heapBytes(const T& value);

namespace detail {

constexpr std::size_t kNodeOverhead = 48;

template <class T>
struct HeapBytes {
  static std::size_t of(const T& value) {
    if constexpr (requires { typename TypeSerializer<T>::MemberList; }) {
      return std::apply(
          [](const auto&... members) { return (heapBytes(members) + ... + std::size_t{0}); },
          TypeSerializer<T>::MemberList::tie(value));
    } else {
      return 0;
    }
  }
};

template <>
struct HeapBytes<std::string> {
  static std::size_t of(const std::string& value) {
    return value.capacity() > std::string().capacity() ? value.capacity() + 1 : 0;
  }
};

template <class T>
struct HeapBytes<std::optional<T>> {
  static std::size_t of(const std::optional<T>& value) {
    return value.has_value() ? heapBytes(*value) : 0;
  }
};

template <class... Ts>
struct HeapBytes<std::variant<Ts...>> {
  static std::size_t of(const std::variant<Ts...>& value) {
    return std::visit([](const auto& alternative) { return heapBytes(alternative); }, value);
  }
};

template <class T, std::size_t N>
struct HeapBytes<std::array<T, N>> {
  static std::size_t of(const std::array<T, N>& value) {
    std::size_t sum = 0;
    for (const T& element : value) sum += heapBytes(element);
    return sum;
  }
};

template <SequenceContainer C>
struct HeapBytes<C> {
  using T = typename C::value_type;
  static std::size_t of(const C& value) {
    std::size_t sum = 0;
    if constexpr (requires { value.capacity(); }) {
      sum = value.capacity() * sizeof(T);
    } else {
      sum = value.size() * (sizeof(T) + kNodeOverhead);
    }
    if constexpr (!kNoHeap<T>) {
      for (const T& element : value) sum += heapBytes(element);
    }
    return sum;
  }
};

template <AssociativeContainer C>
struct HeapBytes<C> {
  static std::size_t of(const C& value) {
    std::size_t sum = value.size() * (sizeof(typename C::value_type) + kNodeOverhead);
    for (const auto& element : value) {
      if constexpr (MapContainer<C>) {
        sum += heapBytes(element.first) + heapBytes(element.second);
      } else {
        sum += heapBytes(element);
      }
    }
    return sum;
  }
};

}  // namespace detail

template <class T>
std::size_t heapBytes(const T& value) {
  if constexpr (kNoHeap<T>) {
    return 0;
  } else {
    return detail::HeapBytes<T>::of(value);
  }
}

}  // namespace flink::types
