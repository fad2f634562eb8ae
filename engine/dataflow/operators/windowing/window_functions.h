#pragma once

#include <concepts>
#include <cstddef>
#include <utility>

#include "dataflow/operators/functions.h"
#include "dataflow/operators/keyed_state_store.h"
#include "dataflow/operators/side_outputs.h"
#include "dataflow/operators/windowing/windows.h"

namespace flink {

/// The elements of a window in the order of their arrival. A view: valid during the call that gets
/// it.
template <class T>
class Iterable {
 public:
  using Iterator = typename ListView<T>::Iterator;
  using value_type = T;
  using const_iterator = Iterator;

  /// `count` elements, `stride` bytes apart: elements may lie inside larger objects.
  Iterable(const T* first, std::size_t count, std::size_t stride = sizeof(T))
      : first_(reinterpret_cast<const std::byte*>(first)), count_(count), stride_(stride) {}

  [[nodiscard]] Iterator begin() const { return Iterator(first_, stride_); }
  [[nodiscard]] Iterator end() const { return Iterator(first_ + count_ * stride_, stride_); }
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }

 private:
  const std::byte* first_;
  std::size_t count_;
  std::size_t stride_;
};

/// What a process window function sees beside its elements. Thread: the function's own call.
template <class W>
class ProcessWindowContext {
 public:
  explicit ProcessWindowContext(operators::SideOutputs& sideOutputs) : sideOutputs_(sideOutputs) {}
  virtual ~ProcessWindowContext() = default;
  ProcessWindowContext(const ProcessWindowContext&) = delete;
  ProcessWindowContext& operator=(const ProcessWindowContext&) = delete;

  [[nodiscard]] virtual const W& window() const = 0;
  [[nodiscard]] virtual types::Timestamp currentProcessingTime() const = 0;
  [[nodiscard]] virtual types::Timestamp currentWatermark() const = 0;
  /// State of this key and window. To be cleared in the function's clear(). Fails with merging
  /// windows.
  [[nodiscard]] virtual KeyedStateStore& windowState() = 0;
  /// State of this key over all its windows.
  [[nodiscard]] virtual KeyedStateStore& globalState() = 0;
  /// Emits to a side output; a tag that nobody reads drops the record.
  template <class X, class V>
  requires std::is_assignable_v<X&, V&&>
  void output(const OutputTag<X>& tag, V&& value) {
    sideOutputs_.collector(tag).collect(std::forward<V>(value));
  }

 private:
  operators::SideOutputs& sideOutputs_;
};

/// Called when a window fires: with all its elements, or with the one result of a reduce or
/// aggregate before it.
template <class In, class Out, class Key, class W>
class ProcessWindowFunction : public RichFunction {
 public:
  using Context = ProcessWindowContext<W>;
  virtual void process(const Key& key, Context& context, const Iterable<In>& elements,
                       Collector<Out>& out) = 0;
  /// The window is over: clear what windowState() holds.
  virtual void clear(Context& /*context*/) {}
};

/// A ProcessWindowFunction of windowAll: no key.
template <class In, class Out, class W>
class ProcessAllWindowFunction : public RichFunction {
 public:
  using Context = ProcessWindowContext<W>;
  virtual void process(Context& context, const Iterable<In>& elements, Collector<Out>& out) = 0;
  virtual void clear(Context& /*context*/) {}
};

template <class In, class Out, class Key, class W>
class WindowFunction {
 public:
  virtual ~WindowFunction() = default;
  virtual void apply(const Key& key, const W& window, const Iterable<In>& elements,
                     Collector<Out>& out) = 0;
};
template <class In, class Out, class Key, class W>
class RichWindowFunction : public RichFunction, public WindowFunction<In, Out, Key, W> {};

template <class In, class Out, class W>
class AllWindowFunction {
 public:
  virtual ~AllWindowFunction() = default;
  virtual void apply(const W& window, const Iterable<In>& elements, Collector<Out>& out) = 0;
};
template <class In, class Out, class W>
class RichAllWindowFunction : public RichFunction, public AllWindowFunction<In, Out, W> {};

}  // namespace flink
