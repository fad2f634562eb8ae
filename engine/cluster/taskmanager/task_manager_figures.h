#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cluster/protocol/messages.h"
#include "cluster/taskmanager/task_manager_settings.h"
#include "core/base/mutex.h"
#include "core/metrics/process_metrics.h"
#include "core/metrics/registry.h"

namespace flink::taskmanager {

/// Adds up what the supervisor and its workers use, for heartbeats, REST and reporters.
/// Thread: safe from any thread.
class TaskManagerFigures {
 public:
  /// `processFigures` gives what this process itself takes by the names of
  /// metrics::restProcessFigures(); may be empty.
  TaskManagerFigures(const TaskManagerSettings& settings, metrics::MetricRegistry& registry,
                     std::function<std::map<std::string, std::int64_t>()> processFigures);
  ~TaskManagerFigures();

  /// Registers the metrics below host and tm_id.
  void start(const TaskManagerId& id);
  void setReport(const JobId& job, const protocol::WorkerReportRequest& report);
  void dropReport(const JobId& job);

  /// Current figures under their REST names (heapUsed, nettyShuffleMemorySegmentsTotal, ...).
  [[nodiscard]] std::map<std::string, std::int64_t> restMetrics() const;
  /// What supervisor and workers take of the system, the time of ended workers included.
  [[nodiscard]] metrics::ProcessFigures processFigures() const {
    return metrics::processFiguresOf(restMetrics());
  }
  /// Everything of the supervisor's registry and of the workers' last reports.
  [[nodiscard]] std::vector<metrics::MetricSample> collect();

 private:
  struct Worker {
    std::vector<metrics::MetricSample> samples;
    std::map<std::string, std::int64_t> memory;
  };
  void gauge(const std::string& name, std::int64_t (TaskManagerFigures::*read)() const);
  /// A figure summed over the workers, by its name in WorkerReportRequest::memory.
  [[nodiscard]] std::int64_t sumOverWorkers(const std::string& name) const;
  [[nodiscard]] std::int64_t totalSegments() const { return memory_.network / segmentBytes_; }
  [[nodiscard]] std::int64_t usedSegments() const {
    return sumOverWorkers("nettyShuffleMemorySegmentsUsed");
  }
  [[nodiscard]] std::int64_t availableSegments() const { return totalSegments() - usedSegments(); }
  [[nodiscard]] std::int64_t totalBytes() const { return totalSegments() * segmentBytes_; }
  [[nodiscard]] std::int64_t usedBytes() const { return usedSegments() * segmentBytes_; }
  [[nodiscard]] std::int64_t availableBytes() const { return availableSegments() * segmentBytes_; }
  /// What the tasks would use at most, in percent of what there is; above 100 they share.
  [[nodiscard]] std::int64_t requestedPercent() const {
    return sumOverWorkers("nettyShuffleMemorySegmentsRequested") * 100 /
           std::max<std::int64_t>(totalSegments(), 1);
  }
  [[nodiscard]] std::int64_t managedTotal() const { return memory_.managed; }
  [[nodiscard]] std::int64_t managedUsed() const { return sumOverWorkers("managedUsed"); }

  std::string host_;
  protocol::TaskManagerMemory memory_;
  std::int64_t segmentBytes_;
  metrics::MetricRegistry& registry_;
  std::function<std::map<std::string, std::int64_t>()> processFigures_;
  std::shared_ptr<metrics::MetricGroup> root_;
  mutable Mutex mutex_;
  std::map<JobId, Worker> workers_ FLINK_GUARDED_BY(mutex_);
  std::int64_t endedCpuNanos_ FLINK_GUARDED_BY(mutex_) = 0;  ///< of workers that are gone
};

/// The machine below this process.
[[nodiscard]] protocol::HardwareDescription readHardware(const TaskManagerSettings& settings);

}  // namespace flink::taskmanager
