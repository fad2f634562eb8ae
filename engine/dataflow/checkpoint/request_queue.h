#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataflow/checkpoint/types.h"

namespace flink::checkpoint {

/// Chosen by whoever asks for a checkpoint or savepoint; the answer carries it.
enum class RequestId : std::uint64_t {};

struct TriggerRequest {
  std::optional<RequestId> request;  ///< absent: nobody waits for an answer
  SnapshotKind kind = SnapshotKind::kCheckpoint;
  std::string target;  ///< savepoints: the directory for its folder
  bool periodic = false;
  /// Savepoints may overlap with checkpoints, whatever max-concurrent-checkpoints says.
  [[nodiscard]] bool forced() const { return isSavepoint(kind); }
};

/// Holds requests until they may start: savepoints first, then what users asked for, then the
/// periodic one, of which there is at most one.
class RequestQueue {
 public:
  static constexpr std::size_t kMaxRequests = 1000;

  /// False when it is full; the request is then refused.
  [[nodiscard]] bool add(TriggerRequest request);

  struct Facts {
    bool triggering = false;  ///< another one is between its start and its barriers
    std::int32_t numPending = 0;
    std::int32_t maxConcurrent = 1;
    std::int64_t nowMs = 0;
    std::int64_t minPauseMs = 0;
    std::optional<std::int64_t> lastCompletionMs;
  };
  struct Choice {
    std::optional<TriggerRequest> start;
    /// A periodic request came too early and was dropped; the next is due at this time.
    std::optional<std::int64_t> reschedulePeriodicMs;
  };
  [[nodiscard]] Choice choose(const Facts& facts);

  [[nodiscard]] std::vector<TriggerRequest> takeAll();
  [[nodiscard]] std::size_t size() const { return requests_.size(); }

 private:
  std::vector<TriggerRequest> requests_;  // best first
};

}  // namespace flink::checkpoint
