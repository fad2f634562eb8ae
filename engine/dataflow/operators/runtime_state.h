#pragma once

#include "dataflow/operators/checkpointed_function.h"
#include "dataflow/operators/keyed_state_store.h"
#include "dataflow/operators/runtime_context.h"
#include "dataflow/state/operator_state_backend.h"

// How functions get their state; apart from RuntimeContext, because most jobs ask for none and
// compile faster without.
namespace flink {

template <class T>
ValueState<T> RuntimeContext::getState(const ValueStateDescriptor<T>& descriptor) {
  return keyedState().getState(descriptor);
}
template <class T>
ListState<T> RuntimeContext::getListState(const ListStateDescriptor<T>& descriptor) {
  return keyedState().getListState(descriptor);
}
template <class UK, class UV>
MapState<UK, UV> RuntimeContext::getMapState(const MapStateDescriptor<UK, UV>& descriptor) {
  return keyedState().getMapState(descriptor);
}
template <class T>
ReducingState<T> RuntimeContext::getReducingState(const ReducingStateDescriptor<T>& descriptor) {
  return keyedState().getReducingState(descriptor);
}
template <class In, class Acc, class Out>
AggregatingState<In, Out> RuntimeContext::getAggregatingState(
    const AggregatingStateDescriptor<In, Acc, Out>& descriptor) {
  return keyedState().getAggregatingState(descriptor);
}
template <class T>
ListState<T> RuntimeContext::getUnionListState(const ListStateDescriptor<T>& descriptor) {
  return valueOrThrow(operatorState().getUnionListState(descriptor));
}

template <class T>
ListState<T> OperatorStateStore::getListState(const ListStateDescriptor<T>& descriptor) {
  return valueOrThrow(backend_.getListState(descriptor));
}
template <class T>
ListState<T> OperatorStateStore::getUnionListState(const ListStateDescriptor<T>& descriptor) {
  return valueOrThrow(backend_.getUnionListState(descriptor));
}
template <class K, class V>
BroadcastState<K, V> OperatorStateStore::getBroadcastState(
    const MapStateDescriptor<K, V>& descriptor) {
  return valueOrThrow(backend_.getBroadcastState(descriptor));
}

}  // namespace flink
