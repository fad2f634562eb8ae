#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "cluster/protocol/job_graph.h"
#include "core/base/ids.h"

namespace flink::scheduler {

/// One slot that a job asks for.
struct SlotRequest {
  std::optional<protocol::ResourceProfile> profile;  ///< absent: an equal share of the TaskManager
  std::vector<TaskManagerId> preferred;              ///< where its input lies, best first
};

/// What one TaskManager has left.
struct TaskManagerCapacity {
  TaskManagerId id;
  std::int32_t slots = 0;
  std::int32_t freeSlots = 0;
  protocol::ResourceProfile free;
  protocol::ResourceProfile defaultSlot;  ///< what a request without a profile takes
};

/// What a request takes of a TaskManager whose slots are `defaultSlot` large: what its profile
/// says, with an equal share of the network memory where the profile names none.
[[nodiscard]] protocol::ResourceProfile resourceOf(const SlotRequest& request,
                                                   const protocol::ResourceProfile& defaultSlot);

enum class PlacementStrategy : std::uint8_t {
  kSpread,  ///< the TaskManager with the largest free share first
  kPack,    ///< fill one TaskManager before the next
};

[[nodiscard]] bool fits(const protocol::ResourceProfile& request,
                        const protocol::ResourceProfile& free);
[[nodiscard]] protocol::ResourceProfile plus(const protocol::ResourceProfile& a,
                                             const protocol::ResourceProfile& b);
[[nodiscard]] protocol::ResourceProfile minus(const protocol::ResourceProfile& a,
                                              const protocol::ResourceProfile& b);
/// An equal share for each of `parts`.
[[nodiscard]] protocol::ResourceProfile share(const protocol::ResourceProfile& total,
                                              std::int32_t parts);

/// Chooses a TaskManager for every request, all or none: the result has the position in
/// `taskManagers` per request, nullopt when they do not all fit.
[[nodiscard]] std::optional<std::vector<std::size_t>> placeSlots(
    const std::vector<SlotRequest>& requests, std::vector<TaskManagerCapacity> taskManagers,
    PlacementStrategy strategy);

}  // namespace flink::scheduler
