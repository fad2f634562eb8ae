#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>

#include "dataflow/operators/runtime_context.h"
#include "dataflow/state/state_contexts.h"

namespace flink {

template <class K, class V>
class BroadcastState;
[[noreturn]] void throwNoKeyedState();

/// Gives out the state that an operator has without keys; defined in runtime_state.h. Errors
/// (thrown): kStateIncompatible.
class OperatorStateStore {
 public:
  explicit OperatorStateStore(state::OperatorStateBackend& backend) : backend_(backend) {}

  /// A restore at another parallelism deals the elements of all subtasks out among the new ones.
  template <class T>
  ListState<T> getListState(const ListStateDescriptor<T>& descriptor);
  /// After a restore every subtask has the elements of all.
  template <class T>
  ListState<T> getUnionListState(const ListStateDescriptor<T>& descriptor);
  /// The same in every subtask.
  template <class K, class V>
  BroadcastState<K, V> getBroadcastState(const MapStateDescriptor<K, V>& descriptor);

 private:
  state::OperatorStateBackend& backend_;
};

/// What CheckpointedFunction::initializeState() gets.
class FunctionInitializationContext {
 public:
  explicit FunctionInitializationContext(const state::StateInitContext& context);
  ~FunctionInitializationContext();
  FunctionInitializationContext(const FunctionInitializationContext&) = delete;
  FunctionInitializationContext& operator=(const FunctionInitializationContext&) = delete;

  /// Whether the state has what a checkpoint or savepoint kept.
  [[nodiscard]] bool isRestored() const { return restored_.has_value(); }
  [[nodiscard]] std::optional<std::int64_t> getRestoredCheckpointId() const { return restored_; }
  [[nodiscard]] OperatorStateStore& getOperatorStateStore() { return operatorState_; }
  /// Throws kStateNoKey on streams without keys.
  [[nodiscard]] KeyedStateStore& getKeyedStateStore() {
    if (!keyedState_) throwNoKeyedState();
    return *keyedState_;
  }

 private:
  std::optional<std::int64_t> restored_;
  OperatorStateStore operatorState_;
  std::unique_ptr<KeyedStateStore> keyedState_;
};

/// What CheckpointedFunction::snapshotState() gets.
class FunctionSnapshotContext {
 public:
  explicit FunctionSnapshotContext(const state::SnapshotContext& context) : context_(context) {}
  [[nodiscard]] std::int64_t getCheckpointId() const {
    return static_cast<std::int64_t>(context_.checkpointId);
  }
  /// When the checkpoint was triggered, in milliseconds since the Unix epoch.
  [[nodiscard]] std::int64_t getCheckpointTimestamp() const { return context_.checkpointTimestamp; }

 private:
  const state::SnapshotContext& context_;
};

/// A function, of any operator, with state of its own beside keys: it puts what it keeps into
/// operator state when a snapshot is taken. Thread: the function's. initializeState() comes before
/// open().
class CheckpointedFunction {
 public:
  virtual ~CheckpointedFunction() = default;
  virtual void initializeState(FunctionInitializationContext& context) = 0;
  virtual void snapshotState(FunctionSnapshotContext& context) = 0;
};

/// A function that wants to know what became of checkpoints. Notifications may be lost: a complete
/// checkpoint stands for all older ones.
class CheckpointListener {
 public:
  virtual ~CheckpointListener() = default;
  virtual void notifyCheckpointComplete(std::int64_t checkpointId) = 0;
  virtual void notifyCheckpointAborted(std::int64_t /*checkpointId*/) {}
};

namespace operators {

/// A class with the methods of a CheckpointedFunction that is none: they would never be called.
template <class F>
inline constexpr bool kForgotCheckpointedFunction =
    std::is_class_v<F> && !std::is_base_of_v<CheckpointedFunction, F> &&
    (
        requires(F & f, FunctionSnapshotContext& context) { f.snapshotState(context); } ||
        requires(F & f, FunctionInitializationContext& context) { f.initializeState(context); });

}  // namespace operators
}  // namespace flink
