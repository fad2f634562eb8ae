#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/metrics/registry.h"
#include "core/types/key_hash.h"
#include "core/types/serializer.h"
#include "dataflow/operators/accumulators.h"

namespace flink {

namespace operators {
struct OperatorContext;
}
namespace state {
class OperatorStateBackend;
}
class KeyedStateStore;
template <class T>
class ValueState;
template <class T>
class ListState;
template <class UK, class UV>
class MapState;
template <class T>
class ReducingState;
template <class In, class Out>
class AggregatingState;
template <Serializable T>
class ValueStateDescriptor;
template <Serializable T>
class ListStateDescriptor;
template <KeyType UK, Serializable UV>
class MapStateDescriptor;
template <Serializable T>
class ReducingStateDescriptor;
template <class In, Serializable Acc, class Out>
class AggregatingStateDescriptor;

[[noreturn]] void throwNoKeyedState();

/// What a rich function may know of and ask from the task that runs it. Method names are Flink's.
/// Thread: the function's own.
class RuntimeContext {
 public:
  explicit RuntimeContext(operators::OperatorContext& context);
  ~RuntimeContext();
  RuntimeContext(const RuntimeContext&) = delete;
  RuntimeContext& operator=(const RuntimeContext&) = delete;

  [[nodiscard]] const std::string& getJobName() const;
  [[nodiscard]] std::string getJobId() const;
  [[nodiscard]] const std::string& getTaskName() const;
  [[nodiscard]] const std::string& getOperatorName() const;
  /// `<task name> (<subtask + 1>/<parallelism>)#<attempt>`
  [[nodiscard]] std::string getTaskNameWithSubtasks() const;
  [[nodiscard]] int getIndexOfThisSubtask() const;
  [[nodiscard]] int getNumberOfParallelSubtasks() const;
  [[nodiscard]] int getMaxNumberOfParallelSubtasks() const;
  [[nodiscard]] int getAttemptNumber() const;
  /// The operator's own group; metrics named here appear under taskmanager.job.task.operator.
  [[nodiscard]] metrics::MetricGroup& getMetricGroup() const;
  [[nodiscard]] const std::map<std::string, std::string>& getGlobalJobParameters() const;

  // The state of the current key; ask in open(), keep the handle. They are defined in
  // runtime_state.h, which <flink/state.h> has. Errors (thrown): kStateNoKey on streams without
  // keys; kStateIncompatible when the name belongs to a state of another type.
  template <class T>
  [[nodiscard]] ValueState<T> getState(const ValueStateDescriptor<T>& descriptor);
  template <class T>
  [[nodiscard]] ListState<T> getListState(const ListStateDescriptor<T>& descriptor);
  template <class UK, class UV>
  [[nodiscard]] MapState<UK, UV> getMapState(const MapStateDescriptor<UK, UV>& descriptor);
  template <class T>
  [[nodiscard]] ReducingState<T> getReducingState(const ReducingStateDescriptor<T>& descriptor);
  template <class In, class Acc, class Out>
  [[nodiscard]] AggregatingState<In, Out> getAggregatingState(
      const AggregatingStateDescriptor<In, Acc, Out>& descriptor);
  /// Needs no keys: after a restore every subtask has the elements of all.
  template <class T>
  [[nodiscard]] ListState<T> getUnionListState(const ListStateDescriptor<T>& descriptor);

  /// The accumulator of that name, made on first use; its final value is part of the job's result,
  /// merged over all subtasks. Throws std::invalid_argument when the name is taken by another type.
  LongCounter& getLongCounter(const std::string& name);
  IntCounter& getIntCounter(const std::string& name);
  DoubleCounter& getDoubleCounter(const std::string& name);

  /// Hands the accumulators' values to the task; called once, when the operator closes.
  void publishAccumulators();

 private:
  [[nodiscard]] KeyedStateStore& keyedState();
  [[nodiscard]] state::OperatorStateBackend& operatorState() const;

  operators::OperatorContext& context_;
  std::unique_ptr<KeyedStateStore> keyedState_;
  AccumulatorSet accumulators_;
};

}  // namespace flink
