#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace flink::task {

/// Decides when the barriers of a checkpoint have come in on every channel of a task.
/// Exactly once: a channel that has delivered its barrier is blocked until all others have, so only
/// one checkpoint can be under way; a newer barrier ends it. At least once: nothing is blocked, and
/// several may be under way. A channel that ended counts as one that delivered. Barriers and
/// cancellations of checkpoints that are over, or older than one that is under way, are ignored.
/// Source of the rules: Flink's CheckpointBarrierTracker and SingleCheckpointBarrierHandler.
/// Thread: the task's step.
class BarrierAligner {
 public:
  using CheckpointId = std::uint64_t;

  BarrierAligner(std::size_t numChannels, bool exactlyOnce)
      : exactlyOnce_(exactlyOnce), ended_(numChannels, false), numOpen_(numChannels) {}

  /// What the caller has to do, in this order.
  struct Decision {
    std::vector<CheckpointId> aborted;     ///< will not be completed here: tell, and pass it on
    bool unblockAll = false;               ///< let every channel go on
    bool blockChannel = false;             ///< the one that the event came from
    std::optional<CheckpointId> complete;  ///< take the snapshot
  };
  Decision onBarrier(std::size_t channel, CheckpointId id);
  /// The producer took no snapshot for this checkpoint.
  Decision onCancel(CheckpointId id);
  Decision onChannelEnded(std::size_t channel);
  /// The checkpoint was aborted elsewhere.
  Decision onAborted(CheckpointId id) { return onCancel(id); }

  [[nodiscard]] bool isAligning() const { return !pending_.empty(); }

 private:
  void finish(CheckpointId id, Decision& decision);
  /// Drops what is older than `id`.
  void abortOlder(CheckpointId id, Decision& decision);

  const bool exactlyOnce_;
  std::vector<bool> ended_;
  std::size_t numOpen_;
  std::map<CheckpointId, std::set<std::size_t>> pending_;  ///< open channels that delivered
  std::set<CheckpointId> cancelled_;                       ///< newer than over_, at least once only
  CheckpointId over_ = 0;  ///< this one and all older ones are completed or aborted
};

}  // namespace flink::task
