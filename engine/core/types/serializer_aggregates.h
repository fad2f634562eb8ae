#pragma once

#include <array>

#include <boost/pfr/core.hpp>

#include "core/types/serializer_core.h"

/// Names the members of T that make up its value; stands inside T's public part. Serves types with
/// private members or constructors, and gives the members names.
#define FLINK_FIELDS(T, ...)                            \
  using FlinkFieldsOf = T;                              \
  static constexpr std::string_view flinkFieldNames() { \
    return #__VA_ARGS__;                                \
  }                                                     \
  auto flinkFields() {                                  \
    return std::tie(__VA_ARGS__);                       \
  }                                                     \
  auto flinkFields() const {                            \
    return std::tie(__VA_ARGS__);                       \
  }

namespace flink {
namespace types {

/// T says FLINK_FIELDS itself (a base class's fields would leave T's own members out).
template <class T>
concept NamesItsFields = std::is_class_v<T> && requires {
  requires std::is_same_v<typename T::FlinkFieldsOf, T>;
};

/// A plain struct, whose members Boost.PFR finds.
template <class T>
concept PlainAggregate = std::is_aggregate_v<T> && std::is_class_v<T> && !NamesItsFields<T> &&
                         !std::is_const_v<T> && !requires {
  typename T::FlinkFieldsOf;
}
&&!requires {
  std::tuple_size<T>::value;
}
&&std::is_default_constructible_v<T>;

namespace detail {

struct NamedMembers {
  static auto tie(auto& value) { return value.flinkFields(); }
};
struct AggregateMembers {
  static auto tie(auto& value) { return boost::pfr::structure_tie(value); }
};

template <class T, class Members, bool MemoryOrder, class Tuple>
struct SerializerOfTuple;
template <class T, class Members, bool MemoryOrder, class... Refs>
struct SerializerOfTuple<T, Members, MemoryOrder, std::tuple<Refs...>> {
  using Type = ProductSerializer<T, Members, MemoryOrder, std::remove_cvref_t<Refs>...>;
};

}  // namespace detail
}  // namespace types

template <types::NamesItsFields T>
struct TypeSerializer<T>
    : types::detail::SerializerOfTuple<T, types::detail::NamedMembers, false,
                                       decltype(std::declval<T&>().flinkFields())>::Type {};

template <types::PlainAggregate T>
struct TypeSerializer<T>
    : types::detail::SerializerOfTuple<T, types::detail::AggregateMembers, true,
                                       decltype(boost::pfr::structure_tie(
                                           std::declval<T&>()))>::Type {};

}  // namespace flink
