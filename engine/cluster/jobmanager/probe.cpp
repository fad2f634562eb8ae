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
                   const std::string& name, const StateTimes& times)
    : group_(jobManager.scopedChild("job", {{"job_id", job.toHex()}, {"job_name", name}})) {
  for (const auto& [word, status] :
       {std::pair{"initializing", JobStatus::kInitializing},
        std::pair{"created", JobStatus::kCreated}, std::pair{"running", JobStatus::kRunning},
        std::pair{"restarting", JobStatus::kRestarting},
        std::pair{"cancelling", JobStatus::kCancelling},
        std::pair{"failing", JobStatus::kFailing}}) {
    addTimes(
        word, [at = position(status)](Figures& f) -> State& { return f.statuses[at]; }, times,
        clock);
  }
  addTimes(
      "deploying", [](Figures& f) -> State& { return f.deploying; }, times, clock);
  addTimes(
      "allSubTasksRunningOrFinished", [](Figures& f) -> State& { return f.allRunning; }, times,
      clock);
  group_->gauge("uptime", [f = figures_, &clock] {
    return elapsed(f->statuses[position(JobStatus::kRunning)].sinceMs, clock);
  });
  group_->gauge("downtime", [f = figures_, &clock]() -> metrics::GaugeValue {
    return f->failingMs > f->runningMs ? elapsed(f->failingMs, clock) : std::int64_t{0};
  });
  group_->gauge("numRestarts",
                [f = figures_]() -> metrics::GaugeValue { return f->restarts.load(); });
  // Parallelism is fixed.
  group_->gauge("numRescales", [] { return std::int64_t{0}; });
}

void JobProbe::addTimes(const std::string& name, std::function<State&(Figures&)> state,
                        const StateTimes& times, const Clock& clock) {
  const auto lasting = [f = figures_, state, &clock] { return elapsed(state(*f).sinceMs, clock); };
  if (times.isIn) {
    group_->gauge(name + "State", [f = figures_, state]() -> metrics::GaugeValue {
      return std::int64_t{state(*f).sinceMs != 0};
    });
  }
  if (times.current) group_->gauge(name + "Time", lasting);
  if (times.total) {
    group_->gauge(name + "TimeTotal", [f = figures_, state, lasting]() -> metrics::GaugeValue {
      return state(*f).beforeMs + lasting();
    });
  }
}

void JobProbe::State::set(bool lasts, std::int64_t nowMs) {
  const std::int64_t since = sinceMs;
  if (lasts == (since != 0)) return;
  if (!lasts) beforeMs += std::max<std::int64_t>(0, nowMs - since);
  sinceMs = lasts ? nowMs : 0;
}

JobProbe::~JobProbe() {
  group_->close();
}

void JobProbe::status(JobStatus status, std::int64_t nowMs) {
  for (std::size_t i = 0; i < figures_->statuses.size(); ++i)
    figures_->statuses[i].set(i == position(status), nowMs);
  if (status == JobStatus::kRunning) figures_->runningMs = nowMs;
  if (status == JobStatus::kFailing) figures_->failingMs = nowMs;
}

void JobProbe::tasks(const protocol::StateCounts& counts, std::int64_t nowMs) {
  const auto count = [&](ExecutionState state) { return counts[static_cast<std::size_t>(state)]; };
  const std::int32_t total = std::accumulate(counts.begin(), counts.end(), 0);
  figures_->deploying.set(
      count(ExecutionState::kDeploying) + count(ExecutionState::kInitializing) > 0, nowMs);
  figures_->allRunning.set(
      count(ExecutionState::kRunning) + count(ExecutionState::kFinished) == total, nowMs);
}

}  // namespace flink::jobmanager
