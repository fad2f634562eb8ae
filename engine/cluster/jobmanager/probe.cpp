#include "cluster/jobmanager/probe.h"

#include <algorithm>
#include <numeric>

namespace flink::jobmanager {
namespace {

using protocol::ExecutionState;
using protocol::JobStatus;

std::size_t position(JobStatus status) {
  return static_cast<std::size_t>(status);
}

std::int64_t elapsed(std::int64_t sinceMs, const Clock& clock) {
  return sinceMs == 0 ? 0 : std::max<std::int64_t>(0, clock.wallMs() - sinceMs);
}

}  // namespace

ClusterProbe::ClusterProbe(metrics::MetricGroup& group) {
  group.gauge("numRegisteredTaskManagers", [f = figures_] { return f->taskManagers.load(); });
  group.gauge("numRunningJobs", [f = figures_] { return f->runningJobs.load(); });
  group.gauge("taskSlotsAvailable", [f = figures_] { return f->slotsAvailable.load(); });
  group.gauge("taskSlotsTotal", [f = figures_] { return f->slotsTotal.load(); });
}

JobProbe::JobProbe(metrics::MetricGroup& jobManager, const Clock& clock, const JobId& job,
                   const std::string& name)
    : group_(jobManager.scopedChild("job", {{"job_id", job.toHex()}, {"job_name", name}})) {
  const auto timeIn = [&](const std::string& metric, JobStatus status) {
    group_->gauge(metric, [f = figures_, &clock, status]() -> metrics::GaugeValue {
      return f->status.load() == status ? elapsed(f->sinceMs[position(status)], clock)
                                        : std::int64_t{0};
    });
  };
  timeIn("initializingTime", JobStatus::kInitializing);
  timeIn("createdTime", JobStatus::kCreated);
  timeIn("runningTime", JobStatus::kRunning);
  timeIn("restartingTime", JobStatus::kRestarting);
  timeIn("cancellingTime", JobStatus::kCancelling);
  timeIn("failingTime", JobStatus::kFailing);
  timeIn("uptime", JobStatus::kRunning);
  group_->gauge("deployingTime",
                [f = figures_, &clock] { return elapsed(f->deployingSinceMs, clock); });
  group_->gauge("allSubTasksRunningOrFinishedTime",
                [f = figures_, &clock] { return elapsed(f->allRunningSinceMs, clock); });
  group_->gauge("downtime", [f = figures_, &clock]() -> metrics::GaugeValue {
    const bool up = f->status.load() == JobStatus::kRunning;
    return up ? std::int64_t{0} : elapsed(f->sinceMs[position(JobStatus::kRunning)], clock);
  });
  // A failed task fails its job, and parallelism is fixed.
  group_->gauge("numRestarts",
                [f = figures_]() -> metrics::GaugeValue { return f->restarts.load(); });
  group_->gauge("numRescales", [] { return std::int64_t{0}; });
}

JobProbe::~JobProbe() {
  group_->close();
}

void JobProbe::status(JobStatus status, std::int64_t nowMs) {
  figures_->sinceMs[position(status)] = nowMs;
  figures_->status = status;
}

void JobProbe::tasks(const protocol::StateCounts& counts, std::int64_t nowMs) {
  const auto count = [&](ExecutionState state) { return counts[static_cast<std::size_t>(state)]; };
  const auto hold = [&](std::atomic<std::int64_t>& sinceMs, bool holds) {
    if (!holds) {
      sinceMs = 0;
    } else if (sinceMs == 0) {
      sinceMs = nowMs;
    }
  };
  const std::int32_t total = std::accumulate(counts.begin(), counts.end(), 0);
  hold(figures_->deployingSinceMs,
       count(ExecutionState::kDeploying) + count(ExecutionState::kInitializing) > 0);
  hold(figures_->allRunningSinceMs,
       count(ExecutionState::kRunning) + count(ExecutionState::kFinished) == total);
}

}  // namespace flink::jobmanager
