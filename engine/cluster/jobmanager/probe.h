#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
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

/// What is told of each state that a job goes through (metrics.job.status.enable).
struct StateTimes {
  bool isIn = false;    ///< <state>State: 1 while it lasts
  bool current = true;  ///< <state>Time: how long it has lasted, 0 otherwise
  bool total = false;   ///< <state>TimeTotal: also the earlier times
};

/// uptime, downtime, times of states, numRestarts, ... of one job; they vanish with the probe.
class JobProbe {
 public:
  JobProbe(metrics::MetricGroup& jobManager, const Clock& clock, const JobId& job,
           const std::string& name, const StateTimes& times = {});
  ~JobProbe();
  JobProbe(const JobProbe&) = delete;
  JobProbe& operator=(const JobProbe&) = delete;

  void status(protocol::JobStatus status, std::int64_t nowMs);
  void restarts(std::int64_t count) { figures_->restarts = count; }
  /// For further metrics of the job.
  [[nodiscard]] metrics::MetricGroup& group() { return *group_; }
  /// How many tasks are being deployed, and how many are running or finished.
  void tasks(const protocol::StateCounts& counts, std::int64_t nowMs);

 private:
  /// A state that comes and goes.
  struct State {
    std::atomic<std::int64_t> sinceMs{0};  ///< 0: it does not last
    std::atomic<std::int64_t> beforeMs{0};
    void set(bool lasts, std::int64_t nowMs);
  };
  struct Figures {
    std::array<State, protocol::kNumJobStatuses> statuses;
    State deploying;                                       ///< some task is being deployed
    State allRunning;                                      ///< every task runs or has finished
    std::atomic<std::int64_t> failingMs{0}, runningMs{0};  ///< when it began last
    std::atomic<std::int64_t> restarts{0};
  };
  void addTimes(const std::string& name, std::function<State&(Figures&)> state,
                const StateTimes& times, const Clock& clock);
  std::shared_ptr<Figures> figures_ = std::make_shared<Figures>();
  std::shared_ptr<metrics::MetricGroup> group_;
};

}  // namespace flink::jobmanager
