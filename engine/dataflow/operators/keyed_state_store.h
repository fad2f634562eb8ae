#pragma once

#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "core/base/status_exception.h"
#include "dataflow/state/make_state.h"

namespace flink {

/// Gives out handles of the current key's state, all of one namespace: what windows and triggers
/// keep beside their contents. Asking again for a state is cheap. Thread: the task's step.
class KeyedStateStore {
 public:
  KeyedStateStore(state::KeyedStateBackend& backend, state::StateLayout layout)
      : backend_(backend), layout_(layout) {}
  KeyedStateStore(const KeyedStateStore&) = delete;
  KeyedStateStore& operator=(const KeyedStateStore&) = delete;

  // Errors (thrown): kStateIncompatible when the name belongs to a state of another type.
  template <class T>
  ValueState<T> getState(const ValueStateDescriptor<T>& descriptor) {
    return ValueState<T>(columnOf(descriptor), descriptor.getDefaultValue());
  }
  template <class T>
  ListState<T> getListState(const ListStateDescriptor<T>& descriptor) {
    return ListState<T>(columnOf(descriptor));
  }
  template <class UK, class UV>
  MapState<UK, UV> getMapState(const MapStateDescriptor<UK, UV>& descriptor) {
    return MapState<UK, UV>(columnOf(descriptor));
  }
  template <class T>
  ReducingState<T> getReducingState(const ReducingStateDescriptor<T>& descriptor) {
    return ReducingState<T>(columnOf(descriptor), descriptor.getReduceFunction());
  }
  template <class In, class Acc, class Out>
  AggregatingState<In, Out> getAggregatingState(
      const AggregatingStateDescriptor<In, Acc, Out>& descriptor) {
    return AggregatingState<In, Out>(columnOf(descriptor), descriptor.makeAccumulation());
  }

  // The same by the descriptor alone, for code that serves all of them.
  template <class T>
  auto get(const ValueStateDescriptor<T>& descriptor) {
    return getState(descriptor);
  }
  template <class T>
  auto get(const ListStateDescriptor<T>& descriptor) {
    return getListState(descriptor);
  }
  template <class UK, class UV>
  auto get(const MapStateDescriptor<UK, UV>& descriptor) {
    return getMapState(descriptor);
  }
  template <class T>
  auto get(const ReducingStateDescriptor<T>& descriptor) {
    return getReducingState(descriptor);
  }
  template <class In, class Acc, class Out>
  auto get(const AggregatingStateDescriptor<In, Acc, Out>& descriptor) {
    return getAggregatingState(descriptor);
  }

  /// For the engine: the namespace of what is asked for from now on.
  void setNamespace(state::Namespace space) { namespace_ = space; }

 private:
  struct Known {
    std::string name;
    const std::type_info* type;
    state::StateColumn* column;
  };

  template <class Descriptor>
  state::StateColumn& columnOf(const Descriptor& descriptor) {
    for (const Known& known : known_) {
      if (known.name == descriptor.getName() && *known.type == typeid(Descriptor)) {
        known.column->setCurrentNamespace(namespace_);
        return *known.column;
      }
    }
    state::StateColumn& column =
        valueOrThrow(state::makeState(backend_, descriptor, layout_)).column();
    known_.push_back({descriptor.getName(), &typeid(Descriptor), &column});
    column.setCurrentNamespace(namespace_);
    return column;
  }

  state::KeyedStateBackend& backend_;
  state::StateLayout layout_;
  state::Namespace namespace_;
  std::vector<Known> known_;
};

}  // namespace flink
