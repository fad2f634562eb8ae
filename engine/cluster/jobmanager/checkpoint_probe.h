#pragma once

#include <cstdint>
#include <memory>

#include "core/metrics/registry.h"
#include "dataflow/checkpoint/statistics.h"

namespace flink::jobmanager {

/// Flink's checkpoint metrics of one job: numberOfCompletedCheckpoints, lastCheckpointDuration, ...
/// They vanish with the job's group. Thread: the JobManager's event loop.
class CheckpointProbe {
 public:
  /// `job` has the scope jobmanager.job.
  explicit CheckpointProbe(metrics::MetricGroup& job);
  /// The job's tasks begin with their state, or without any.
  void initializing(std::int64_t nowMs);
  void show(const checkpoint::CheckpointHistory& history);

 private:
  struct Figures;
  // Shared with the gauges, which reporters read on their own threads.
  std::shared_ptr<Figures> figures_;
};

}  // namespace flink::jobmanager
