#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "cluster/protocol/cluster_view.h"
#include "core/base/clock.h"
#include "core/metrics/registry.h"

/// Metrics of the JobManager under Flink's names: `flink_jobmanager_...` and
/// `flink_jobmanager_job_...`.
namespace flink::jobmanager {

/// numRegisteredTaskManagers, numRunningJobs, taskSlotsAvailable, taskSlotsTotal.
class ClusterProbe {
 public:
  explicit ClusterProbe(metrics::MetricGroup& group);
  void taskManagers(std::int64_t count) { figures_->taskManagers = count; }
  void runningJobs(std::int64_t count) { figures_->runningJobs = count; }
  void slots(std::int64_t available, std::int64_t total) {
    figures_->slotsAvailable = available;
    figures_->slotsTotal = total;
  }

 private:
  // Shared with the gauges, which reporters read on their own threads.
  struct Figures {
    std::atomic<std::int64_t> taskManagers{0}, runningJobs{0}, slotsAvailable{0}, slotsTotal{0};
  };
  std::shared_ptr<Figures> figures_ = std::make_shared<Figures>();
};

/// uptime, downtime, <state>Time, numRestarts, ... of one job; they vanish with the probe.
class JobProbe {
 public:
  JobProbe(metrics::MetricGroup& jobManager, const Clock& clock, const JobId& job,
           const std::string& name);
  ~JobProbe();
  JobProbe(const JobProbe&) = delete;
  JobProbe& operator=(const JobProbe&) = delete;

  void status(protocol::JobStatus status, std::int64_t nowMs);
  void restarts(std::int64_t count) { figures_->restarts = count; }
  /// How many tasks are being deployed, and how many are running or finished.
  void tasks(const protocol::StateCounts& counts, std::int64_t nowMs);

 private:
  struct Figures {
    std::atomic<protocol::JobStatus> status{protocol::JobStatus::kInitializing};
    std::array<std::atomic<std::int64_t>, protocol::kNumJobStatuses> sinceMs{};
    std::atomic<std::int64_t> restarts{0};
    std::atomic<std::int64_t> deployingSinceMs{0};   ///< 0: no task is being deployed
    std::atomic<std::int64_t> allRunningSinceMs{0};  ///< 0: some task neither runs nor has finished
  };
  std::shared_ptr<Figures> figures_ = std::make_shared<Figures>();
  std::shared_ptr<metrics::MetricGroup> group_;
};

}  // namespace flink::jobmanager
