#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <boost/pfr/tuple_size.hpp>

#include "api/datastream/single_output_stream_operator.h"
#include "dataflow/operators/aggregations.h"

namespace flink {

namespace datastream {

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
  template <class T>
  static operators::FactoryPtr make(auto selector, auto field) {
    return operators::makeKeyedSumFactory<T>(std::move(selector), field);
  }
};
struct MinAggregation {
  static constexpr const char* kName = "min";
  template <class Field, class T>
  static constexpr bool kFits = operators::ComparableField<Field, T>;
  template <class T>
  static operators::FactoryPtr make(auto selector, auto field) {
    return operators::makeKeyedMinFactory<T>(std::move(selector), field);
  }
};
struct MaxAggregation {
  static constexpr const char* kName = "max";
  template <class Field, class T>
  static constexpr bool kFits = operators::ComparableField<Field, T>;
  template <class T>
  static operators::FactoryPtr make(auto selector, auto field) {
    return operators::makeKeyedMaxFactory<T>(std::move(selector), field);
  }
};
struct MinByAggregation {
  static constexpr const char* kName = "minBy";
  bool first = true;
  template <class Field, class T>
  static constexpr bool kFits = operators::ComparableField<Field, T>;
  template <class T>
  operators::FactoryPtr make(auto selector, auto field) const {
    return operators::makeKeyedMinByFactory<T>(std::move(selector), field, first);
  }
};
struct MaxByAggregation {
  static constexpr const char* kName = "maxBy";
  bool first = true;
  template <class Field, class T>
  static constexpr bool kFits = operators::ComparableField<Field, T>;
  template <class T>
  operators::FactoryPtr make(auto selector, auto field) const {
    return operators::makeKeyedMaxByFactory<T>(std::move(selector), field, first);
  }
};

}  // namespace datastream

/// A stream whose records of one key all reach the same subtask. K: the key's type; Selector: how a
/// record gives it.
template <class T, class K, class Selector = std::function<K(const T&)>>
class KeyedStream : public DataStream<T> {
 public:
  using Key = K;
  KeyedStream(datastream::StreamHandle handle, Selector selector)
      : DataStream<T>(std::move(handle)), selector_(std::move(selector)) {}
  /// Forgets the selector's own type, so that a keyed stream can be a named variable.
  template <class Other>
  requires(!std::same_as<Other, Selector> && std::convertible_to<Other, Selector>)
      KeyedStream(const KeyedStream<T, K, Other>& other)  // NOLINT(google-explicit-constructor)
      : DataStream<T>(other.handle()), selector_(other.selector()) {}

  /// `T f(const T& a, const T& b)`, or a ReduceFunction: combines all records of a key, emitting
  /// every new value.
  template <class F>
  auto reduce(F function) const {
    if constexpr (!operators::CallableReduce<F, T>) {
      static_assert(datastream::kNever<F>,
                    "flink: reduce() needs a function of two records of this stream that returns "
                    "one: T f(const T&, const T&)");
      return datastream::AfterMistake{};
    } else {
      return this->template transformed<T>(
          "Keyed Reduce", "reduce",
          operators::makeKeyedReduceFactory<T>(selector_, std::move(function)));
    }
  }

  // Running aggregates of one field: by index `sum<1>()` (0 when left out), by member
  // `sum(&Order::price)` or by position `sum(1)`. sum, min and max keep the other fields of the
  // key's first record; minBy and maxBy give the whole record with the extreme value.

  template <std::size_t Index = 0>
  auto sum() const {
    return byIndex<Index>(datastream::SumAggregation{});
  }
  template <class Field>
  auto sum(Field field) const {
    return by(datastream::SumAggregation{}, field);
  }
  template <std::size_t Index = 0>
  auto min() const {
    return byIndex<Index>(datastream::MinAggregation{});
  }
  template <class Field>
  auto min(Field field) const {
    return by(datastream::MinAggregation{}, field);
  }
  template <std::size_t Index = 0>
  auto max() const {
    return byIndex<Index>(datastream::MaxAggregation{});
  }
  template <class Field>
  auto max(Field field) const {
    return by(datastream::MaxAggregation{}, field);
  }
  /// `first`: of several records with the smallest value keep the first, else the last.
  template <std::size_t Index>
  auto minBy(bool first = true) const {
    return byIndex<Index>(datastream::MinByAggregation{first});
  }
  template <class Field>
  auto minBy(Field field, bool first = true) const {
    return by(datastream::MinByAggregation{first}, field);
  }
  template <std::size_t Index>
  auto maxBy(bool first = true) const {
    return byIndex<Index>(datastream::MaxByAggregation{first});
  }
  template <class Field>
  auto maxBy(Field field, bool first = true) const {
    return by(datastream::MaxByAggregation{first}, field);
  }

  /// As on any stream; the function meets all records of a key in one subtask.
  template <class Given = datastream::Unknown, class F>
  auto process(F function) const {
    return this->template processAs<Given>("KeyedProcess", std::move(function));
  }

  [[nodiscard]] const Selector& selector() const { return selector_; }

 private:
  template <std::size_t Index, class Aggregation>
  auto byIndex(Aggregation aggregation) const {
    if constexpr (Index >= datastream::fieldCount<T>()) {
      static_assert(datastream::kNever<Aggregation>,
                    "flink: the record has no field of that index; fields of classes need "
                    "FLINK_FIELDS, or use a member "
                    "pointer: sum(&Order::price)");
      return datastream::AfterMistake{};
    } else {
      return byField(aggregation, operators::TupleField<Index>{});
    }
  }

  template <class Aggregation, class Field>
  auto by(Aggregation aggregation, Field field) const {
    if constexpr (std::is_integral_v<Field>) {
      return byPosition(aggregation, static_cast<std::size_t>(field),
                        std::make_index_sequence<datastream::fieldCount<T>()>());
    } else if constexpr (!std::is_member_object_pointer_v<Field>) {
      static_assert(datastream::kNever<Field>,
                    "flink: name the field by index, sum<1>(), by member, sum(&Order::price), or "
                    "by position, sum(1)");
      return datastream::AfterMistake{};
    } else if constexpr (!requires(T & record) { record.*field; }) {
      static_assert(datastream::kNever<Field>,
                    "flink: the member is not one of this stream's record type");
      return datastream::AfterMistake{};
    } else {
      return byField(aggregation, operators::MemberField{field});
    }
  }

  template <class Aggregation, class Field>
  auto byField(Aggregation aggregation, Field field) const {
    if constexpr (!Aggregation::template kFits<Field, T>) {
      static_assert(datastream::kNever<Field>,
                    "flink: the field cannot be aggregated so: sum needs a number (or +=), min and "
                    "max need operator<");
      return datastream::AfterMistake{};
    } else {
      return this->template transformed<T>("Keyed Aggregation", Aggregation::kName,
                                           aggregation.template make<T>(selector_, field));
    }
  }

  template <class Aggregation, std::size_t... Index>
  SingleOutputStreamOperator<T> byPosition(Aggregation aggregation, std::size_t position,
                                           std::index_sequence<Index...>) const {
    operators::FactoryPtr factory;
    const auto consider = [&]<std::size_t I>() {
      if constexpr (Aggregation::template kFits<operators::TupleField<I>, T>) {
        if (I == position)
          factory = aggregation.template make<T>(selector_, operators::TupleField<I>{});
      }
    };
    (consider.template operator()<Index>(), ...);
    if (factory == nullptr)
      datastream::throwNoSuchField(Aggregation::kName, position, sizeof...(Index));
    return this->template transformed<T>("Keyed Aggregation", Aggregation::kName,
                                         std::move(factory));
  }

  Selector selector_;
};

template <class T>
template <class F>
auto DataStream<T>::keyBy(F selector) const {
  auto f = datastream::asCallable(std::move(selector));
  using Selector = decltype(f);
  if constexpr (!operators::CallableKeySelector<Selector, T>) {
    static_assert(datastream::kNever<F>,
                  "flink: keyBy() needs a function of one record of this stream that returns its "
                  "key: K f(const T&)");
    return datastream::AfterMistake{};
  } else if constexpr (std::is_void_v<decltype(operators::callKeySelector(
                           std::declval<Selector&>(), std::declval<const T&>()))>) {
    static_assert(datastream::kNever<F>,
                  "flink: keyBy()'s function returns nothing; it must return the key");
    return datastream::AfterMistake{};
  } else if constexpr (!KeyType<operators::KeyOf<Selector, T>>) {
    static_assert(datastream::kNever<F>,
                  "flink: keyBy()'s result cannot be a key: it must be serializable, comparable "
                  "with == and have one form "
                  "per value (no unordered containers)");
    return datastream::AfterMistake{};
  } else {
    using Key = operators::KeyOf<Selector, T>;
    return KeyedStream<T, Key, Selector>(
        handle_.partitioned(protocol::ShipStrategy::kHash, operators::makeKeyedEdgeCodec<T>(f)), f);
  }
}

}  // namespace flink
