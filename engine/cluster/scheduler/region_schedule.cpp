#include "cluster/scheduler/region_schedule.h"

#include <algorithm>
#include <set>
#include <utility>

namespace flink::scheduler {

RegionSchedule::RegionSchedule(const Topology& topology, const PipelinedRegions& regions)
    : conditionsOf_(static_cast<std::size_t>(topology.numTasks())),
      missingConditions_(static_cast<std::size_t>(regions.count()), 0) {
  for (EdgeIndex e = 0; e < topology.numEdges(); ++e) {
    if (regions.isBlocking(e)) addEdge(topology, regions, e);
  }
  for (std::int32_t r = 0; r < regions.count(); ++r) {
    if (missingConditions_[static_cast<std::size_t>(r)] == 0)
      ready_.push_back(static_cast<RegionIndex>(r));
  }
}

void RegionSchedule::addEdge(const Topology& topology, const PipelinedRegions& regions,
                             EdgeIndex edge) {
  const EdgeWiring& wiring = topology.wiring(edge);
  const VertexIndex source = topology.sourceOf(edge);
  const VertexIndex target = topology.targetOf(edge);
  const std::int32_t consumers = topology.vertex(target).parallelism;
  std::set<RegionIndex> waiting;
  for (std::int32_t c = 0; c < consumers; ++c) {
    const RegionIndex region = regions.regionOf(topology.task(target, c));
    waiting.insert(region);
    if (wiring.pointwise()) wait(addCondition(topology, source, wiring.producersOf(c)), region);
  }
  if (wiring.pointwise()) return;
  Condition& all = addCondition(topology, source, {0, topology.vertex(source).parallelism});
  for (const RegionIndex region : waiting) wait(all, region);
}

RegionSchedule::Condition& RegionSchedule::addCondition(const Topology& topology,
                                                        VertexIndex source, SubtaskRange range) {
  for (std::int32_t p = range.first; p < range.first + range.count; ++p) {
    conditionsOf_[static_cast<std::size_t>(topology.task(source, p))].push_back(conditions_.size());
  }
  return conditions_.emplace_back(Condition{range.count, {}});
}

void RegionSchedule::wait(Condition& condition, RegionIndex region) {
  condition.waiting.push_back(region);
  ++missingConditions_[static_cast<std::size_t>(region)];
}

std::vector<RegionIndex> RegionSchedule::takeReady() {
  std::sort(ready_.begin(), ready_.end());
  return std::exchange(ready_, {});
}

void RegionSchedule::onFinished(TaskIndex task) {
  for (const std::size_t c : conditionsOf_[static_cast<std::size_t>(task)]) {
    Condition& condition = conditions_[c];
    if (--condition.missing != 0) continue;
    for (const RegionIndex region : condition.waiting) {
      if (--missingConditions_[static_cast<std::size_t>(region)] == 0) ready_.push_back(region);
    }
  }
}

void RegionSchedule::restart(const std::vector<RegionIndex>& regions,
                             const std::vector<TaskIndex>& finished) {
  for (const TaskIndex task : finished) {
    for (const std::size_t c : conditionsOf_[static_cast<std::size_t>(task)]) {
      Condition& condition = conditions_[c];
      if (++condition.missing != 1) continue;
      for (const RegionIndex region : condition.waiting)
        ++missingConditions_[static_cast<std::size_t>(region)];
    }
  }
  std::erase_if(ready_, [this](RegionIndex region) {
    return missingConditions_[static_cast<std::size_t>(region)] != 0;
  });
  for (const RegionIndex region : regions) {
    const bool ready = missingConditions_[static_cast<std::size_t>(region)] == 0;
    if (ready && std::find(ready_.begin(), ready_.end(), region) == ready_.end())
      ready_.push_back(region);
  }
}

}  // namespace flink::scheduler
