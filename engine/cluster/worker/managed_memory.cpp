#include "cluster/worker/managed_memory.h"

namespace flink::worker {

ManagedMemory::ManagedMemory(const protocol::JobGraph& graph,
                             const operators::OperatorCatalog& catalog) {
  const bool batch = graph.type == protocol::JobType::kBatch;
  for (const auto& vertex : graph.vertices) {
    Users& users = vertices_[vertex.id];
    users.group = vertex.slotSharingGroup;
    for (const auto& op : vertex.operators) {
      const auto* factory = catalog.operatorFactory(op.streamNodeId);
      if (factory != nullptr && factory->usesManagedMemory(batch)) ++users.inVertex;
    }
    inGroup_[users.group] += users.inVertex;
  }
}

std::int64_t ManagedMemory::grant(const ExecutionAttemptId& attempt, std::int64_t slotBytes) {
  const auto found = vertices_.find(attempt.vertex);
  if (found == vertices_.end() || found->second.inVertex == 0) return 0;
  const std::int64_t part = slotBytes / inGroup_.at(found->second.group);
  granted_[attempt] = part * found->second.inVertex;
  return part;
}

std::int64_t ManagedMemory::used() const {
  std::int64_t sum = 0;
  for (const auto& entry : granted_) sum += entry.second;
  return sum;
}

}  // namespace flink::worker
