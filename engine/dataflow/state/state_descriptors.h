#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "core/types/serializer.h"
#include "dataflow/state/accumulation.h"
#include "dataflow/state/state_ttl_config.h"

namespace flink {

/// Names a state of a function, its type and how long its entries live. The name is unique within
/// the operator and finds the state again in snapshots.
class StateDescriptor {
 public:
  [[nodiscard]] const std::string& getName() const { return name_; }
  /// Entries live as long as `config` says. REQUIRES: before the state is asked for.
  void enableTimeToLive(const StateTtlConfig& config) { ttl_ = config; }
  [[nodiscard]] const StateTtlConfig& getTtlConfig() const { return ttl_; }

 protected:
  explicit StateDescriptor(std::string name) : name_(std::move(name)) {}

 private:
  std::string name_;
  StateTtlConfig ttl_;
};

template <Serializable T>
class ValueStateDescriptor : public StateDescriptor {
 public:
  explicit ValueStateDescriptor(std::string name) : StateDescriptor(std::move(name)) {}
  /// value() gives `defaultValue` where nothing was written (not together with a time to live).
  ValueStateDescriptor(std::string name, T defaultValue)
      : StateDescriptor(std::move(name)),
        defaultValue_(std::make_shared<const T>(std::move(defaultValue))) {}
  [[nodiscard]] const std::shared_ptr<const T>& getDefaultValue() const { return defaultValue_; }

 private:
  std::shared_ptr<const T> defaultValue_;
};

/// For keyed list state and for operator list state.
template <Serializable T>
class ListStateDescriptor : public StateDescriptor {
 public:
  static_assert(!std::is_same_v<T, bool>, "a list of bool has no elements to point at: use char");
  explicit ListStateDescriptor(std::string name) : StateDescriptor(std::move(name)) {}
};

/// For keyed map state and for broadcast state.
template <KeyType UK, Serializable UV>
class MapStateDescriptor : public StateDescriptor {
 public:
  explicit MapStateDescriptor(std::string name) : StateDescriptor(std::move(name)) {}
};

/// `function`: T(const T&, const T&), or an object with such a method reduce().
template <Serializable T>
class ReducingStateDescriptor : public StateDescriptor {
 public:
  template <class F>
  requires state::Reducer<F, T> ReducingStateDescriptor(std::string name, F function)
      : StateDescriptor(std::move(name)), reduce_(state::reducerOf<T>(std::move(function))) {}
  [[nodiscard]] const std::function<T(const T&, const T&)>& getReduceFunction() const {
    return reduce_;
  }

 private:
  std::function<T(const T&, const T&)> reduce_;
};

/// `function`: an object with the methods createAccumulator(), add(value, accumulator) and
/// getResult(accumulator), as AggregateFunction has them; merge(a, b) is needed where namespaces
/// merge (session windows).
template <class In, Serializable Acc, class Out>
class AggregatingStateDescriptor : public StateDescriptor {
 public:
  template <class F>
  requires state::Aggregator<F, In, Acc, Out> AggregatingStateDescriptor(std::string name,
                                                                         F function)
      : StateDescriptor(std::move(name)),
        accumulation_(
            std::make_shared<state::AccumulationBy<F, In, Acc, Out>>(std::move(function))) {}
  /// A copy of the function, for one handle.
  [[nodiscard]] std::shared_ptr<state::Accumulation<In, Out>> makeAccumulation() const {
    return accumulation_->clone();
  }

 private:
  std::shared_ptr<const state::Accumulation<In, Out>> accumulation_;
};

}  // namespace flink
