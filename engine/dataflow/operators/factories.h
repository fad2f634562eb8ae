#pragma once

#include <memory>
#include <string>
#include <utility>

#include "core/types/serializer.h"
#include "dataflow/operators/aggregations.h"
#include "dataflow/operators/function_traits.h"
#include "dataflow/operators/operator_factory.h"
#include "dataflow/operators/sink.h"
#include "dataflow/operators/source.h"
#include "dataflow/operators/source_function.h"

/// What the DataStream API needs to turn user code into operators and edges: one function per transformation. The functions
/// copy the user's objects into the factory; every subtask works on a copy of its own.
namespace flink::operators {

using FactoryPtr = std::unique_ptr<OperatorFactory>;
using CodecPtr = std::unique_ptr<EdgeCodec>;

// --- one input --------------------------------------------------------------------------------------------------------

template <class In, class F, class Out = MapResult<F, In>>
  requires CallableMap<F, In>
FactoryPtr makeMapFactory(F function);

template <class In, class Out, class F>
  requires CallableFlatMap<F, In, Out>
FactoryPtr makeFlatMapFactory(F function);

template <class T, class F>
  requires CallableFilter<F, T>
FactoryPtr makeFilterFactory(F function);

/// Calls the function once per subtask, after the last record.
template <class In, class Out, class F>
  requires CallableMapPartition<F, In, Out>
FactoryPtr makeMapPartitionFactory(F function);

/// Side outputs are read through the operator's outputs with the tag's id.
template <class In, class Out, class F>
  requires CallableProcess<F, In, Out>
FactoryPtr makeProcessFactory(F function);

// --- keyed aggregates: the input edge must come from makeKeyedEdgeCodec<T> with the same selector ------------------------

template <class T, class Selector, class F>
  requires CallableKeySelector<Selector, T> && CallableReduce<F, T>
FactoryPtr makeKeyedReduceFactory(Selector selector, F reducer);

/// `Field`: const-correct accessor `auto& operator()(auto& record)`; see TupleField and MemberField (aggregations.h).
template <class T, class Selector, class Field>
FactoryPtr makeKeyedSumFactory(Selector selector, Field field);
template <class T, class Selector, class Field>
FactoryPtr makeKeyedMinFactory(Selector selector, Field field);
template <class T, class Selector, class Field>
FactoryPtr makeKeyedMaxFactory(Selector selector, Field field);
/// `first`: of several elements with the same extreme value, keep the first (else the last).
template <class T, class Selector, class Field>
FactoryPtr makeKeyedMinByFactory(Selector selector, Field field, bool first = true);
template <class T, class Selector, class Field>
FactoryPtr makeKeyedMaxByFactory(Selector selector, Field field, bool first = true);

// --- two inputs -------------------------------------------------------------------------------------------------------

/// F has map1 and map2; CoMapLambdas makes one of two lambdas.
template <class In1, class In2, class F, class Out = CoMapResult<F, In1>>
  requires CallableCoMap<F, In1, In2>
FactoryPtr makeCoMapFactory(F function);

template <class In1, class In2, class Out, class F>
  requires CallableCoFlatMap<F, In1, In2, Out>
FactoryPtr makeCoFlatMapFactory(F function);

template <class In1, class In2, class Out, class F>
  requires CallableCoProcess<F, In1, In2, Out>
FactoryPtr makeCoProcessFactory(F function);

// --- sinks ------------------------------------------------------------------------------------------------------------

template <class T, class F>
  requires CallableSink<F, T>
FactoryPtr makeSinkFunctionFactory(F function);

template <class T>
FactoryPtr makeSinkFactory(std::shared_ptr<const Sink<T>> sink);

/// Prints lines as Flink's print(): `label:3> text`, without the subtask at parallelism 1, without prefix when both miss.
template <class T>
FactoryPtr makePrintSinkFactory(std::string label, bool toStandardError = false);

/// Sends records (serialized) to the JobManager under `collectId`, for executeAndCollect.
template <class T>
FactoryPtr makeCollectSinkFactory(std::string collectId);

// --- sources ----------------------------------------------------------------------------------------------------------

template <class T, class Split>
FactoryPtr makeSourceFactory(std::shared_ptr<const Source<T, Split>> source);

template <class T, class F>
  requires CallableSourceFunction<F, T>
FactoryPtr makeSourceFunctionFactory(F function);

// --- edges ------------------------------------------------------------------------------------------------------------

/// Forward, rebalance, rescale, shuffle, broadcast, global.
template <class T>
CodecPtr makeEdgeCodec();

/// Hash: the consumer's subtask follows from the key group; batches at the consumer carry key hashes.
template <class T, class Selector>
  requires CallableKeySelector<Selector, T>
CodecPtr makeKeyedEdgeCodec(Selector selector);

/// Custom: partitioner(key, numPartitions) picks the consumer's subtask.
template <class T, class P, class Selector>
  requires CallableKeySelector<Selector, T> && CallablePartitioner<P, KeyOf<Selector, T>>
CodecPtr makeCustomEdgeCodec(P partitioner, Selector selector);

}  // namespace flink::operators
