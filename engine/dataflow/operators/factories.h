#pragma once

#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "core/types/serializer.h"
#include "dataflow/operators/aggregations.h"
#include "dataflow/operators/co_operators.h"
#include "dataflow/operators/edge_codec.h"
#include "dataflow/operators/function_traits.h"
#include "dataflow/operators/keyed_aggregate_operator.h"
#include "dataflow/operators/map_partition_operator.h"
#include "dataflow/operators/one_input_operators.h"
#include "dataflow/operators/operator_factory.h"
#include "dataflow/operators/sink.h"
#include "dataflow/operators/sink_operators.h"
#include "dataflow/operators/source.h"
#include "dataflow/operators/source_function.h"
#include "dataflow/operators/source_function_operator.h"
#include "dataflow/operators/source_operator.h"

/// What the DataStream API needs to turn user code into operators and edges: one function per
/// transformation. The functions copy the user's objects into the factory; every subtask works on a
/// copy of its own.
namespace flink::operators {

using FactoryPtr = std::unique_ptr<OperatorFactory>;
using CodecPtr = std::unique_ptr<EdgeCodec>;

namespace detail {

/// Makes operators from copies of the arguments.
template <class Operator, class... Args>
class ArgumentFactory final : public OperatorFactory {
 public:
  explicit ArgumentFactory(Args... args) : args_(std::move(args)...) {}
  std::unique_ptr<StreamOperator> create(const OperatorOutputs& outputs) const override {
    return std::apply(
        [&](const Args&... args) { return std::make_unique<Operator>(outputs, args...); }, args_);
  }

 private:
  std::tuple<Args...> args_;
};

template <class Operator, class... Args>
FactoryPtr makeFactory(Args... args) {
  return std::make_unique<ArgumentFactory<Operator, Args...>>(std::move(args)...);
}

template <class T, class Selector, class Combiner>
FactoryPtr makeKeyedAggregate(Selector selector, Combiner combiner) {
  return makeFactory<KeyedAggregateOperator<T, Selector, Combiner>>(std::move(selector),
                                                                    std::move(combiner));
}

template <class T, class Split>
class SourceOperatorFactory final : public OperatorFactory {
 public:
  explicit SourceOperatorFactory(std::shared_ptr<const Source<T, Split>> source)
      : source_(std::move(source)) {}
  std::unique_ptr<StreamOperator> create(const OperatorOutputs& outputs) const override {
    return std::make_unique<SourceOperator<T, Split>>(outputs, source_);
  }
  std::unique_ptr<OperatorCoordinator> createCoordinator() const override {
    return std::make_unique<SourceCoordinator<T, Split>>(source_);
  }

 private:
  std::shared_ptr<const Source<T, Split>> source_;
};

}  // namespace detail

// --- one input
// -----------------------------------------------------------------------------------------------------

template <class In, class F, class Out = MapResult<F, In>>
requires CallableMap<F, In> FactoryPtr makeMapFactory(F function) {
  return detail::makeFactory<MapOperator<In, Out, F>>(std::move(function));
}

template <class In, class Out, class F>
requires CallableFlatMap<F, In, Out> FactoryPtr makeFlatMapFactory(F function) {
  return detail::makeFactory<FlatMapOperator<In, Out, F>>(std::move(function));
}

template <class T, class F>
requires CallableFilter<F, T> FactoryPtr makeFilterFactory(F function) {
  return detail::makeFactory<FilterOperator<T, F>>(std::move(function));
}

/// Calls the function once per subtask, after the last record.
template <class In, class Out, class F>
requires CallableMapPartition<F, In, Out> FactoryPtr makeMapPartitionFactory(F function) {
  return detail::makeFactory<MapPartitionOperator<In, Out, F>>(std::move(function));
}

/// Side outputs are read through the operator's outputs with the tag's id.
template <class In, class Out, class F>
requires CallableProcess<F, In, Out> FactoryPtr makeProcessFactory(F function) {
  return detail::makeFactory<ProcessOperator<In, Out, F>>(std::move(function));
}

// --- keyed aggregates: the input edge must come from makeKeyedEdgeCodec<T> with the same selector
// ------------------

template <class T, class Selector, class F>
requires CallableKeySelector<Selector, T> && CallableReduce<F, T> FactoryPtr
makeKeyedReduceFactory(Selector selector, F reducer) {
  return detail::makeKeyedAggregate<T>(std::move(selector), ReduceCombiner<F>{std::move(reducer)});
}

/// `Combiner`: one of aggregations.h.
template <class T, class Selector, class Combiner>
FactoryPtr makeKeyedAggregateFactory(Selector selector, Combiner combiner) {
  return detail::makeKeyedAggregate<T>(std::move(selector), std::move(combiner));
}

/// `Field`: const-correct accessor `auto& operator()(auto& record)`; see TupleField and MemberField
/// (aggregations.h).
template <class T, class Selector, class Field>
FactoryPtr makeKeyedSumFactory(Selector selector, Field field) {
  return detail::makeKeyedAggregate<T>(std::move(selector), SumCombiner<Field>{field});
}
template <class T, class Selector, class Field>
FactoryPtr makeKeyedMinFactory(Selector selector, Field field) {
  return detail::makeKeyedAggregate<T>(std::move(selector), ExtremeCombiner<Field, false>{field});
}
template <class T, class Selector, class Field>
FactoryPtr makeKeyedMaxFactory(Selector selector, Field field) {
  return detail::makeKeyedAggregate<T>(std::move(selector), ExtremeCombiner<Field, true>{field});
}
/// `first`: of several elements with the same extreme value, keep the first (else the last).
template <class T, class Selector, class Field>
FactoryPtr makeKeyedMinByFactory(Selector selector, Field field, bool first = true) {
  return detail::makeKeyedAggregate<T>(std::move(selector),
                                       ExtremeByCombiner<Field, false>{field, first});
}
template <class T, class Selector, class Field>
FactoryPtr makeKeyedMaxByFactory(Selector selector, Field field, bool first = true) {
  return detail::makeKeyedAggregate<T>(std::move(selector),
                                       ExtremeByCombiner<Field, true>{field, first});
}

// --- two inputs
// ----------------------------------------------------------------------------------------------------

/// F has map1 and map2; CoMapLambdas makes one of two lambdas.
template <class In1, class In2, class F, class Out = CoMapResult<F, In1>>
requires CallableCoMap<F, In1, In2> FactoryPtr makeCoMapFactory(F function) {
  return detail::makeFactory<CoOperator<In1, In2, Out, F, CoMapCalls>>(std::move(function));
}

template <class In1, class In2, class Out, class F>
requires CallableCoFlatMap<F, In1, In2, Out> FactoryPtr makeCoFlatMapFactory(F function) {
  return detail::makeFactory<CoOperator<In1, In2, Out, F, CoFlatMapCalls>>(std::move(function));
}

template <class In1, class In2, class Out, class F>
requires CallableCoProcess<F, In1, In2, Out> FactoryPtr makeCoProcessFactory(F function) {
  return detail::makeFactory<CoOperator<In1, In2, Out, F, CoProcessCalls>>(std::move(function));
}

// --- sinks
// ---------------------------------------------------------------------------------------------------------

template <class T, class F>
requires CallableSink<F, T> FactoryPtr makeSinkFunctionFactory(F function) {
  return detail::makeFactory<SinkFunctionOperator<T, F>>(std::move(function));
}

template <class T>
FactoryPtr makeSinkFactory(std::shared_ptr<const Sink<T>> sink) {
  return detail::makeFactory<SinkWriterOperator<T>>(std::move(sink));
}

/// Prints lines as Flink's print(): `label:3> text`, without the subtask at parallelism 1, without
/// prefix when both miss.
template <class T>
FactoryPtr makePrintSinkFactory(std::string label, bool toStandardError = false) {
  return detail::makeFactory<PrintSinkOperator<T>>(std::move(label), toStandardError);
}

/// Sends records (serialized) to the JobManager under `collectId`, for executeAndCollect.
template <class T>
FactoryPtr makeCollectSinkFactory(std::string collectId) {
  return detail::makeFactory<CollectSinkOperator<T>>(std::move(collectId));
}

// --- sources
// -------------------------------------------------------------------------------------------------------

template <class T, class Split>
FactoryPtr makeSourceFactory(std::shared_ptr<const Source<T, Split>> source) {
  return std::make_unique<detail::SourceOperatorFactory<T, Split>>(std::move(source));
}

template <class T, class F>
requires CallableSourceFunction<F, T> FactoryPtr makeSourceFunctionFactory(F function) {
  return detail::makeFactory<SourceFunctionOperator<T, F>>(std::move(function));
}

// --- edges
// ---------------------------------------------------------------------------------------------------------

/// Forward, rebalance, rescale, shuffle, broadcast, global.
template <class T>
CodecPtr makeEdgeCodec() {
  return std::make_unique<PlainEdgeCodec<T>>();
}

/// Hash: the consumer's subtask follows from the key group; batches at the consumer carry key
/// hashes.
template <class T, class Selector>
requires CallableKeySelector<Selector, T> CodecPtr makeKeyedEdgeCodec(Selector selector) {
  return std::make_unique<KeyedEdgeCodec<T, Selector>>(std::move(selector));
}

/// Custom: partitioner(key, numPartitions) picks the consumer's subtask.
template <class T, class P, class Selector>
requires CallableKeySelector<Selector, T> && CallablePartitioner<P, KeyOf<Selector, T>> CodecPtr
makeCustomEdgeCodec(P partitioner, Selector selector) {
  return std::make_unique<CustomEdgeCodec<T, P, Selector>>(std::move(partitioner),
                                                           std::move(selector));
}

}  // namespace flink::operators
