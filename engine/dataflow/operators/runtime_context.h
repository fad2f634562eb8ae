#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/metrics/registry.h"
#include "dataflow/operators/accumulators.h"

namespace flink {

namespace operators {
struct OperatorContext;
}

/// What a rich function may know of and ask from the task that runs it. Method names are Flink's.
/// Thread: the function's own.
class RuntimeContext {
 public:
  explicit RuntimeContext(operators::OperatorContext& context);

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

  /// The accumulator of that name, made on first use; its final value is part of the job's result,
  /// merged over all subtasks. Throws std::invalid_argument when the name is taken by another type.
  LongCounter& getLongCounter(const std::string& name) {
    return accumulators_.get<LongCounter>(name);
  }
  IntCounter& getIntCounter(const std::string& name) { return accumulators_.get<IntCounter>(name); }
  DoubleCounter& getDoubleCounter(const std::string& name) {
    return accumulators_.get<DoubleCounter>(name);
  }

  /// Hands the accumulators' values to the task; called once, when the operator closes.
  void publishAccumulators();

 private:
  operators::OperatorContext& context_;
  AccumulatorSet accumulators_;
};

}  // namespace flink
