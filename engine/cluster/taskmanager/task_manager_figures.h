#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cluster/protocol/messages.h"
#include "cluster/taskmanager/slot_table.h"
#include "cluster/taskmanager/task_manager_settings.h"
#include "core/base/mutex.h"
#include "core/metrics/registry.h"

namespace flink::taskmanager {

/// Adds up what the supervisor and its workers use, for heartbeats, REST and reporters.
/// Thread: safe from any thread.
class TaskManagerFigures {
 public:
  TaskManagerFigures(const TaskManagerSettings& settings, metrics::MetricRegistry& registry);
  ~TaskManagerFigures();

  /// Registers the metrics below host and tm_id.
  void start(const TaskManagerId& id);
  void setSlots(int total, int free);
  void setReport(const JobId& job, const protocol::WorkerReportRequest& report);
  void dropReport(const JobId& job);

  /// Current figures under their REST names (heapUsed, nettyShuffleMemorySegmentsTotal, ...).
  [[nodiscard]] std::map<std::string, std::int64_t> restMetrics() const;
  /// Everything of the supervisor's registry and of the workers' last reports.
  [[nodiscard]] std::vector<metrics::MetricSample> collect();

 private:
  /// A figure summed over the workers, by its name in WorkerReportRequest::memory.
  [[nodiscard]] std::int64_t sum(const std::string& name) const;

  struct Worker {
    std::vector<metrics::MetricSample> samples;
    std::map<std::string, std::int64_t> memory;
  };
  std::int64_t totalSegments_, segmentBytes_, managedBytes_;
  protocol::TaskManagerMemory memory_;
  std::string host_;
  metrics::MetricRegistry& registry_;
  std::shared_ptr<metrics::MetricGroup> root_;
  mutable Mutex mutex_;
  std::map<JobId, Worker> workers_ FLINK_GUARDED_BY(mutex_);
  int slotsTotal_ FLINK_GUARDED_BY(mutex_) = 0;
  int slotsFree_ FLINK_GUARDED_BY(mutex_) = 0;
};

}  // namespace flink::taskmanager
