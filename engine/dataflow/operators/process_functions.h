#pragma once

#include <cstdint>

#include "dataflow/operators/functions.h"
#include "dataflow/operators/process_contexts.h"

namespace flink {

/// Sees records one by one, with time and side outputs. On a keyed stream its timers and state are
/// those of the record's key.
template <class In, class Out>
class ProcessFunction : public RichFunction {
 public:
  using Context = ProcessContext;
  using OnTimerContext = flink::OnTimerContext;
  virtual void processElement(const In& value, Context& context, Collector<Out>& out) = 0;
  /// A timer has come. What is collected has the timer's time as its timestamp if that is event
  /// time, else none.
  virtual void onTimer(std::int64_t /*timestamp*/, OnTimerContext& /*context*/,
                       Collector<Out>& /*out*/) {}
};

/// The same for keyed streams, with the key.
template <class K, class In, class Out>
class KeyedProcessFunction : public RichFunction {
 public:
  using KeyOfFunction = K;
  using Context = KeyedProcessContext<K>;
  using OnTimerContext = KeyedOnTimerContext<K>;
  virtual void processElement(const In& value, Context& context, Collector<Out>& out) = 0;
  virtual void onTimer(std::int64_t /*timestamp*/, OnTimerContext& /*context*/,
                       Collector<Out>& /*out*/) {}
};

template <class In1, class In2, class Out>
class CoProcessFunction : public RichFunction {
 public:
  using Context = ProcessContext;
  using OnTimerContext = flink::OnTimerContext;
  virtual void processElement1(const In1& value, Context& context, Collector<Out>& out) = 0;
  virtual void processElement2(const In2& value, Context& context, Collector<Out>& out) = 0;
  virtual void onTimer(std::int64_t /*timestamp*/, OnTimerContext& /*context*/,
                       Collector<Out>& /*out*/) {}
};

/// Both sides share the state and the timers of a key.
template <class K, class In1, class In2, class Out>
class KeyedCoProcessFunction : public RichFunction {
 public:
  using KeyOfFunction = K;
  using Context = KeyedProcessContext<K>;
  using OnTimerContext = KeyedOnTimerContext<K>;
  virtual void processElement1(const In1& value, Context& context, Collector<Out>& out) = 0;
  virtual void processElement2(const In2& value, Context& context, Collector<Out>& out) = 0;
  virtual void onTimer(std::int64_t /*timestamp*/, OnTimerContext& /*context*/,
                       Collector<Out>& /*out*/) {}
};

template <class K, class In1, class In2, class Out>
using CoKeyedProcessFunction = KeyedCoProcessFunction<K, In1, In2, Out>;

}  // namespace flink
