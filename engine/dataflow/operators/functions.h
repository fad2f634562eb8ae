#pragma once

#include <concepts>
#include <string>
#include <utility>

#include "dataflow/operators/collector.h"
#include "dataflow/operators/runtime_context.h"

namespace flink {

/// What an open() may ask for; grows without changing signatures.
struct OpenContext {};

/// Base of functions with a life cycle: open() before the first record, close() after the last one
/// or a failure. Thread: all calls of one instance come from one task, one at a time.
class RichFunction {
 public:
  virtual ~RichFunction() = default;
  virtual void open(const OpenContext& /*context*/) {}
  virtual void close() {}
  /// REQUIRES: called from open() or later.
  [[nodiscard]] RuntimeContext& getRuntimeContext() const { return *context_; }
  void setRuntimeContext(RuntimeContext& context) { context_ = &context; }

 protected:
  RichFunction() = default;
  RichFunction(const RichFunction&) = default;
  RichFunction& operator=(const RichFunction&) = default;

 private:
  RuntimeContext* context_ = nullptr;
};

// The function interfaces. Deriving is optional: any copyable object with a fitting call operator
// or with the method of the same name serves, and the call is bound at compile time. Every subtask
// works on its own copy.

template <class In, class Out>
class MapFunction {
 public:
  virtual ~MapFunction() = default;
  virtual Out map(const In& value) = 0;
};

template <class In, class Out>
class FlatMapFunction {
 public:
  virtual ~FlatMapFunction() = default;
  virtual void flatMap(const In& value, Collector<Out>& out) = 0;
};

template <class In>
class FilterFunction {
 public:
  virtual ~FilterFunction() = default;
  virtual bool filter(const In& value) = 0;
};

template <class T>
class ReduceFunction {
 public:
  virtual ~ReduceFunction() = default;
  virtual T reduce(const T& value1, const T& value2) = 0;
};

template <class In, class Key>
class KeySelector {
 public:
  virtual ~KeySelector() = default;
  virtual Key getKey(const In& value) = 0;
};

template <class Key>
class Partitioner {
 public:
  virtual ~Partitioner() = default;
  virtual int partition(const Key& key, int numPartitions) = 0;
};

/// Walks over all records of one partition, once. `next()` may be modified or moved out of.
template <class T>
class RecordIterator {
 public:
  virtual ~RecordIterator() = default;
  [[nodiscard]] virtual bool hasNext() = 0;
  /// Valid until the following call. REQUIRES: hasNext().
  virtual T& next() = 0;
};

template <class In, class Out>
class MapPartitionFunction {
 public:
  virtual ~MapPartitionFunction() = default;
  virtual void mapPartition(RecordIterator<In>& values, Collector<Out>& out) = 0;
};

template <class In1, class In2, class Out>
class CoMapFunction {
 public:
  virtual ~CoMapFunction() = default;
  virtual Out map1(const In1& value) = 0;
  virtual Out map2(const In2& value) = 0;
};

template <class In1, class In2, class Out>
class CoFlatMapFunction {
 public:
  virtual ~CoFlatMapFunction() = default;
  virtual void flatMap1(const In1& value, Collector<Out>& out) = 0;
  virtual void flatMap2(const In2& value, Collector<Out>& out) = 0;
};

template <class In, class Out>
class RichMapFunction : public RichFunction, public MapFunction<In, Out> {};
template <class In, class Out>
class RichFlatMapFunction : public RichFunction, public FlatMapFunction<In, Out> {};
template <class In>
class RichFilterFunction : public RichFunction, public FilterFunction<In> {};
template <class T>
class RichReduceFunction : public RichFunction, public ReduceFunction<T> {};
template <class In1, class In2, class Out>
class RichCoMapFunction : public RichFunction, public CoMapFunction<In1, In2, Out> {};
template <class In1, class In2, class Out>
class RichCoFlatMapFunction : public RichFunction, public CoFlatMapFunction<In1, In2, Out> {};

}  // namespace flink
