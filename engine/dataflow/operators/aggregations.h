#pragma once

#include <concepts>
#include <string_view>
#include <type_traits>
#include <utility>

#include <boost/pfr/core.hpp>

#include "core/types/serializer.h"
#include "dataflow/operators/function_traits.h"

namespace flink::operators {

// --- field accessors: how sum, min and max find their field in a record
// --------------------------------------------

/// Field `I` by position: of a pair or tuple, a FLINK_FIELDS class, an aggregate; of a number
/// itself when I == 0.
template <std::size_t I>
struct TupleField {
  template <class Record>
  auto& operator()(Record& record) const {
    using T = std::remove_const_t<Record>;
    if constexpr (std::is_arithmetic_v<T>) {
      static_assert(I == 0, "a number has only field 0");
      return record;
    } else if constexpr (requires { std::tuple_size<T>::value; }) {
      static_assert(I < std::tuple_size_v<T>, "the record has fewer fields");
      return std::get<I>(record);
    } else if constexpr (types::NamesItsFields<T>) {
      return std::get<I>(record.flinkFields());
    } else {
      return boost::pfr::get<I>(record);
    }
  }
};

/// A data member, e.g. MemberField{&Order::price}.
template <class Record, class Value>
struct MemberField {
  Value Record::*member;
  auto& operator()(Record& record) const { return record.*member; }
  const auto& operator()(const Record& record) const { return record.*member; }
};
template <class Record, class Value>
MemberField(Value Record::*) -> MemberField<Record, Value>;

template <class Field, class T>
using FieldType = std::remove_cvref_t<decltype(std::declval<const Field&>()(std::declval<T&>()))>;

/// Numbers and what adds up like them; text, which only joins, does not.
template <class Field, class T>
concept SummableField = std::is_arithmetic_v<FieldType<Field, T>> ||
    (!std::is_convertible_v<const FieldType<Field, T>&, std::string_view> &&
     requires(FieldType<Field, T> & a) { a += a; });
template <class Field, class T>
concept ComparableField = requires(const FieldType<Field, T>& a) {
  { a < a } -> std::convertible_to<bool>;
};

// --- combiners: fold one record into what a key has
// ---------------------------------------------------------------- All of them also combine two
// accumulated values, the earlier one first, so that spilled parts can be merged. kKeepsKey: the
// accumulated record always has the key of its first element, whatever the selector reads.

template <class F>
struct ReduceCombiner {
  static constexpr bool kKeepsKey = false;
  F function;
  template <class T>
  void operator()(T& accumulated, const T& value) {
    callReduce(function, accumulated, value);
  }
};

/// Adds up the field, integers wrapping around as in Flink; the other fields stay those of the
/// first element.
template <class Field>
struct SumCombiner {
  static constexpr bool kKeepsKey = false;
  Field field;
  template <class T>
  void operator()(T& accumulated, const T& value) const {
    auto& sum = field(accumulated);
    const auto& add = field(value);
    using Value = FieldType<Field, T>;
    if constexpr (std::is_integral_v<Value> && sizeof(Value) >= sizeof(int)) {
      using Wrapping = std::make_unsigned_t<Value>;
      sum = static_cast<Value>(static_cast<Wrapping>(sum) + static_cast<Wrapping>(add));
    } else if constexpr (std::is_arithmetic_v<Value>) {
      sum = static_cast<Value>(sum + add);
    } else {
      sum += add;
    }
  }
};

/// Keeps the smallest (largest) value of the field; the other fields stay those of the first
/// element.
template <class Field, bool Max>
struct ExtremeCombiner {
  static constexpr bool kKeepsKey = false;
  Field field;
  template <class T>
  void operator()(T& accumulated, const T& value) const {
    const auto& candidate = field(value);
    auto& extreme = field(accumulated);
    if (Max ? extreme < candidate : candidate < extreme) extreme = candidate;
  }
};

/// Keeps the whole element that has the smallest (largest) value of the field.
template <class Field, bool Max>
struct ExtremeByCombiner {
  static constexpr bool kKeepsKey = true;
  Field field;
  bool first = true;
  template <class T>
  void operator()(T& accumulated, const T& value) const {
    const auto& candidate = field(value);
    const auto& extreme = field(std::as_const(accumulated));
    const bool better = Max ? extreme < candidate : candidate < extreme;
    const bool worse = Max ? candidate < extreme : extreme < candidate;
    if (better || (!worse && !first)) accumulated = value;
  }
};

}  // namespace flink::operators
