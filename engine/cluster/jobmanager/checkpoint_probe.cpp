#include "cluster/jobmanager/checkpoint_probe.h"

#include <optional>
#include <string>

#include "core/base/mutex.h"

namespace flink::jobmanager {
namespace {

using checkpoint::CheckpointStatistics;

struct Values {
  checkpoint::CheckpointCounts counts;
  /// The checkpoint or savepoint that was completed last.
  std::optional<CheckpointStatistics> last;
  std::int64_t initializedMs = -1;
};

/// -1 while there is none, as Flink has it.
template <auto kFigure>
std::int64_t ofLast(const Values& values) {
  return values.last ? static_cast<std::int64_t>((*values.last).*kFigure) : -1;
}

std::string pathOfLast(const Values& values) {
  return values.last && !values.last->externalPath.empty() ? values.last->externalPath : "n/a";
}

}  // namespace

struct CheckpointProbe::Figures {
  Mutex mutex;
  Values values FLINK_GUARDED_BY(mutex);
};

CheckpointProbe::CheckpointProbe(metrics::MetricGroup& job)
    : figures_(std::make_shared<Figures>()) {
  const auto show = [&](const char* name, auto read) {
    job.gauge(name, [figures = figures_, read]() -> metrics::GaugeValue {
      const MutexLock lock(figures->mutex);
      return read(figures->values);
    });
  };
  show("totalNumberOfCheckpoints", [](const Values& v) { return v.counts.total; });
  show("numberOfInProgressCheckpoints", [](const Values& v) { return v.counts.inProgress; });
  show("numberOfCompletedCheckpoints", [](const Values& v) { return v.counts.completed; });
  show("numberOfFailedCheckpoints", [](const Values& v) { return v.counts.failed; });
  show("lastCheckpointRestoreTimestamp", [](const Values& v) { return v.initializedMs; });
  show("lastCheckpointSize", ofLast<&CheckpointStatistics::checkpointedBytes>);
  show("lastCheckpointFullSize", ofLast<&CheckpointStatistics::stateBytes>);
  show("lastCheckpointMetadataSize", ofLast<&CheckpointStatistics::metadataBytes>);
  show("lastCheckpointDuration", ofLast<&CheckpointStatistics::endToEndDurationMs>);
  show("lastCheckpointProcessedData", ofLast<&CheckpointStatistics::processedBytes>);
  show("lastCheckpointPersistedData", ofLast<&CheckpointStatistics::persistedBytes>);
  show("lastCheckpointExternalPath", pathOfLast);
  show("lastCompletedCheckpointId", ofLast<&CheckpointStatistics::id>);
  show("lastCheckpointCompletedTimestamp", ofLast<&CheckpointStatistics::latestAckTimestampMs>);
}

void CheckpointProbe::initializing(std::int64_t nowMs) {
  const MutexLock lock(figures_->mutex);
  figures_->values.initializedMs = nowMs;
}

void CheckpointProbe::show(const checkpoint::CheckpointHistory& history) {
  const MutexLock lock(figures_->mutex);
  Values& values = figures_->values;
  values.counts = history.counts();
  const CheckpointStatistics* completed = history.newestCompleted();
  if (completed == nullptr || (values.last && values.last->id == completed->id)) return;
  values.last = *completed;
  values.last->vertices.clear();
}

}  // namespace flink::jobmanager
