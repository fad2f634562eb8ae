#include "cluster/scheduler/edge_wiring.h"

#include "core/base/check.h"

namespace flink::scheduler {
namespace {

/// Splits `total` items over `parts`; part i gets [i*total/parts, (i+1)*total/parts).
SubtaskRange floorShare(std::int64_t part, std::int64_t parts, std::int64_t total) {
  const std::int64_t first = part * total / parts;
  const std::int64_t end = (part + 1) * total / parts;
  return {static_cast<std::int32_t>(first), static_cast<std::int32_t>(end - first)};
}

/// The same with rounding up: the inverse of `item * parts / total`.
SubtaskRange ceilingShare(std::int64_t part, std::int64_t parts, std::int64_t total) {
  const std::int64_t first = (part * total + parts - 1) / parts;
  const std::int64_t end = ((part + 1) * total + parts - 1) / parts;
  return {static_cast<std::int32_t>(first), static_cast<std::int32_t>(end - first)};
}

/// The part of floorShare that `item` lies in.
std::int32_t floorPartOf(std::int64_t item, std::int64_t parts, std::int64_t total) {
  return static_cast<std::int32_t>(((item + 1) * parts - 1) / total);
}

}  // namespace

bool isPointwise(protocol::ShipStrategy strategy) {
  return strategy == protocol::ShipStrategy::kForward ||
         strategy == protocol::ShipStrategy::kRescale;
}

EdgeWiring::EdgeWiring(protocol::ShipStrategy strategy, std::int32_t producers,
                       std::int32_t consumers)
    : pointwise_(isPointwise(strategy)), producers_(producers), consumers_(consumers) {
  FLINK_CHECK(producers > 0 && consumers > 0, "an edge needs subtasks on both sides");
}

SubtaskRange EdgeWiring::producersOf(std::int32_t consumer) const {
  if (!pointwise_) return {0, producers_};
  if (producers_ >= consumers_) return floorShare(consumer, consumers_, producers_);
  return {static_cast<std::int32_t>(std::int64_t{consumer} * producers_ / consumers_), 1};
}

SubtaskRange EdgeWiring::consumersOf(std::int32_t producer) const {
  if (!pointwise_) return {0, consumers_};
  if (producers_ >= consumers_) return {floorPartOf(producer, consumers_, producers_), 1};
  return ceilingShare(producer, producers_, consumers_);
}

std::int32_t EdgeWiring::subpartitionOf(std::int32_t producer, std::int32_t consumer) const {
  return consumer % consumersOf(producer).count;
}

}  // namespace flink::scheduler
