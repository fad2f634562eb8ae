#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include "core/types/key_hash.h"
#include "dataflow/operators/functions.h"

namespace flink::operators {

// How user code is called: as a call operator when it fits, else by the method of its interface.
// The In& is the operator's to give away: a function that takes its argument by value or rvalue
// gets it moved.

template <class F, class In>
concept CallableMap = std::invocable<F&, In> || std::invocable<F&, In&> ||
    requires(F& f, const In& in) {
  f.map(in);
};

template <class F, class In>
decltype(auto) callMap(F& f, In& in) {
  if constexpr (std::invocable<F&, In>) {
    return f(std::move(in));
  } else if constexpr (std::invocable<F&, In&>) {
    return f(in);
  } else {
    return f.map(std::as_const(in));
  }
}

/// The record type that a map function makes.
template <class F, class In>
requires CallableMap<F, In>
using MapResult = std::remove_cvref_t<decltype(callMap(std::declval<F&>(), std::declval<In&>()))>;

template <class F, class In>
concept CallableFilter = requires(F& f, const In& in) {
  { f(in) } -> std::convertible_to<bool>;
}
|| requires(F& f, const In& in) {
  { f.filter(in) } -> std::convertible_to<bool>;
};

template <class F, class In>
bool callFilter(F& f, const In& in) {
  if constexpr (std::invocable<F&, const In&>) {
    return f(in);
  } else {
    return f.filter(in);
  }
}

template <class F, class In, class Out>
concept CallableFlatMap = std::invocable < F&,
        In, Collector<Out>
& > || std::invocable<F&, In&, Collector<Out>&> ||
    requires(F& f, const In& in, Collector<Out>& out) {
  f.flatMap(in, out);
};

template <class F, class In, class Out>
void callFlatMap(F& f, In& in, Collector<Out>& out) {
  if constexpr (std::invocable<F&, In, Collector<Out>&>) {
    f(std::move(in), out);
  } else if constexpr (std::invocable<F&, In&, Collector<Out>&>) {
    f(in, out);
  } else {
    f.flatMap(std::as_const(in), out);
  }
}

template <class F, class T>
concept CallableReduce = requires(F& f, T&& accumulated, const T& value) {
  { f(std::move(accumulated), value) } -> std::convertible_to<T>;
}
|| requires(F& f, const T& value) {
  { f.reduce(value, value) } -> std::convertible_to<T>;
};

template <class F, class T>
void callReduce(F& f, T& accumulated, const T& value) {
  if constexpr (std::invocable<F&, T, const T&>) {
    accumulated = f(std::move(accumulated), value);
  } else {
    accumulated = f.reduce(std::as_const(accumulated), value);
  }
}

template <class F, class T>
concept CallableKeySelector = std::invocable<F&, const T&> || requires(F& f, const T& value) {
  f.getKey(value);
};

template <class F, class T>
decltype(auto) callKeySelector(F& f, const T& value) {
  if constexpr (std::invocable<F&, const T&>) {
    return f(value);
  } else {
    return f.getKey(value);
  }
}

/// The type in which a selector's keys are kept (string views become strings).
template <class F, class T>
requires CallableKeySelector<F, T>
using KeyOf =
    types::OwnedKeyType<decltype(callKeySelector(std::declval<F&>(), std::declval<const T&>()))>;

template <class F, class Key>
concept CallablePartitioner = requires(F& f, const Key& key) {
  { f(key, 1) } -> std::convertible_to<int>;
}
|| requires(F& f, const Key& key) {
  { f.partition(key, 1) } -> std::convertible_to<int>;
};

template <class F, class Key>
int callPartitioner(F& f, const Key& key, int numPartitions) {
  if constexpr (std::invocable<F&, const Key&, int>) {
    return f(key, numPartitions);
  } else {
    return f.partition(key, numPartitions);
  }
}

template <class F, class In, class Out>
concept CallableMapPartition = std::invocable < F&,
        RecordIterator<In>
&, Collector<Out>& > || requires(F& f, RecordIterator<In>& in, Collector<Out>& out) {
  f.mapPartition(in, out);
};

template <class F, class In1, class In2>
concept CallableCoMap = requires(F& f, const In1& a, const In2& b) {
  f.map1(a);
  f.map2(b);
};
template <class F, class In1>
using CoMapResult =
    std::remove_cvref_t<decltype(std::declval<F&>().map1(std::declval<const In1&>()))>;

/// Two lambdas as one co-map function.
template <class F1, class F2>
struct CoMapLambdas {
  F1 first;
  F2 second;
  decltype(auto) map1(const auto& value) { return first(value); }
  decltype(auto) map2(const auto& value) { return second(value); }
};
template <class F1, class F2>
CoMapLambdas(F1, F2) -> CoMapLambdas<F1, F2>;

/// Two lambdas as one co-flat-map function.
template <class F1, class F2>
struct CoFlatMapLambdas {
  F1 first;
  F2 second;
  void flatMap1(const auto& value, auto& out) { first(value, out); }
  void flatMap2(const auto& value, auto& out) { second(value, out); }
};
template <class F1, class F2>
CoFlatMapLambdas(F1, F2) -> CoFlatMapLambdas<F1, F2>;

template <class F, class In1, class In2, class Out>
concept CallableCoFlatMap = requires(F& f, const In1& a, const In2& b, Collector<Out>& out) {
  f.flatMap1(a, out);
  f.flatMap2(b, out);
};

}  // namespace flink::operators
