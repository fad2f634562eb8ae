#pragma once

#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/types/serializer.h"
#include "dataflow/operators/aggregations.h"
#include "dataflow/operators/windowing/evictors.h"
#include "dataflow/operators/windowing/window_functions.h"
#include "dataflow/state/accumulation.h"

/// What a window keeps of its elements. A policy has
///   Accumulator    what is kept per key and window
///   Element        what the window function gets: the elements, or one result
///   start(value, timestamp)       the accumulator of a first element
///   add(accumulator, value, timestamp)
///   merge(into, from)             of two windows that become one; `from` is spent
///   withElements(accumulator, f)  calls f(Iterable<Element>)
///   kMergesFreely  the result does not depend on how elements were grouped before merging
namespace flink::operators {

/// Folds elements into one record by a combiner of aggregations.h (reduce, sum, min, ...).
template <class T, class Combiner>
struct CombinedContents {
  using Accumulator = T;
  using Element = T;
  static constexpr bool kMergesFreely = false;
  static constexpr bool kSingle = true;
  Combiner combiner;

  Accumulator start(const T& value, types::Timestamp /*timestamp*/) { return value; }
  void add(Accumulator& accumulator, const T& value, types::Timestamp /*timestamp*/) {
    combiner(accumulator, value);
  }
  void merge(Accumulator& into, Accumulator& from) { combiner(into, std::as_const(from)); }
  template <class Use>
  void withElements(const Accumulator& accumulator, Use&& use) {
    use(Iterable<Element>(&accumulator, 1));
  }
};

template <class F>
using AccumulatorOf = std::remove_cvref_t<decltype(std::declval<F&>().createAccumulator())>;
template <class F>
using AggregateResultOf = std::remove_cvref_t<decltype(std::declval<F&>().getResult(
    std::declval<const AccumulatorOf<F>&>()))>;
template <class F, class T>
concept CallableAggregate = state::Adder<F, T, AccumulatorOf<F>> &&
    Serializable<AccumulatorOf<F>> && requires(F& f, const AccumulatorOf<F>& accumulator) {
  f.getResult(accumulator);
};
template <class F>
concept MergingAggregate = requires(F& f, AccumulatorOf<F> a, AccumulatorOf<F> b) {
  f.merge(a, b);
};

/// Adds elements to the accumulator of an AggregateFunction.
template <class T, class F>
struct AggregatedContents {
  using Accumulator = AccumulatorOf<F>;
  using Element = AggregateResultOf<F>;
  static constexpr bool kMergesFreely = MergingAggregate<F>;
  static constexpr bool kSingle = true;
  F function;

  Accumulator start(const T& value, types::Timestamp timestamp) {
    Accumulator accumulator = function.createAccumulator();
    add(accumulator, value, timestamp);
    return accumulator;
  }
  void add(Accumulator& accumulator, const T& value, types::Timestamp /*timestamp*/) {
    if constexpr (std::is_void_v<decltype(function.add(value, accumulator))>) {
      function.add(value, accumulator);
    } else {
      accumulator = function.add(value, accumulator);
    }
  }
  void merge(Accumulator& into, Accumulator& from) requires MergingAggregate<F> {
    if constexpr (std::is_void_v<decltype(function.merge(into, from))>) {
      function.merge(into, from);
    } else {
      into = function.merge(into, from);
    }
  }
  template <class Use>
  void withElements(const Accumulator& accumulator, Use&& use) {
    const Element result = function.getResult(accumulator);
    use(Iterable<Element>(&result, 1));
  }
};

/// Keeps all elements.
template <class T>
struct ListContents {
  /// A bool in a vector has no address.
  struct Boxed {
    T value{};
  };
  using Stored = std::conditional_t<std::is_same_v<T, bool>, Boxed, T>;
  using Accumulator = std::vector<Stored>;
  using Element = T;
  static constexpr bool kMergesFreely = false;
  static constexpr bool kSingle = false;

  Accumulator start(const T& value, types::Timestamp timestamp) {
    Accumulator accumulator;
    add(accumulator, value, timestamp);
    return accumulator;
  }
  void add(Accumulator& accumulator, const T& value, types::Timestamp /*timestamp*/) {
    accumulator.push_back({value});
  }
  void merge(Accumulator& into, Accumulator& from) {
    into.insert(into.end(), std::make_move_iterator(from.begin()),
                std::make_move_iterator(from.end()));
  }
  template <class Use>
  void withElements(const Accumulator& accumulator, Use&& use) {
    use(Iterable<Element>(reinterpret_cast<const T*>(accumulator.data()), accumulator.size(),
                          sizeof(Stored)));
  }
};

/// Keeps all elements and their timestamps, for an evictor.
template <class T>
struct EvictableContents {
  using Accumulator = std::vector<TimestampedValue<T>>;
  using Element = T;
  static constexpr bool kMergesFreely = false;
  static constexpr bool kSingle = false;

  Accumulator start(const T& value, types::Timestamp timestamp) { return {{value, timestamp}}; }
  void add(Accumulator& accumulator, const T& value, types::Timestamp timestamp) {
    accumulator.push_back({value, timestamp});
  }
  void merge(Accumulator& into, Accumulator& from) {
    into.insert(into.end(), std::make_move_iterator(from.begin()),
                std::make_move_iterator(from.end()));
  }
  template <class Use>
  void withElements(const Accumulator& accumulator, Use&& use) {
    use(Iterable<Element>(accumulator.empty() ? nullptr : &accumulator.front().value,
                          accumulator.size(), sizeof(TimestampedValue<T>)));
  }
};

}  // namespace flink::operators
