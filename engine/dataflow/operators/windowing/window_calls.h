#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include "dataflow/operators/windowing/window_contents.h"
#include "dataflow/operators/windowing/window_functions.h"

/// How a window function is called when a window fires. A policy has
///   template call(key, context, elements, out)
///   template clear(context)          the window is over; kClears<W>: that means something
///   forEachFunction(visit)           visits what has a life cycle
namespace flink::operators {

/// Emits what the contents give: no function behind a reduce or aggregate.
struct EmitElements {
  template <class W>
  static constexpr bool kClears = false;
  template <class K, class W, class In, class Out>
  void call(const K& /*key*/, ProcessWindowContext<W>& /*context*/, const Iterable<In>& elements,
            Collector<Out>& out) {
    for (const In& element : elements) out.collect(element);
  }
  template <class W>
  void clear(ProcessWindowContext<W>& /*context*/) {}
  void forEachFunction(auto&& /*visit*/) {}
};

template <class F, class K, class W, class In, class Out>
concept CallableProcessWindow = std::invocable < F&,
        const K&, ProcessWindowContext<W>
&, const Iterable<In>&,
    Collector<Out>& > || requires(F& f, const K& key, ProcessWindowContext<W>& context,
                                  const Iterable<In>& elements, Collector<Out>& out) {
  f.process(key, context, elements, out);
};
template <class F, class W, class In, class Out>
concept CallableProcessAllWindow = std::invocable < F&,
        ProcessWindowContext<W>
&, const Iterable<In>&,
    Collector<Out>& > || requires(F& f, ProcessWindowContext<W>& context,
                                  const Iterable<In>& elements, Collector<Out>& out) {
  f.process(context, elements, out);
};
template <class F, class K, class W, class In, class Out>
concept CallableApplyWindow = std::invocable < F&,
        const K&, const W&, const Iterable<In>
&, Collector<Out>& > || requires(F& f, const K& key, const W& window, const Iterable<In>& elements,
                                 Collector<Out>& out) {
  f.apply(key, window, elements, out);
};
template <class F, class W, class In, class Out>
concept CallableApplyAllWindow = std::invocable < F&,
        const W&, const Iterable<In>
&, Collector<Out>& > ||
       requires(F& f, const W& window, const Iterable<In>& elements, Collector<Out>& out) {
  f.apply(window, elements, out);
};

template <class F, class K, class W, class In, class Out>
concept CallableWindowFunction =
    CallableProcessWindow<F, K, W, In, Out> || CallableProcessAllWindow<F, W, In, Out> ||
    CallableApplyWindow<F, K, W, In, Out> || CallableApplyAllWindow<F, W, In, Out>;

/// A function of any of the four forms above.
template <class F>
struct CallWindowFunction {
  F function;
  template <class W>
  static constexpr bool kClears = requires(F& f, ProcessWindowContext<W>& context) {
    f.clear(context);
  };

  template <class K, class W, class In, class Out>
  void call(const K& key, ProcessWindowContext<W>& context, const Iterable<In>& elements,
            Collector<Out>& out) {
    if constexpr (std::invocable<F&, const K&, ProcessWindowContext<W>&, const Iterable<In>&,
                                 Collector<Out>&>) {
      function(key, context, elements, out);
    } else if constexpr (std::invocable<F&, ProcessWindowContext<W>&, const Iterable<In>&,
                                        Collector<Out>&>) {
      function(context, elements, out);
    } else if constexpr (std::invocable<F&, const K&, const W&, const Iterable<In>&,
                                        Collector<Out>&>) {
      function(key, context.window(), elements, out);
    } else if constexpr (std::invocable<F&, const W&, const Iterable<In>&, Collector<Out>&>) {
      function(context.window(), elements, out);
    } else if constexpr (CallableProcessWindow<F, K, W, In, Out>) {
      function.process(key, context, elements, out);
    } else if constexpr (CallableProcessAllWindow<F, W, In, Out>) {
      function.process(context, elements, out);
    } else if constexpr (CallableApplyWindow<F, K, W, In, Out>) {
      function.apply(key, context.window(), elements, out);
    } else {
      function.apply(context.window(), elements, out);
    }
  }
  template <class W>
  void clear(ProcessWindowContext<W>& context) {
    if constexpr (requires { function.clear(context); }) function.clear(context);
  }
  void forEachFunction(auto&& visit) { visit(function); }
};

/// With an evictor the elements are kept, and folded by `Contents` only when the window fires.
template <class T, class Contents, class Inner>
struct FoldThenCall {
  Contents contents;
  Inner inner;
  template <class W>
  static constexpr bool kClears = Inner::template kClears<W>;

  template <class K, class W, class Out>
  void call(const K& key, ProcessWindowContext<W>& context, const Iterable<T>& elements,
            Collector<Out>& out) {
    if (elements.empty()) return;  // there is no result of nothing
    auto at = elements.begin();
    auto accumulator = contents.start(*at, types::kNoTimestamp);
    for (++at; at != elements.end(); ++at) contents.add(accumulator, *at, types::kNoTimestamp);
    contents.withElements(std::as_const(accumulator),
                          [&](const auto& results) { inner.call(key, context, results, out); });
  }
  template <class W>
  void clear(ProcessWindowContext<W>& context) {
    inner.clear(context);
  }
  void forEachFunction(auto&& visit) {
    if constexpr (requires { contents.combiner.function; }) visit(contents.combiner.function);
    if constexpr (requires { contents.function; }) visit(contents.function);
    inner.forEachFunction(visit);
  }
};

}  // namespace flink::operators
