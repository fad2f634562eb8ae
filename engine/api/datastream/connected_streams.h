#pragma once

#include <concepts>
#include <string>
#include <type_traits>
#include <utility>

#include "api/datastream/keyed_stream.h"

namespace flink {

/// Two streams, of different types or not, read by one operator that can tell them apart. With keys
/// on both sides, functions have state and timers that the sides of a key share.
template <class A, class B, class KeysA, class KeysB>
class ConnectedStreams {
 public:
  ConnectedStreams(datastream::StreamHandle first, datastream::StreamHandle second,
                   KeysA firstKeys = {}, KeysB secondKeys = {})
      : first_(std::move(first)),
        second_(std::move(second)),
        firstKeys_(std::move(firstKeys)),
        secondKeys_(std::move(secondKeys)) {}

  /// Partitions both by their keys, so that equal keys meet in one subtask.
  template <class F, class G>
  auto keyBy(F firstSelector, G secondSelector) const {
    auto f = datastream::asCallable(std::move(firstSelector));
    auto g = datastream::asCallable(std::move(secondSelector));
    if constexpr (!operators::CallableKeySelector<decltype(f), A> ||
                  !operators::CallableKeySelector<decltype(g), B>) {
      static_assert(datastream::kNever<F>,
                    "flink: keyBy() of connected streams needs one selector for each stream: K "
                    "f(const A&), K g(const B&)");
      return datastream::AfterMistake{};
    } else if constexpr (!std::same_as<operators::KeyOf<decltype(f), A>,
                                       operators::KeyOf<decltype(g), B>>) {
      static_assert(datastream::kNever<F>,
                    "flink: both selectors of connected streams must return the same key type");
      return datastream::AfterMistake{};
    } else {
      return DataStream<A>(first_).keyBy(f).connect(DataStream<B>(second_).keyBy(g));
    }
  }

  /// `R f(const A&)` and `R g(const B&)`.
  template <class F, class G>
  auto map(F first, G second) const {
    if constexpr (!operators::CallableMap<F, A> || !operators::CallableMap<G, B>) {
      return needsTwoFunctions<F>();
    } else {
      return map(operators::CoMapLambdas{std::move(first), std::move(second)});
    }
  }
  /// A CoMapFunction.
  template <class F>
  auto map(F function) const {
    if constexpr (!operators::CallableCoMap<F, A, B>) {
      return needsTwoFunctions<F>();
    } else if constexpr (!std::same_as<operators::CoMapResult<F, A>,
                                       std::remove_cvref_t<decltype(function.map2(
                                           std::declval<const B&>()))>>) {
      static_assert(datastream::kNever<F>,
                    "flink: both functions of a connected map() must return the same type");
      return datastream::AfterMistake{};
    } else {
      using Out = operators::CoMapResult<F, A>;
      static_assert(Serializable<Out>,
                    "flink: the result of a connected map() cannot be serialized");
      return transformed<Out>("Co-Map", "coMap", makeFactory<F>([&](auto keys1, auto keys2) {
                                return operators::makeCoMapFactory<A, B>(
                                    std::move(function), std::move(keys1), std::move(keys2));
                              }));
    }
  }

  /// `void f(const A&, Collector<R>&)` and `void g(const B&, Collector<R>&)`.
  template <class Given = datastream::Unknown, class F, class G>
  auto flatMap(F first, G second) const {
    using Out = datastream::CollectedType<F, Given>;
    if constexpr (!operators::CallableFlatMap<F, A, Out> ||
                  !operators::CallableFlatMap<G, B, Out>) {
      return needsTwoFunctions<F>();
    } else {
      return flatMap<Out>(operators::CoFlatMapLambdas{std::move(first), std::move(second)});
    }
  }
  /// A CoFlatMapFunction.
  template <class Given = datastream::Unknown, class F>
  auto flatMap(F function) const {
    using Out = datastream::CollectedType<F, Given>;
    if constexpr (!operators::CallableCoFlatMap<F, A, B, Out>) {
      return needsTwoFunctions<F>();
    } else {
      static_assert(Serializable<Out>,
                    "flink: a connected flatMap() collects records that cannot be serialized");
      return transformed<Out>("Co-Flat Map", "coFlatMap",
                              makeFactory<F>([&](auto keys1, auto keys2) {
                                return operators::makeCoFlatMapFactory<A, B, Out>(
                                    std::move(function), std::move(keys1), std::move(keys2));
                              }));
    }
  }

  /// A CoProcessFunction or, on keyed streams, a KeyedCoProcessFunction.
  template <class Given = datastream::Unknown, class F>
  auto process(F function) const {
    using Out = datastream::CollectedType<F, Given>;
    datastream::checkFunction<F>();
    if constexpr (datastream::kWrongKey<F, KeysA>) {
      static_assert(datastream::kNever<F>,
                    "flink: a KeyedCoProcessFunction<K, ..> works on two streams with keys of type "
                    "K: call keyBy() on both first");
      return datastream::AfterMistake{};
    } else if constexpr (!operators::CallableCoProcess<F, A, B, Out, KeysA>) {
      static_assert(
          datastream::kNever<F>,
          "flink: process() of connected streams needs a flink::CoProcessFunction<A, B, R>");
      return datastream::AfterMistake{};
    } else {
      static_assert(Serializable<Out>,
                    "flink: a connected process() collects records that cannot be serialized");
      return transformed<Out>(
          first_.isKeyed() && second_.isKeyed() ? "Co-Keyed-Process" : "Co-Process", "coProcess",
          operators::makeCoProcessFactory<A, B, Out>(std::move(function), firstKeys_, secondKeys_));
    }
  }

 private:
  /// make(keys of the first, of the second stream); without any where the function cannot ask for
  /// state.
  template <class F, class Make>
  operators::FactoryPtr makeFactory(Make make) const {
    datastream::checkFunction<F>();
    if constexpr (operators::kMayUseState<F>) {
      return make(firstKeys_, secondKeys_);
    } else {
      return make(operators::NoKeys{}, operators::NoKeys{});
    }
  }

  template <class Out>
  [[nodiscard]] SingleOutputStreamOperator<Out> transformed(const char* name, const char* kind,
                                                            operators::FactoryPtr factory) const {
    return SingleOutputStreamOperator<Out>(
        first_.transform(second_,
                         datastream::operatorSpec(name, kind, std::move(factory),
                                                  {&typeid(A), &typeid(B), &typeid(Out)}),
                         datastream::plainCodec<Out>));
  }

  template <class F>
  static auto needsTwoFunctions() {
    static_assert(datastream::kNever<F>,
                  "flink: connected streams need a function for each stream: map(f, g), flatMap(f, "
                  "g), or a CoMapFunction or "
                  "CoFlatMapFunction");
    return datastream::AfterMistake{};
  }

  datastream::StreamHandle first_;
  datastream::StreamHandle second_;
  KeysA firstKeys_;
  KeysB secondKeys_;
};

template <class T>
template <class B>
ConnectedStreams<T, B> DataStream<T>::connect(const DataStream<B>& other) const {
  return {handle_, other.handle()};
}

template <class T, class K, class Selector>
template <class B, class OtherSelector>
auto KeyedStream<T, K, Selector>::connect(const KeyedStream<B, K, OtherSelector>& other) const {
  return ConnectedStreams<T, B, operators::KeyedBy<K, Selector>,
                          operators::KeyedBy<K, OtherSelector>>(this->handle(), other.handle(),
                                                                keys(), other.keys());
}

}  // namespace flink
