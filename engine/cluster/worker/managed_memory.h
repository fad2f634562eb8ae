#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "cluster/protocol/job_graph.h"
#include "core/base/ids.h"
#include "dataflow/operators/operator_factory.h"

namespace flink::worker {

/// Deals out the managed memory of a job's slots: operators that use it and may come into one slot
/// together, whenever their tasks start, get equal parts; the others get none. Knows who has what.
/// Thread: the worker's loop.
class ManagedMemory {
 public:
  ManagedMemory(const protocol::JobGraph& graph, const operators::OperatorCatalog& catalog);

  /// What each operator of this task that uses managed memory may use of the `slotBytes` of its
  /// slot, until release().
  std::int64_t grant(const ExecutionAttemptId& attempt, std::int64_t slotBytes);
  void release(const ExecutionAttemptId& attempt) { granted_.erase(attempt); }
  /// What the operators of all tasks may use together.
  [[nodiscard]] std::int64_t used() const;

 private:
  struct Users {
    std::string group;
    int inVertex = 0;
  };
  std::map<JobVertexId, Users> vertices_;
  std::map<std::string, int> inGroup_;  // users by slot sharing group: a slot has one task of each
                                        // of its vertices at most
  std::map<ExecutionAttemptId, std::int64_t> granted_;
};

}  // namespace flink::worker
