#pragma once

#include <cstddef>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <boost/pfr/tuple_size.hpp>

#include "api/datastream/after_mistake.h"
#include "dataflow/operators/aggregations.h"

/// How aggregates of one field (sum, min, ...) find their field and what they make of it.
namespace flink::datastream {

/// How many fields of T have a position: 1 for numbers, 0 when T is opaque.
template <class T>
consteval std::size_t fieldCount() {
  if constexpr (std::is_arithmetic_v<T>) {
    return 1;
  } else if constexpr (requires { std::tuple_size<T>::value; }) {
    return std::tuple_size_v<T>;
  } else if constexpr (types::NamesItsFields<T>) {
    return std::tuple_size_v<decltype(std::declval<T&>().flinkFields())>;
  } else if constexpr (types::PlainAggregate<T>) {
    return boost::pfr::tuple_size_v<T>;
  } else {
    return 0;
  }
}

[[noreturn]] void throwNoSuchField(const char* aggregation, std::size_t position,
                                   std::size_t numFields);

struct SumAggregation {
  static constexpr const char* kName = "sum";
  template <class Field, class T>
  static constexpr bool kFits = operators::SummableField<Field, T>;
  template <class Field>
  static auto combiner(Field field) {
    return operators::SumCombiner<Field>{field};
  }
};
struct MinAggregation {
  static constexpr const char* kName = "min";
  template <class Field, class T>
  static constexpr bool kFits = operators::ComparableField<Field, T>;
  template <class Field>
  static auto combiner(Field field) {
    return operators::ExtremeCombiner<Field, false>{field};
  }
};
struct MaxAggregation {
  static constexpr const char* kName = "max";
  template <class Field, class T>
  static constexpr bool kFits = operators::ComparableField<Field, T>;
  template <class Field>
  static auto combiner(Field field) {
    return operators::ExtremeCombiner<Field, true>{field};
  }
};
struct MinByAggregation {
  static constexpr const char* kName = "minBy";
  bool first = true;
  template <class Field, class T>
  static constexpr bool kFits = operators::ComparableField<Field, T>;
  template <class Field>
  auto combiner(Field field) const {
    return operators::ExtremeByCombiner<Field, false>{field, first};
  }
};
struct MaxByAggregation {
  static constexpr const char* kName = "maxBy";
  bool first = true;
  template <class Field, class T>
  static constexpr bool kFits = operators::ComparableField<Field, T>;
  template <class Field>
  auto combiner(Field field) const {
    return operators::ExtremeByCombiner<Field, true>{field, first};
  }
};

namespace detail {

template <class T, class Aggregation, class Field, class Use>
auto withFittingField(Aggregation aggregation, Field field, Use& use) {
  if constexpr (!Aggregation::template kFits<Field, T>) {
    static_assert(kNever<Field>,
                  "flink: the field cannot be aggregated so: sum needs a number (or +=), min and "
                  "max need operator<");
    return AfterMistake{};
  } else {
    return use(aggregation.combiner(field));
  }
}

template <class Stream, class T, class Aggregation, class Use, std::size_t... Index>
Stream withFieldAt(Aggregation aggregation, std::size_t position, Use& use,
                   std::index_sequence<Index...>) {
  std::optional<Stream> stream;
  const auto consider = [&]<std::size_t I>() {
    if constexpr (Aggregation::template kFits<operators::TupleField<I>, T>) {
      if (I == position) stream.emplace(use(aggregation.combiner(operators::TupleField<I>{})));
    }
  };
  (consider.template operator()<Index>(), ...);
  if (!stream.has_value()) throwNoSuchField(Aggregation::kName, position, sizeof...(Index));
  return *std::move(stream);
}

}  // namespace detail

/// use(combiner) for the field of that index.
template <class T, std::size_t Index, class Aggregation, class Use>
auto aggregateByIndex(Aggregation aggregation, Use use) {
  if constexpr (Index >= fieldCount<T>()) {
    static_assert(kNever<Aggregation>,
                  "flink: the record has no field of that index; fields of classes need "
                  "FLINK_FIELDS, or use a member "
                  "pointer: sum(&Order::price)");
    return AfterMistake{};
  } else {
    return detail::withFittingField<T>(aggregation, operators::TupleField<Index>{}, use);
  }
}

/// use(combiner), a Stream, for the field that a member pointer or a position names.
template <class Stream, class T, class Aggregation, class Field, class Use>
auto aggregateBy(Aggregation aggregation, Field field, Use use) {
  if constexpr (std::is_integral_v<Field>) {
    return detail::withFieldAt<Stream, T>(aggregation, static_cast<std::size_t>(field), use,
                                          std::make_index_sequence<fieldCount<T>()>());
  } else if constexpr (!std::is_member_object_pointer_v<Field>) {
    static_assert(kNever<Field>,
                  "flink: name the field by index, sum<1>(), by member, sum(&Order::price), or "
                  "by position, sum(1)");
    return AfterMistake{};
  } else if constexpr (!requires(T & record) { record.*field; }) {
    static_assert(kNever<Field>, "flink: the member is not one of this stream's record type");
    return AfterMistake{};
  } else {
    return detail::withFittingField<T>(aggregation, operators::MemberField{field}, use);
  }
}

}  // namespace flink::datastream
