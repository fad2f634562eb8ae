#pragma once

#include <cstdint>

#include "cluster/protocol/job_graph.h"

namespace flink::scheduler {

/// True for edges that connect each subtask with only a few of the other side (FORWARD, RESCALE).
[[nodiscard]] bool isPointwise(protocol::ShipStrategy strategy);

/// Subtasks [first, first + count).
struct SubtaskRange {
  std::int32_t first = 0;
  std::int32_t count = 0;
  friend bool operator==(const SubtaskRange&, const SubtaskRange&) = default;
};

/// Which subtasks of an edge's two sides are connected (Flink's pointwise distribution, or all with
/// all). Invariant: producer p is in producersOf(c) exactly when c is in consumersOf(p); c reads
/// the subpartition subpartitionOf(p, c) of p, which no other consumer does.
class EdgeWiring {
 public:
  /// REQUIRES: producers > 0, consumers > 0.
  EdgeWiring(protocol::ShipStrategy strategy, std::int32_t producers, std::int32_t consumers);

  [[nodiscard]] bool pointwise() const { return pointwise_; }
  [[nodiscard]] SubtaskRange producersOf(std::int32_t consumer) const;
  [[nodiscard]] SubtaskRange consumersOf(std::int32_t producer) const;
  /// Flink's: the consumer's number modulo the producer's consumers, so not always in their order.
  [[nodiscard]] std::int32_t subpartitionOf(std::int32_t producer, std::int32_t consumer) const;

 private:
  bool pointwise_;
  std::int32_t producers_;
  std::int32_t consumers_;
};

}  // namespace flink::scheduler
