#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "dataflow/state/merging.h"
#include "dataflow/state/value_access.h"

namespace flink::state {

template <class F, class T>
concept CallableReducer = requires(F& f, const T& value) {
  { f(value, value) } -> std::convertible_to<T>;
};
template <class F, class T>
concept Reducer = CallableReducer<F, T> || requires(F& f, const T& value) {
  { f.reduce(value, value) } -> std::convertible_to<T>;
};

template <class T, class F>
requires Reducer<F, T> std::function<T(const T&, const T&)> reducerOf(F function) {
  if constexpr (CallableReducer<F, T>) {
    return std::function<T(const T&, const T&)>(std::move(function));
  } else {
    return
        [f = std::move(function)](const T& a, const T& b) mutable -> T { return f.reduce(a, b); };
  }
}

/// add() may change the accumulator in place or return the new one.
template <class F, class In, class Acc>
concept Adder = requires(F& f, const In& value, Acc& accumulator) {
  f.add(value, accumulator);
};
template <class F, class In, class Acc, class Out>
concept Aggregator = Adder<F, In, Acc> && requires(F& f, const Acc& accumulator) {
  { f.createAccumulator() } -> std::convertible_to<Acc>;
  { f.getResult(accumulator) } -> std::convertible_to<Out>;
};

/// An aggregate function working on a column of its accumulators; the accumulator's type is hidden.
template <class In, class Out>
class Accumulation {
 public:
  virtual ~Accumulation() = default;
  virtual void add(StateColumn& column, const In& value) = 0;
  virtual std::optional<Out> get(StateColumn& column) = 0;
  /// Adds what `source` holds to what `target` holds and removes it from `source`.
  virtual void merge(StateColumn& column, Namespace target, Namespace source) = 0;
  [[nodiscard]] virtual std::shared_ptr<Accumulation> clone() const = 0;
};

template <class F, class In, class Acc, class Out>
class AccumulationBy final : public Accumulation<In, Out> {
 public:
  explicit AccumulationBy(F function) : function_(std::move(function)) {}

  void add(StateColumn& column, const In& value) override {
    bool fresh = false;
    Acc& accumulator = ValueAccess<Acc>::modify(column, fresh);
    if (fresh) accumulator = function_.createAccumulator();
    if constexpr (std::is_void_v<decltype(function_.add(value, accumulator))>) {
      function_.add(value, accumulator);
    } else {
      accumulator = function_.add(value, accumulator);
    }
  }
  std::optional<Out> get(StateColumn& column) override {
    std::optional<Acc> expired;
    const Acc* accumulator = ValueAccess<Acc>::read(column, expired);
    if (accumulator == nullptr) return std::nullopt;
    return std::optional<Out>(function_.getResult(*accumulator));
  }
  void merge(StateColumn& column, Namespace target, Namespace source) override {
    if constexpr (requires(Acc a) {
                    {
                      function_.merge(std::as_const(a), std::as_const(a))
                      } -> std::convertible_to<Acc>;
                  }) {
      mergeValues<Acc>(column, target, source, [this](Acc& into, Acc& from) {
        into = function_.merge(std::as_const(into), std::as_const(from));
      });
    } else {
      throwCannotMerge(column.spec().name);
    }
  }
  [[nodiscard]] std::shared_ptr<Accumulation<In, Out>> clone() const override {
    return std::make_shared<AccumulationBy>(function_);
  }

 private:
  F function_;
};

}  // namespace flink::state
