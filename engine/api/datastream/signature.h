#pragma once

#include <type_traits>
#include <utility>

#include "dataflow/operators/functions.h"
#include "dataflow/operators/source_function.h"

/// What a user's function says about itself: the record types in its signature.
namespace flink {
template <class Out>
class ResultFuture;
}

namespace flink::datastream {

struct Unknown {};

namespace detail {

template <class... Ts>
struct List {};

template <class T>
struct ArgumentsOf {
  using Type = List<>;
};
template <class R, class... A>
struct ArgumentsOf<R (*)(A...)> {
  using Type = List<A...>;
};
template <class R, class... A>
struct ArgumentsOf<R (*)(A...) noexcept> {
  using Type = List<A...>;
};
template <class R, class C, class... A>
struct ArgumentsOf<R (C::*)(A...)> {
  using Type = List<A...>;
};
template <class R, class C, class... A>
struct ArgumentsOf<R (C::*)(A...) const> {
  using Type = List<A...>;
};
template <class R, class C, class... A>
struct ArgumentsOf<R (C::*)(A...) noexcept> {
  using Type = List<A...>;
};
template <class R, class C, class... A>
struct ArgumentsOf<R (C::*)(A...) const noexcept> {
  using Type = List<A...>;
};

template <class T>
struct CollectedBy {
  using Type = Unknown;
};
template <class T>
struct CollectedBy<Collector<T>> {
  using Type = T;
};
template <class T>
struct CollectedBy<SourceContext<T>> {
  using Type = T;
};

template <class T>
struct CollectedBy<ResultFuture<T>> {
  using Type = T;
};

/// The first Collector or SourceContext among the arguments.
template <class L>
struct FirstCollected {
  using Type = Unknown;
};
template <class A, class... Rest>
struct FirstCollected<List<A, Rest...>> {
  using Own = typename CollectedBy<std::remove_cvref_t<A>>::Type;
  using Type =
      typename std::conditional_t<std::is_same_v<Own, Unknown>, FirstCollected<List<Rest...>>,
                                  CollectedBy<std::remove_cvref_t<A>>>::Type;
};

template <class Pointer>
using CollectedIn = typename FirstCollected<typename ArgumentsOf<Pointer>::Type>::Type;

}  // namespace detail

/// The type of the collector that F's call operator (or the method of its interface) takes; Unknown
/// for generic lambdas.
template <class F>
consteval auto collectedType() {
  if constexpr (std::is_pointer_v<F>) {
    return std::type_identity<detail::CollectedIn<F>>{};
  } else if constexpr (requires { &F::operator(); }) {
    return std::type_identity<detail::CollectedIn<decltype(&F::operator())>>{};
  } else if constexpr (requires { &F::asyncInvoke; }) {
    return std::type_identity<detail::CollectedIn<decltype(&F::asyncInvoke)>>{};
  } else if constexpr (requires { &F::flatMap; }) {
    return std::type_identity<detail::CollectedIn<decltype(&F::flatMap)>>{};
  } else if constexpr (requires { &F::processElement; }) {
    return std::type_identity<detail::CollectedIn<decltype(&F::processElement)>>{};
  } else if constexpr (requires { &F::process; }) {
    return std::type_identity<detail::CollectedIn<decltype(&F::process)>>{};
  } else if constexpr (requires { &F::apply; }) {
    return std::type_identity<detail::CollectedIn<decltype(&F::apply)>>{};
  } else if constexpr (requires { &F::coGroup; }) {
    return std::type_identity<detail::CollectedIn<decltype(&F::coGroup)>>{};
  } else if constexpr (requires { &F::join; }) {
    return std::type_identity<detail::CollectedIn<decltype(&F::join)>>{};
  } else if constexpr (requires { &F::mapPartition; }) {
    return std::type_identity<detail::CollectedIn<decltype(&F::mapPartition)>>{};
  } else if constexpr (requires { &F::flatMap1; }) {
    return std::type_identity<detail::CollectedIn<decltype(&F::flatMap1)>>{};
  } else if constexpr (requires { &F::processElement1; }) {
    return std::type_identity<detail::CollectedIn<decltype(&F::processElement1)>>{};
  } else if constexpr (requires { &F::run; }) {
    return std::type_identity<detail::CollectedIn<decltype(&F::run)>>{};
  } else {
    return std::type_identity<Unknown>{};
  }
}

/// `Given` when the caller named the type, else what F's signature says.
template <class F, class Given = Unknown>
using CollectedType = std::conditional_t<std::is_same_v<Given, Unknown>,
                                         typename decltype(collectedType<F>())::type, Given>;

/// A pointer to a member as a callable object; anything else as it is.
template <class F>
auto asCallable(F function) {
  if constexpr (std::is_member_object_pointer_v<F>) {
    return [function](const auto& record) -> const auto& {
      return record.*function;
    };
  } else if constexpr (std::is_member_function_pointer_v<F>) {
    return [function](const auto& record) -> decltype(auto) { return (record.*function)(); };
  } else {
    return function;
  }
}

}  // namespace flink::datastream
