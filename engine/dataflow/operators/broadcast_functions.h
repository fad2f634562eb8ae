#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataflow/operators/process_functions.h"
#include "dataflow/operators/runtime_state.h"
#include "dataflow/state/broadcast_state.h"

namespace flink {

namespace operators {

/// A map that a broadcast stream was declared with.
struct BroadcastDescriptor {
  std::string name;
  /// Makes the state, so that restored entries find their type.
  std::function<void(state::OperatorStateBackend&)> declare;
};

template <class K, class V>
BroadcastDescriptor broadcastDescriptor(const MapStateDescriptor<K, V>& descriptor) {
  return {descriptor.getName(), [descriptor](state::OperatorStateBackend& backend) {
            throwIfError(backend.getBroadcastState(descriptor).status());
          }};
}

/// The broadcast state of one operator, of the maps that its stream was declared with.
class BroadcastStates {
 public:
  explicit BroadcastStates(std::vector<BroadcastDescriptor> declared)
      : declared_(std::move(declared)) {}
  void open(state::OperatorStateBackend& backend);
  /// Errors (thrown): kInvalidArgument for a map that was not declared.
  template <class K, class V>
  BroadcastState<K, V> get(const MapStateDescriptor<K, V>& descriptor) {
    requireDeclared(descriptor.getName());
    return valueOrThrow(backend_->getBroadcastState(descriptor));
  }

 private:
  void requireDeclared(std::string_view name) const;

  std::vector<BroadcastDescriptor> declared_;
  state::OperatorStateBackend* backend_ = nullptr;
};

}  // namespace operators

/// What both sides of a broadcast process function see.
class BroadcastBaseContext {
 public:
  BroadcastBaseContext(ProcessContext& process, operators::BroadcastStates& states)
      : process_(process), states_(states) {}
  BroadcastBaseContext(const BroadcastBaseContext&) = delete;
  BroadcastBaseContext& operator=(const BroadcastBaseContext&) = delete;

  [[nodiscard]] bool hasTimestamp() const { return process_.hasTimestamp(); }
  /// Of the record; the least value of std::int64_t when it has none.
  [[nodiscard]] std::int64_t timestamp() const { return process_.timestamp(); }
  [[nodiscard]] std::int64_t currentProcessingTime() const {
    return process_.timerService().currentProcessingTime();
  }
  [[nodiscard]] std::int64_t currentWatermark() const {
    return process_.timerService().currentWatermark();
  }
  template <class X, class V>
  void output(const OutputTag<X>& tag, V&& value) {
    process_.output(tag, std::forward<V>(value));
  }

 protected:
  ~BroadcastBaseContext() = default;
  [[nodiscard]] ProcessContext& process() const { return process_; }
  [[nodiscard]] operators::BroadcastStates& states() const { return states_; }

 private:
  ProcessContext& process_;
  operators::BroadcastStates& states_;
};

/// The side that is not broadcast reads the maps.
class BroadcastReadOnlyContext : public BroadcastBaseContext {
 public:
  using BroadcastBaseContext::BroadcastBaseContext;
  template <class K, class V>
  [[nodiscard]] ReadOnlyBroadcastState<K, V> getBroadcastState(
      const MapStateDescriptor<K, V>& descriptor) {
    return states().get(descriptor).readOnly();
  }
};

/// The broadcast side changes the maps: alike in every subtask.
class BroadcastContext : public BroadcastBaseContext {
 public:
  using BroadcastBaseContext::BroadcastBaseContext;
  template <class K, class V>
  [[nodiscard]] BroadcastState<K, V> getBroadcastState(const MapStateDescriptor<K, V>& descriptor) {
    return states().get(descriptor);
  }
};

template <class K>
class KeyedBroadcastReadOnlyContext : public BroadcastReadOnlyContext {
 public:
  KeyedBroadcastReadOnlyContext(KeyedOnTimerContext<K>& process, operators::BroadcastStates& states)
      : BroadcastReadOnlyContext(process, states), keyed_(process) {}
  [[nodiscard]] TimerService& timerService() const { return keyed_.timerService(); }
  [[nodiscard]] const K& getCurrentKey() const { return keyed_.getCurrentKey(); }

 protected:
  KeyedOnTimerContext<K>& keyed_;
};

template <class K>
class KeyedBroadcastOnTimerContext : public KeyedBroadcastReadOnlyContext<K> {
 public:
  using KeyedBroadcastReadOnlyContext<K>::KeyedBroadcastReadOnlyContext;
  [[nodiscard]] TimeDomain timeDomain() const { return this->keyed_.timeDomain(); }
};

template <class K>
class KeyedBroadcastContext : public BroadcastContext {
 public:
  using BroadcastContext::BroadcastContext;
  /// Calls `function(const K& key, state)` for every key that has something in the state that
  /// `descriptor` names, in no defined order. It may change and clear the state of that key.
  template <class Descriptor, class Function>
  void applyToKeyedState(const Descriptor& descriptor, Function&& function) {
    auto handle = KeyedStateStore(*backend_, state::StateLayout::kNoNamespace).get(descriptor);
    backend_->applyToAllKeys(handle.column(), state::Namespace{}, [&](const void* key) {
      function(*static_cast<const K*>(key), handle);
    });
  }
  /// For the engine.
  void setBackend(state::KeyedStateBackend* backend) { backend_ = backend; }

 private:
  state::KeyedStateBackend* backend_ = nullptr;
};

/// A stream beside a broadcast one, which tells every subtask the same: rules, configuration.
template <class In1, class In2, class Out>
class BroadcastProcessFunction : public RichFunction {
 public:
  using ReadOnlyContext = BroadcastReadOnlyContext;
  using Context = BroadcastContext;
  virtual void processElement(const In1& value, ReadOnlyContext& context, Collector<Out>& out) = 0;
  virtual void processBroadcastElement(const In2& value, Context& context, Collector<Out>& out) = 0;
};

/// The same where the first stream has keys: with state and timers, and a way for the broadcast
/// side to reach the state of all keys. There it has no key of its own.
template <class K, class In1, class In2, class Out>
class KeyedBroadcastProcessFunction : public RichFunction {
 public:
  using KeyOfFunction = K;
  using ReadOnlyContext = KeyedBroadcastReadOnlyContext<K>;
  using Context = KeyedBroadcastContext<K>;
  using OnTimerContext = KeyedBroadcastOnTimerContext<K>;
  virtual void processElement(const In1& value, ReadOnlyContext& context, Collector<Out>& out) = 0;
  virtual void processBroadcastElement(const In2& value, Context& context, Collector<Out>& out) = 0;
  virtual void onTimer(std::int64_t /*timestamp*/, OnTimerContext& /*context*/,
                       Collector<Out>& /*out*/) {}
};

}  // namespace flink
