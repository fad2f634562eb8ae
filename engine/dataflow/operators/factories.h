#pragma once

#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/types/serializer.h"
#include "dataflow/operators/aggregations.h"
#include "dataflow/operators/argument_factory.h"
#include "dataflow/operators/co_operators.h"
#include "dataflow/operators/edge_codec.h"
#include "dataflow/operators/function_traits.h"
#include "dataflow/operators/ingestion_time_source.h"
#include "dataflow/operators/keyed_aggregate_operator.h"
#include "dataflow/operators/map_partition_operator.h"
#include "dataflow/operators/one_input_operators.h"
#include "dataflow/operators/operator_factory.h"
#include "dataflow/operators/process_operator.h"
#include "dataflow/operators/sink.h"
#include "dataflow/operators/sink_operators.h"
#include "dataflow/operators/source.h"
#include "dataflow/operators/source_function.h"
#include "dataflow/operators/source_function_operator.h"
#include "dataflow/operators/source_operator.h"
#include "dataflow/operators/timestamp_assigners.h"
#include "dataflow/operators/timestamps_and_watermarks_operator.h"

/// What the DataStream API needs to turn user code into operators and edges: one function per
/// transformation. The functions copy the user's objects into the factory; every subtask works on a
/// copy of its own.
namespace flink::operators {

using CodecPtr = std::unique_ptr<EdgeCodec>;

namespace detail {

template <class T, class Selector, class Combiner>
FactoryPtr makeKeyedAggregate(Selector selector, Combiner combiner) {
  return makeFactory<KeyedAggregateOperator<T, Selector, Combiner>>(std::move(selector),
                                                                    std::move(combiner));
}

template <class T, class Split>
class SourceOperatorFactory final : public OperatorFactory {
 public:
  explicit SourceOperatorFactory(std::shared_ptr<const Source<T, Split>> source,
                                 std::optional<WatermarkStrategy<T>> strategy)
      : source_(std::move(source)), strategy_(std::move(strategy)) {}
  std::unique_ptr<StreamOperator> create(const OperatorOutputs& outputs) const override {
    return std::make_unique<SourceOperator<T, Split>>(outputs, source_, strategy_);
  }
  std::unique_ptr<OperatorCoordinator> createCoordinator() const override {
    return std::make_unique<SourceCoordinator<T, Split>>(source_);
  }

 private:
  std::shared_ptr<const Source<T, Split>> source_;
  std::optional<WatermarkStrategy<T>> strategy_;
};

}  // namespace detail

// --- one input
// -----------------------------------------------------------------------------------------------------

// `keys`: KeyedBy, for functions that use keyed state.

template <class In, class F, class Keys = NoKeys, class Out = MapResult<F, In>>
requires CallableMap<F, In> FactoryPtr makeMapFactory(F function, Keys keys = {}) {
  return detail::makeFactory<MapOperator<In, Out, F, Keys>>(std::move(function), std::move(keys));
}

template <class In, class Out, class F, class Keys = NoKeys>
requires CallableFlatMap<F, In, Out> FactoryPtr makeFlatMapFactory(F function, Keys keys = {}) {
  return detail::makeFactory<FlatMapOperator<In, Out, F, Keys>>(std::move(function),
                                                                std::move(keys));
}

template <class T, class F, class Keys = NoKeys>
requires CallableFilter<F, T> FactoryPtr makeFilterFactory(F function, Keys keys = {}) {
  return detail::makeFactory<FilterOperator<T, F, Keys>>(std::move(function), std::move(keys));
}

/// Calls the function once per subtask, after the last record.
template <class In, class Out, class F>
requires CallableMapPartition<F, In, Out> FactoryPtr makeMapPartitionFactory(F function) {
  return detail::makeFactory<MapPartitionOperator<In, Out, F>>(std::move(function));
}

/// Side outputs are read through the operator's outputs with the tag's id.
template <class In, class Out, class F, class Keys = NoKeys>
requires CallableProcess<F, In, Out, Keys> FactoryPtr makeProcessFactory(F function,
                                                                         Keys keys = {}) {
  return detail::makeFactory<ProcessOperator<In, Out, F, Keys>>(std::move(function),
                                                                std::move(keys));
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

// `keys1` and `keys2`: none or both.

/// F has map1 and map2; CoMapLambdas makes one of two lambdas.
template <class In1, class In2, class F, class Keys1 = NoKeys, class Keys2 = NoKeys,
          class Out = CoMapResult<F, In1>>
requires CallableCoMap<F, In1, In2> FactoryPtr makeCoMapFactory(F function, Keys1 keys1 = {},
                                                                Keys2 keys2 = {}) {
  return detail::makeFactory<CoOperator<In1, In2, Out, F, CoMapCalls, Keys1, Keys2>>(
      std::move(function), std::move(keys1), std::move(keys2));
}

template <class In1, class In2, class Out, class F, class Keys1 = NoKeys, class Keys2 = NoKeys>
requires CallableCoFlatMap<F, In1, In2, Out> FactoryPtr makeCoFlatMapFactory(F function,
                                                                             Keys1 keys1 = {},
                                                                             Keys2 keys2 = {}) {
  return detail::makeFactory<CoOperator<In1, In2, Out, F, CoFlatMapCalls, Keys1, Keys2>>(
      std::move(function), std::move(keys1), std::move(keys2));
}

template <class In1, class In2, class Out, class F, class Keys1 = NoKeys, class Keys2 = NoKeys>
requires CallableCoProcess<F, In1, In2, Out, Keys1> FactoryPtr
makeCoProcessFactory(F function, Keys1 keys1 = {}, Keys2 keys2 = {}) {
  return detail::makeFactory<CoOperator<In1, In2, Out, F, CoProcessCalls, Keys1, Keys2>>(
      std::move(function), std::move(keys1), std::move(keys2));
}

// --- sinks
// ---------------------------------------------------------------------------------------------------------

template <class T, class F, class Keys = NoKeys>
requires CallableSink<F, T> FactoryPtr makeSinkFunctionFactory(F function, Keys keys = {}) {
  return detail::makeFactory<SinkFunctionOperator<T, F, Keys>>(std::move(function),
                                                               std::move(keys));
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

// --- event time
// ----------------------------------------------------------------------------------------------------

template <class T>
FactoryPtr makeWatermarksFactory(WatermarkStrategy<T> strategy) {
  return detail::makeFactory<TimestampsAndWatermarksOperator<T>>(std::move(strategy));
}

/// A source whose time is the clock.
template <class T>
FactoryPtr makeIngestionTimeFactory(std::shared_ptr<const OperatorFactory> source) {
  return std::make_unique<IngestionTimeSourceFactory<T>>(std::move(source));
}

// --- sources
// -------------------------------------------------------------------------------------------------------

template <class T, class Split>
FactoryPtr makeSourceFactory(std::shared_ptr<const Source<T, Split>> source,
                             std::optional<WatermarkStrategy<T>> strategy = std::nullopt) {
  return std::make_unique<detail::SourceOperatorFactory<T, Split>>(std::move(source),
                                                                   std::move(strategy));
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
