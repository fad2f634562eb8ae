#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/base/ids.h"
#include "core/base/log.h"
#include "core/metrics/registry.h"
#include "dataflow/operators/event_time_figures.h"
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
  /// Milliseconds that mails waited for the task.
  [[nodiscard]] const std::shared_ptr<metrics::Histogram>& mailboxLatency() const {
    return mailboxLatency_;
  }
  /// Timers of keyed operators that fired.
  [[nodiscard]] const std::shared_ptr<metrics::Counter>& firedTimers() const {
    return firedTimers_;
  }
  /// `size` is read until close().
  void watchMailbox(std::function<std::size_t()> size);
  /// Registers an operator's event time; that of the chain's head is the task's, too.
  void watchEventTime(metrics::MetricGroup& op, int numInputs, bool isHead,
                      const std::shared_ptr<const operators::EventTimeFigures>& figures) const;

  void countRecordsIn(std::uint64_t records) {
    recordsIn_->inc(static_cast<std::int64_t>(records));
  }
  void countBytesIn(std::uint64_t bytes) { bytesIn_->inc(static_cast<std::int64_t>(bytes)); }
  void countMails(std::uint64_t mails) { mails_->inc(static_cast<std::int64_t>(mails)); }
  /// Running totals of all outputs.
  void setOutputs(std::int64_t records, std::int64_t bytes, std::int64_t buffers);
  void setInitializationTime(Duration time);
  /// Of the latest checkpoint: how long its barriers were awaited, and how late the first one was.
  void setAlignmentTime(Duration time);
  void setStartDelay(std::int64_t ms);

  [[nodiscard]] TaskFigures figures() const;
  /// Takes the metrics off the registry; figures() goes on working.
  void close();

 private:
  std::shared_ptr<metrics::Counter> counterWithRate(const std::string& name);
  void registerTimes();

  std::shared_ptr<metrics::MetricGroup> group_;
  // Shared with the gauges, which a reporter may still read while the task goes.
  std::shared_ptr<TaskTimes> times_;
  std::shared_ptr<std::atomic<std::int64_t>> initializationMs_, alignmentNanos_, startDelayNanos_;
  std::shared_ptr<metrics::Counter> recordsIn_, recordsOut_, bytesIn_, bytesOut_, buffersOut_,
      firedTimers_, mails_;
  std::shared_ptr<metrics::Histogram> mailboxLatency_;
};

}  // namespace flink::task
