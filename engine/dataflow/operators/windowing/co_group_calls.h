#pragma once

#include <concepts>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "dataflow/operators/function_traits.h"
#include "dataflow/operators/windowing/window_functions.h"

namespace flink {

template <class In1, class In2, class Out>
class CoGroupFunction {
 public:
  virtual ~CoGroupFunction() = default;
  /// Once per key and window; either side may be empty.
  virtual void coGroup(const Iterable<In1>& first, const Iterable<In2>& second,
                       Collector<Out>& out) = 0;
};
template <class In1, class In2, class Out>
class RichCoGroupFunction : public RichFunction, public CoGroupFunction<In1, In2, Out> {};

template <class In1, class In2, class Out>
class JoinFunction {
 public:
  virtual ~JoinFunction() = default;
  virtual Out join(const In1& first, const In2& second) = 0;
};
template <class In1, class In2, class Out>
class RichJoinFunction : public RichFunction, public JoinFunction<In1, In2, Out> {};

template <class In1, class In2, class Out>
class FlatJoinFunction {
 public:
  virtual ~FlatJoinFunction() = default;
  virtual void join(const In1& first, const In2& second, Collector<Out>& out) = 0;
};
template <class In1, class In2, class Out>
class RichFlatJoinFunction : public RichFunction, public FlatJoinFunction<In1, In2, Out> {};

namespace operators {

/// A record of one of two streams that share windows.
template <class A, class B>
struct TaggedUnion {
  std::variant<A, B> value;
  static TaggedUnion ofOne(A record) {
    return {std::variant<A, B>(std::in_place_index<0>, std::move(record))};
  }
  static TaggedUnion ofTwo(B record) {
    return {std::variant<A, B>(std::in_place_index<1>, std::move(record))};
  }
  [[nodiscard]] bool isOne() const { return value.index() == 0; }
  [[nodiscard]] const A& one() const { return std::get<0>(value); }
  [[nodiscard]] const B& two() const { return std::get<1>(value); }
};

/// The key of either side.
template <class A, class B, class SelectorA, class SelectorB>
struct UnionKeySelector {
  SelectorA first;
  SelectorB second;
  KeyOf<SelectorA, A> operator()(const TaggedUnion<A, B>& record) {
    using Key = KeyOf<SelectorA, A>;
    return record.isOne() ? Key(callKeySelector(first, record.one()))
                          : Key(callKeySelector(second, record.two()));
  }
};

template <class F, class A, class B, class Out>
concept CallableCoGroup = std::invocable < F&,
        const Iterable<A>
&, const Iterable<B>&,
    Collector<Out>& > ||
        requires(F& f, const Iterable<A>& a, const Iterable<B>& b, Collector<Out>& out) {
  f.coGroup(a, b, out);
};

/// Divides a window's elements into the two sides.
template <class A, class B, class F>
struct CoGroupCalls {
  F function;
  std::vector<A> firstSide{};
  std::vector<B> secondSide{};
  template <class W>
  static constexpr bool kClears = false;

  template <class K, class W, class Out>
  void call(const K& /*key*/, ProcessWindowContext<W>& /*context*/,
            const Iterable<TaggedUnion<A, B>>& elements, Collector<Out>& out) {
    firstSide.clear();
    secondSide.clear();
    for (const TaggedUnion<A, B>& element : elements) {
      if (element.isOne()) {
        firstSide.push_back(element.one());
      } else {
        secondSide.push_back(element.two());
      }
    }
    const Iterable<A> first(firstSide.data(), firstSide.size());
    const Iterable<B> second(secondSide.data(), secondSide.size());
    if constexpr (std::invocable<F&, const Iterable<A>&, const Iterable<B>&, Collector<Out>&>) {
      function(first, second, out);
    } else {
      function.coGroup(first, second, out);
    }
  }
  template <class W>
  void clear(ProcessWindowContext<W>& /*context*/) {}
  void forEachFunction(auto&& visit) {
    if constexpr (requires { function.forEachFunction(visit); }) {
      function.forEachFunction(visit);
    } else {
      visit(function);
    }
  }
};

template <class F, class A, class B>
concept CallableJoin = std::invocable<F&, const A&, const B&> ||
    requires(F& f, const A& a, const B& b) {
  f.join(a, b);
};
template <class F, class A, class B, class Out>
concept CallableFlatJoin = std::invocable < F&,
        const A&, const B&, Collector<Out>
& > || requires(F& f, const A& a, const B& b, Collector<Out>& out) {
  f.join(a, b, out);
};

template <class F, class A, class B>
decltype(auto) callJoin(F& f, const A& a, const B& b) {
  if constexpr (std::invocable<F&, const A&, const B&>) {
    return f(a, b);
  } else {
    return f.join(a, b);
  }
}
template <class F, class A, class B>
using JoinResult = std::remove_cvref_t<decltype(callJoin(
    std::declval<F&>(), std::declval<const A&>(), std::declval<const B&>()))>;

/// Calls a join function for every pair, the first side in the outer loop.
template <class F>
struct JoinPairs {
  F function;

  template <class A, class B, class Out>
  void coGroup(const Iterable<A>& first, const Iterable<B>& second, Collector<Out>& out) {
    for (const A& a : first) {
      for (const B& b : second) {
        if constexpr (std::invocable<F&, const A&, const B&, Collector<Out>&>) {
          function(a, b, out);
        } else if constexpr (CallableJoin<F, A, B>) {
          out.collect(callJoin(function, a, b));
        } else {
          function.join(a, b, out);
        }
      }
    }
  }
  void forEachFunction(auto&& visit) { visit(function); }
};

}  // namespace operators
}  // namespace flink
