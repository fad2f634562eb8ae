#pragma once

#include "dataflow/graph/stream_graph.h"

namespace flink::graph {

/// True when the edge's two operators run in one task, records passing by call. Rules: the target
/// has this one input edge; chaining is enabled; same slot sharing group, same parallelism;
/// FORWARD; the source is not kNever and the target is kAlways; a yielding target has no legacy
/// source at the head of its chain. Maximum parallelisms may differ unless the graph says
/// otherwise.
class ChainingRules {
 public:
  explicit ChainingRules(const StreamGraph& graph);
  [[nodiscard]] bool isChainable(const StreamEdge& edge) const;
  [[nodiscard]] const std::map<std::int32_t, std::string>& slotSharingGroups() const {
    return groups_;
  }

 private:
  [[nodiscard]] bool startsWithLegacySource(std::int32_t id) const;

  const StreamGraph& graph_;
  std::map<std::int32_t, std::string> groups_;
};

}  // namespace flink::graph
