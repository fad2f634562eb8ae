#pragma once

#include "dataflow/state/keyed_state.h"
#include "dataflow/state/keyed_state_backend.h"

namespace flink::state {

// The handle for a descriptor, from a keyed backend. RuntimeContext uses the default layout, window
// operators one with namespaces. Errors: those of KeyedStateBackend::column().

namespace detail {

template <template <bool> class Form>
StateSpec specOf(const StateDescriptor& descriptor, StateKind kind, StateLayout layout) {
  const bool ttl = descriptor.getTtlConfig().isEnabled();
  return {descriptor.getName(), kind, ttl ? &valueOps<Form<true>>() : &valueOps<Form<false>>(),
          descriptor.getTtlConfig(), layout};
}
template <class T>
struct FormsOf {
  template <bool Ttl>
  using Value = ValueForm<T, Ttl>;
  template <bool Ttl>
  using List = ListForm<T, Ttl>;
};
template <class UK, class UV>
struct MapFormsOf {
  template <bool Ttl>
  using Map = MapForm<UK, UV, Ttl>;
};

}  // namespace detail

template <class T>
Result<ValueState<T>> makeState(KeyedStateBackend& backend,
                                const ValueStateDescriptor<T>& descriptor,
                                StateLayout layout = StateLayout::kNoNamespace) {
  FLINK_ASSIGN_OR_RETURN(StateColumn * column,
                         backend.column(detail::specOf<detail::FormsOf<T>::template Value>(
                             descriptor, StateKind::kValue, layout)));
  return ValueState<T>(*column, descriptor.getDefaultValue());
}

template <class T>
Result<ListState<T>> makeState(KeyedStateBackend& backend, const ListStateDescriptor<T>& descriptor,
                               StateLayout layout = StateLayout::kNoNamespace) {
  FLINK_ASSIGN_OR_RETURN(StateColumn * column,
                         backend.column(detail::specOf<detail::FormsOf<T>::template List>(
                             descriptor, StateKind::kList, layout)));
  return ListState<T>(*column);
}

template <class UK, class UV>
Result<MapState<UK, UV>> makeState(KeyedStateBackend& backend,
                                   const MapStateDescriptor<UK, UV>& descriptor,
                                   StateLayout layout = StateLayout::kNoNamespace) {
  FLINK_ASSIGN_OR_RETURN(StateColumn * column,
                         backend.column(detail::specOf<detail::MapFormsOf<UK, UV>::template Map>(
                             descriptor, StateKind::kMap, layout)));
  return MapState<UK, UV>(*column);
}

template <class T>
Result<ReducingState<T>> makeState(KeyedStateBackend& backend,
                                   const ReducingStateDescriptor<T>& descriptor,
                                   StateLayout layout = StateLayout::kNoNamespace) {
  FLINK_ASSIGN_OR_RETURN(StateColumn * column,
                         backend.column(detail::specOf<detail::FormsOf<T>::template Value>(
                             descriptor, StateKind::kReducing, layout)));
  return ReducingState<T>(*column, descriptor.getReduceFunction());
}

template <class In, class Acc, class Out>
Result<AggregatingState<In, Out>> makeState(
    KeyedStateBackend& backend, const AggregatingStateDescriptor<In, Acc, Out>& descriptor,
    StateLayout layout = StateLayout::kNoNamespace) {
  FLINK_ASSIGN_OR_RETURN(StateColumn * column,
                         backend.column(detail::specOf<detail::FormsOf<Acc>::template Value>(
                             descriptor, StateKind::kAggregating, layout)));
  return AggregatingState<In, Out>(*column, descriptor.makeAccumulation());
}

}  // namespace flink::state
