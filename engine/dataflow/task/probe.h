#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/ids.h"
#include "core/base/log.h"
#include "core/metrics/registry.h"
#include "dataflow/task/task.h"
#include "dataflow/task/task_times.h"

namespace flink::task {

inline Logger kLog{"flink.task"};

/// A task's metrics: Flink's names under taskmanager.job.task, fed once per step.
/// Thread: count*, set* on the task's step; the rest on any thread.
class TaskProbe {
 public:
  TaskProbe(const TaskSpec& spec, metrics::MetricGroup& jobGroup, const Clock& clock);
  ~TaskProbe();
  TaskProbe(const TaskProbe&) = delete;
  TaskProbe& operator=(const TaskProbe&) = delete;

  [[nodiscard]] const std::shared_ptr<metrics::MetricGroup>& group() const { return group_; }
  /// The group of one operator, scope taskmanager.job.task.operator.
  [[nodiscard]] std::shared_ptr<metrics::MetricGroup> operatorGroup(const ChainNode& node) const;
  [[nodiscard]] TaskTimes& times() { return *times_; }

  void countRecordsIn(std::uint64_t records) {
    recordsIn_->inc(static_cast<std::int64_t>(records));
  }
  void countBytesIn(std::uint64_t bytes) { bytesIn_->inc(static_cast<std::int64_t>(bytes)); }
  void countMails(std::uint64_t mails) { mails_->inc(static_cast<std::int64_t>(mails)); }
  /// Running totals of all outputs.
  void setOutputs(std::int64_t records, std::int64_t bytes, std::int64_t buffers);
  void setInitializationTime(Duration time);

  [[nodiscard]] TaskFigures figures() const;
  /// Takes the metrics off the registry; figures() goes on working.
  void close();

 private:
  std::shared_ptr<metrics::Counter> counterWithRate(const std::string& name);
  void registerTimes();

  std::shared_ptr<metrics::MetricGroup> group_;
  // Shared with the gauges, which a reporter may still read while the task goes.
  std::shared_ptr<TaskTimes> times_;
  std::shared_ptr<std::atomic<std::int64_t>> initializationMs_;
  std::shared_ptr<metrics::Counter> recordsIn_, recordsOut_, bytesIn_, bytesOut_, buffersOut_,
      mails_;
};

}  // namespace flink::task
