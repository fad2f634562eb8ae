#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dataflow/checkpoint/plan.h"
#include "dataflow/checkpoint/types.h"

namespace flink::checkpoint {

/// What a subtask measured during a checkpoint; travels with its acknowledgement.
struct SubtaskMetrics {
  std::int64_t syncDurationMs = 0;
  std::int64_t asyncDurationMs = 0;
  std::int64_t alignmentDurationMs = 0;
  std::int64_t startDelayMs = 0;        ///< from the trigger to the first barrier
  std::uint64_t checkpointedBytes = 0;  ///< written for this checkpoint
  std::uint64_t stateBytes = 0;         ///< all that it refers to
  std::uint64_t processedBytes = 0;     ///< input during the alignment
  std::uint64_t persistedBytes = 0;     ///< in-flight data stored
  bool unaligned = false;
  friend bool operator==(const SubtaskMetrics&, const SubtaskMetrics&) = default;
};

struct SubtaskStatistics {
  std::int32_t subtask = 0;
  std::int64_t ackTimestampMs = 0;
  std::int64_t endToEndDurationMs = 0;  ///< from the trigger to the acknowledgement
  SubtaskMetrics metrics;
};

struct VertexStatistics {
  JobVertexId id;
  std::int32_t numSubtasks = 0;                            ///< that take part
  std::vector<std::optional<SubtaskStatistics>> subtasks;  ///< by number; absent: no answer (yet)
  std::int64_t latestAckTimestampMs = -1;
  std::int32_t numAcknowledged = 0;
};

enum class CheckpointStatus : std::uint8_t { kInProgress, kCompleted, kFailed };

/// One checkpoint, as REST and the console show it.
struct CheckpointStatistics {
  CheckpointId id = 0;
  SnapshotKind kind = SnapshotKind::kCheckpoint;
  CheckpointStatus status = CheckpointStatus::kInProgress;
  std::int64_t triggerTimestampMs = 0;
  std::int64_t latestAckTimestampMs = -1;
  /// From the trigger to the latest acknowledgement, -1 before there is one; of a failed one to its
  /// failure.
  std::int64_t endToEndDurationMs = -1;
  std::uint64_t checkpointedBytes = 0;
  std::uint64_t stateBytes = 0;
  std::uint64_t metadataBytes = 0;  ///< completed: size of its `_metadata`; 0 in memory
  std::uint64_t processedBytes = 0;
  std::uint64_t persistedBytes = 0;
  std::int32_t numSubtasks = 0;
  std::int32_t numAcknowledged = 0;
  std::vector<VertexStatistics> vertices;
  std::string externalPath;  ///< completed
  bool discarded = false;    ///< completed, and since subsumed
  std::int64_t failureTimestampMs = 0;
  std::string failureMessage;
};

/// Smallest, largest, mean and percentiles of a value over completed checkpoints.
struct ValueSummary {
  std::int64_t min = 0, max = 0, average = 0;
  double p50 = 0, p90 = 0, p95 = 0, p99 = 0, p999 = 0;
};
[[nodiscard]] ValueSummary summarize(std::vector<std::int64_t> values);

struct CheckpointCounts {
  std::int64_t restored = 0, total = 0, inProgress = 0, completed = 0, failed = 0;
};

struct RestoredStatistics {
  CheckpointId id = 0;
  SnapshotKind kind = SnapshotKind::kCheckpoint;
  std::int64_t restoreTimestampMs = 0;
  std::string externalPath;
  std::uint64_t stateBytes = 0;
};

/// Remembers how a job's checkpoints went: all counts, details of the latest ones.
/// Thread: one owner.
class CheckpointHistory {
 public:
  /// `limit`: web.checkpoints.history, details kept.
  explicit CheckpointHistory(std::size_t limit = 10) : limit_(limit) {}

  void started(CheckpointId id, SnapshotKind kind, std::int64_t nowMs,
               const CheckpointTopology& topology, const CheckpointPlan& plan);
  void acknowledged(CheckpointId id, const TaskPosition& task, const SubtaskMetrics& metrics,
                    std::int64_t nowMs);
  void completed(CheckpointId id, const std::string& path, std::uint64_t metadataBytes);
  void failed(CheckpointId id, const std::string& message, std::int64_t nowMs);
  /// One that failed before it had a number.
  void failedBeforeStart();
  void discarded(CheckpointId id);
  void restored(RestoredStatistics restored);

  [[nodiscard]] const CheckpointCounts& counts() const { return counts_; }
  /// Newest first, those in progress included.
  [[nodiscard]] std::vector<const CheckpointStatistics*> history() const;
  [[nodiscard]] const CheckpointStatistics* find(CheckpointId id) const;
  [[nodiscard]] const CheckpointStatistics* latestCompleted() const;
  [[nodiscard]] const CheckpointStatistics* latestSavepoint() const;
  [[nodiscard]] const CheckpointStatistics* latestFailed() const;
  /// The checkpoint or savepoint that was completed last.
  [[nodiscard]] const CheckpointStatistics* newestCompleted() const;
  [[nodiscard]] const std::optional<RestoredStatistics>& latestRestored() const {
    return restored_;
  }

  /// Over the completed ones of the last kSummaryWindow.
  struct Summary {
    ValueSummary checkpointedBytes, stateBytes, endToEndDurationMs, processedBytes, persistedBytes;
  };
  static constexpr std::size_t kSummaryWindow = 1000;
  [[nodiscard]] Summary summary() const;

 private:
  struct Sample {
    std::int64_t checkpointedBytes, stateBytes, durationMs, processedBytes, persistedBytes;
  };
  CheckpointStatistics* findMutable(CheckpointId id);
  void end(CheckpointStatistics& checkpoint, CheckpointStatus status);
  void forgetOldest();

  const std::size_t limit_;
  CheckpointCounts counts_;
  std::map<CheckpointId, CheckpointStatistics> checkpoints_;
  std::optional<CheckpointStatistics> latestCompleted_, latestSavepoint_, latestFailed_;
  std::optional<CheckpointId> newestCompleted_;
  std::optional<RestoredStatistics> restored_;
  std::deque<Sample> samples_;
};

}  // namespace flink::checkpoint
