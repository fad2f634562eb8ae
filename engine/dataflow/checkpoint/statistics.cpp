#include "dataflow/checkpoint/statistics.h"

#include <algorithm>
#include <numeric>

#include "core/base/check.h"
#include "core/metrics/quantile.h"

namespace flink::checkpoint {
namespace {

std::int64_t toSigned(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

}  // namespace

ValueSummary summarize(std::vector<std::int64_t> values) {
  ValueSummary summary;
  if (values.empty()) return summary;
  std::sort(values.begin(), values.end());
  summary.min = values.front();
  summary.max = values.back();
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  summary.average = static_cast<std::int64_t>(sum / static_cast<double>(values.size()));
  summary.p50 = metrics::quantile(values, 0.5);
  summary.p90 = metrics::quantile(values, 0.9);
  summary.p95 = metrics::quantile(values, 0.95);
  summary.p99 = metrics::quantile(values, 0.99);
  summary.p999 = metrics::quantile(values, 0.999);
  return summary;
}

CheckpointStatistics* CheckpointHistory::findMutable(CheckpointId id) {
  const auto it = checkpoints_.find(id);
  return it == checkpoints_.end() ? nullptr : &it->second;
}

void CheckpointHistory::started(CheckpointId id, SnapshotKind kind, std::int64_t nowMs,
                                const CheckpointTopology& topology, const CheckpointPlan& plan) {
  CheckpointStatistics checkpoint;
  checkpoint.id = id;
  checkpoint.kind = kind;
  checkpoint.triggerTimestampMs = nowMs;
  checkpoint.numSubtasks = static_cast<std::int32_t>(plan.toWaitFor.size());
  for (const CheckpointTopology::Vertex& vertex : topology.vertices) {
    VertexStatistics part;
    part.id = vertex.id;
    part.subtasks.resize(static_cast<std::size_t>(vertex.parallelism));
    checkpoint.vertices.push_back(std::move(part));
  }
  for (const TaskPosition& task : plan.toWaitFor) ++checkpoint.vertices[task.vertex].numSubtasks;
  checkpoints_.insert_or_assign(id, std::move(checkpoint));
  ++counts_.total;
  ++counts_.inProgress;
  forgetOldest();
}

void CheckpointHistory::acknowledged(CheckpointId id, const TaskPosition& task,
                                     const SubtaskMetrics& metrics, std::int64_t nowMs) {
  CheckpointStatistics* checkpoint = findMutable(id);
  if (checkpoint == nullptr) return;
  VertexStatistics& vertex = checkpoint->vertices[task.vertex];
  std::optional<SubtaskStatistics>& subtask =
      vertex.subtasks[static_cast<std::size_t>(task.subtask)];
  if (subtask.has_value()) return;
  const std::int64_t durationMs = std::max<std::int64_t>(0, nowMs - checkpoint->triggerTimestampMs);
  subtask = {task.subtask, nowMs, durationMs, metrics};
  ++vertex.numAcknowledged;
  vertex.latestAckTimestampMs = std::max(vertex.latestAckTimestampMs, nowMs);
  ++checkpoint->numAcknowledged;
  checkpoint->latestAckTimestampMs = std::max(checkpoint->latestAckTimestampMs, nowMs);
  if (checkpoint->status == CheckpointStatus::kInProgress)
    checkpoint->endToEndDurationMs = std::max(checkpoint->endToEndDurationMs, durationMs);
  checkpoint->checkpointedBytes += metrics.checkpointedBytes;
  checkpoint->stateBytes += metrics.stateBytes;
  checkpoint->processedBytes += metrics.processedBytes;
  checkpoint->persistedBytes += metrics.persistedBytes;
}

void CheckpointHistory::end(CheckpointStatistics& checkpoint, CheckpointStatus status) {
  FLINK_CHECK(checkpoint.status == CheckpointStatus::kInProgress, "a checkpoint ends once");
  checkpoint.status = status;
  --counts_.inProgress;
}

void CheckpointHistory::completed(CheckpointId id, const std::string& path,
                                  std::uint64_t metadataBytes) {
  CheckpointStatistics* checkpoint = findMutable(id);
  FLINK_CHECK(checkpoint != nullptr, "a checkpoint in progress is remembered");
  end(*checkpoint, CheckpointStatus::kCompleted);
  ++counts_.completed;
  checkpoint->externalPath = path;
  checkpoint->metadataBytes = metadataBytes;
  newestCompleted_ = id;
  (isSavepoint(checkpoint->kind) ? latestSavepoint_ : latestCompleted_) = *checkpoint;
  samples_.push_back({toSigned(checkpoint->checkpointedBytes), toSigned(checkpoint->stateBytes),
                      checkpoint->endToEndDurationMs, toSigned(checkpoint->processedBytes),
                      toSigned(checkpoint->persistedBytes)});
  if (samples_.size() > kSummaryWindow) samples_.pop_front();
  forgetOldest();
}

void CheckpointHistory::failed(CheckpointId id, const std::string& message, std::int64_t nowMs) {
  CheckpointStatistics* checkpoint = findMutable(id);
  FLINK_CHECK(checkpoint != nullptr, "a checkpoint in progress is remembered");
  end(*checkpoint, CheckpointStatus::kFailed);
  ++counts_.failed;
  checkpoint->endToEndDurationMs =
      std::max<std::int64_t>(0, nowMs - checkpoint->triggerTimestampMs);
  checkpoint->failureTimestampMs = nowMs;
  checkpoint->failureMessage = message;
  latestFailed_ = *checkpoint;
  forgetOldest();
}

void CheckpointHistory::failedBeforeStart() {
  ++counts_.total;
  ++counts_.failed;
}

void CheckpointHistory::discarded(CheckpointId id) {
  if (CheckpointStatistics* checkpoint = findMutable(id)) checkpoint->discarded = true;
  for (std::optional<CheckpointStatistics>* latest : {&latestCompleted_, &latestSavepoint_}) {
    if (latest->has_value() && (*latest)->id == id) (*latest)->discarded = true;
  }
}

void CheckpointHistory::restored(RestoredStatistics restored) {
  ++counts_.restored;
  restored_ = std::move(restored);
}

void CheckpointHistory::forgetOldest() {
  // What is in progress stays whatever the limit: there are few.
  std::size_t numEnded = checkpoints_.size() - static_cast<std::size_t>(counts_.inProgress);
  for (auto it = checkpoints_.begin(); it != checkpoints_.end() && numEnded > limit_;) {
    if (it->second.status == CheckpointStatus::kInProgress) {
      ++it;
      continue;
    }
    it = checkpoints_.erase(it);
    --numEnded;
  }
}

std::vector<const CheckpointStatistics*> CheckpointHistory::history() const {
  std::vector<const CheckpointStatistics*> newestFirst;
  for (auto it = checkpoints_.rbegin(); it != checkpoints_.rend(); ++it)
    newestFirst.push_back(&it->second);
  return newestFirst;
}

const CheckpointStatistics* CheckpointHistory::find(CheckpointId id) const {
  if (const auto it = checkpoints_.find(id); it != checkpoints_.end()) return &it->second;
  for (const auto* latest : {&latestCompleted_, &latestSavepoint_, &latestFailed_}) {
    if (latest->has_value() && (*latest)->id == id) return &**latest;
  }
  return nullptr;
}

const CheckpointStatistics* CheckpointHistory::latestCompleted() const {
  return latestCompleted_.has_value() ? &*latestCompleted_ : nullptr;
}
const CheckpointStatistics* CheckpointHistory::latestSavepoint() const {
  return latestSavepoint_.has_value() ? &*latestSavepoint_ : nullptr;
}
const CheckpointStatistics* CheckpointHistory::latestFailed() const {
  return latestFailed_.has_value() ? &*latestFailed_ : nullptr;
}
const CheckpointStatistics* CheckpointHistory::newestCompleted() const {
  return newestCompleted_.has_value() ? find(*newestCompleted_) : nullptr;
}

CheckpointHistory::Summary CheckpointHistory::summary() const {
  const auto over = [&](std::int64_t Sample::*member) {
    std::vector<std::int64_t> values;
    for (const Sample& sample : samples_) values.push_back(sample.*member);
    return summarize(std::move(values));
  };
  return {over(&Sample::checkpointedBytes), over(&Sample::stateBytes), over(&Sample::durationMs),
          over(&Sample::processedBytes), over(&Sample::persistedBytes)};
}

}  // namespace flink::checkpoint
