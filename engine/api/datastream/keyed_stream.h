#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#include "api/datastream/field_aggregation.h"
#include "api/datastream/single_output_stream_operator.h"

namespace flink {

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

  // As on any stream; a rich function has the state of the record's key.

  template <class F>
  auto map(F function) const {
    return this->mapAs(std::move(function), keysFor<F>());
  }
  template <class Given = datastream::Unknown, class F>
  auto flatMap(F function) const {
    return this->template flatMapAs<Given>(std::move(function), keysFor<F>());
  }
  template <class F>
  auto filter(F function) const {
    return this->filterAs(std::move(function), keysFor<F>());
  }
  template <class F>
  auto addSink(F function) const {
    return this->addSinkAs(std::move(function), keysFor<F>());
  }
  /// `void f(const T&, KeyedProcessContext<K>&, Collector<R>&)`, or a KeyedProcessFunction or
  /// ProcessFunction: with state and timers of the record's key.
  template <class Given = datastream::Unknown, class F>
  auto process(F function) const {
    return this->template processAs<Given>("KeyedProcess", std::move(function), keys());
  }
  using DataStream<T>::connect;
  /// Equal keys of both streams share state and timers.
  template <class B, class OtherSelector>
  [[nodiscard]] auto connect(const KeyedStream<B, K, OtherSelector>& other) const;
  /// With <flink/state.h>: state and timers are those of the first stream's keys.
  template <class B>
  [[nodiscard]] auto connect(const BroadcastStream<B>& other) const;

  /// With <flink/joins.h>: pairs records of equal keys by their distance in event time:
  /// left.intervalJoin(right).between(-5min, 0min).process(f).
  template <class B, class OtherSelector>
  [[nodiscard]] auto intervalJoin(const KeyedStream<B, K, OtherSelector>& other) const;

  /// Cuts the stream into windows per key.
  template <class Assigner>
  auto window(Assigner assigner) const;
  /// Windows of `size` elements per key.
  [[nodiscard]] auto countWindow(std::int64_t size) const;
  /// The last `size` elements of a key, every `slide` elements.
  [[nodiscard]] auto countWindow(std::int64_t size, std::int64_t slide) const;

  /// For the engine.
  [[nodiscard]] operators::KeyedBy<K, Selector> keys() const { return {selector_}; }
  [[nodiscard]] const Selector& selector() const { return selector_; }

 private:
  /// Nothing where the function cannot ask for state.
  template <class F>
  [[nodiscard]] auto keysFor() const {
    if constexpr (operators::kMayUseState<F>) {
      return keys();
    } else {
      return operators::NoKeys{};
    }
  }

  template <std::size_t Index, class Aggregation>
  auto byIndex(Aggregation aggregation) const {
    return datastream::aggregateByIndex<T, Index>(aggregation, aggregated<Aggregation>());
  }
  template <class Aggregation, class Field>
  auto by(Aggregation aggregation, Field field) const {
    return datastream::aggregateBy<SingleOutputStreamOperator<T>, T>(aggregation, field,
                                                                     aggregated<Aggregation>());
  }
  template <class Aggregation>
  auto aggregated() const {
    return [this](auto combiner) {
      return this->template transformed<T>(
          "Keyed Aggregation", Aggregation::kName,
          operators::makeKeyedAggregateFactory<T>(selector_, combiner));
    };
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
