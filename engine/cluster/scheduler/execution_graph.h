#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/protocol/cluster_view.h"
#include "cluster/scheduler/pipelined_regions.h"
#include "cluster/scheduler/slot_sharing.h"
#include "cluster/scheduler/topology.h"

namespace flink::scheduler {

/// The slot that a subtask was given.
struct SlotAssignment {
  AllocationId allocation;
  std::int32_t slot = 0;  ///< index on the TaskManager
  protocol::PartitionLocation location;
  protocol::ResourceProfile resource;  ///< what the slot has of the TaskManager
};

/// One attempt at running one subtask. Its states and their legal moves: state_moves.h.
struct Execution {
  ExecutionAttemptId id;
  protocol::ExecutionState state = protocol::ExecutionState::kCreated;
  std::array<std::int64_t, protocol::kNumExecutionStates> timestampsMs{};
  std::optional<SlotAssignment> slot;
  protocol::TaskIoMetrics io;
  bool ioReported = false;
  std::map<std::string, std::string> metrics;       ///< REST id → value, while it runs
  std::map<std::string, std::string> accumulators;  ///< final
  std::optional<protocol::FailureInfo> failure;
};

/// A job as its subtasks' attempts: which state each is in, where it runs, what it has done so far.
/// Thread: one owner. Ownership: owns topology, regions and slot sharing.
class ExecutionGraph {
 public:
  /// REQUIRES: validateJobGraph(*graph).
  ExecutionGraph(std::shared_ptr<const protocol::JobGraph> graph, std::int64_t nowMs);

  [[nodiscard]] const Topology& topology() const { return *topology_; }
  [[nodiscard]] const PipelinedRegions& regions() const { return *regions_; }
  [[nodiscard]] const SlotSharing& slotSharing() const { return *slotSharing_; }

  [[nodiscard]] const Execution& execution(TaskIndex task) const { return at(task); }
  /// The subtask whose current attempt this is.
  [[nodiscard]] std::optional<TaskIndex> find(const ExecutionAttemptId& attempt) const;
  /// "Map -> Sink (2/4) - execution #0", as failures name a subtask.
  [[nodiscard]] std::string taskName(TaskIndex task) const;

  /// REQUIRES: isLegalMove(state, to); checked.
  void move(TaskIndex task, protocol::ExecutionState to, std::int64_t nowMs);
  /// Gives the subtask a new attempt, in CREATED. REQUIRES: its current one has ended.
  void restart(TaskIndex task, std::int64_t nowMs);
  void assign(TaskIndex task, SlotAssignment slot) { at(task).slot = std::move(slot); }
  void setFailure(TaskIndex task, protocol::FailureInfo failure) {
    at(task).failure = std::move(failure);
  }
  /// Takes the figures of a running or just ended attempt.
  void report(TaskIndex task, const protocol::TaskIoMetrics& io,
              std::map<std::string, std::string> metrics);
  void setAccumulators(TaskIndex task, std::map<std::string, std::string> accumulators);

  [[nodiscard]] const protocol::StateCounts& counts() const { return counts_; }
  [[nodiscard]] std::int32_t count(protocol::ExecutionState state) const {
    return counts_[static_cast<std::size_t>(state)];
  }
  [[nodiscard]] bool allFinished() const;
  [[nodiscard]] bool allTerminal() const;
  [[nodiscard]] std::int64_t lastModificationMs() const { return lastModificationMs_; }
  /// Tasks that are not terminal, in their order.
  [[nodiscard]] std::vector<TaskIndex> unfinishedTasks() const;

  /// What clients see of the vertices.
  [[nodiscard]] std::vector<protocol::VertexView> view() const;
  /// All subtasks' accumulators, merged by name: numbers are summed, of texts the last subtask's
  /// stays.
  [[nodiscard]] std::map<std::string, std::string> mergedAccumulators() const;

 private:
  [[nodiscard]] Execution& at(TaskIndex task) {
    return executions_[static_cast<std::size_t>(task)];
  }
  [[nodiscard]] const Execution& at(TaskIndex task) const {
    return executions_[static_cast<std::size_t>(task)];
  }

  // On the heap: regions and slot sharing refer to the topology, and a graph can be moved.
  std::unique_ptr<const Topology> topology_;
  std::unique_ptr<const PipelinedRegions> regions_;
  std::unique_ptr<const SlotSharing> slotSharing_;
  std::vector<Execution> executions_;  // by task
  protocol::StateCounts counts_{};
  std::int64_t lastModificationMs_ = 0;
};

}  // namespace flink::scheduler
