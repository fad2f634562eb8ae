#include "cluster/scheduler/failover_regions.h"

#include <algorithm>
#include <set>

namespace flink::scheduler {
namespace {

std::size_t at(RegionIndex region) {
  return static_cast<std::size_t>(region);
}

/// Walks from region to region along the edges between them.
class RegionSearch {
 public:
  RegionSearch(const Topology& topology, const PipelinedRegions& regions,
               const FailoverFacts& facts)
      : topology_(topology),
        regions_(regions),
        facts_(facts),
        found_(static_cast<std::size_t>(regions.count()), false) {}

  void start(RegionIndex region) {
    add(region);
    while (!toVisit_.empty()) {
      const RegionIndex next = toVisit_.back();
      toVisit_.pop_back();
      for (const TaskIndex task : regions_.tasksOf(next)) {
        addProducers(task);
        addConsumers(task);
      }
    }
  }

  [[nodiscard]] std::vector<TaskIndex> tasks() const {
    std::vector<TaskIndex> tasks;
    for (std::int32_t r = 0; r < regions_.count(); ++r) {
      const auto region = static_cast<RegionIndex>(r);
      if (!found_[at(region)]) continue;
      for (const TaskIndex task : regions_.tasksOf(region)) {
        if (facts_.stateOf(task) != protocol::ExecutionState::kCreated) tasks.push_back(task);
      }
    }
    std::sort(tasks.begin(), tasks.end());
    return tasks;
  }

 private:
  void add(RegionIndex region) {
    if (found_[at(region)]) return;
    found_[at(region)] = true;
    toVisit_.push_back(region);
  }

  [[nodiscard]] bool isAvailable(const PartitionRef& partition) const {
    return facts_.unreadable != partition && facts_.isAvailable(partition);
  }

  /// The producers of what `task` has to read again and cannot.
  void addProducers(TaskIndex task) {
    for (const EdgeIndex edge : topology_.inputs(topology_.vertexOf(task))) {
      // Pipelined edges do not leave a region.
      if (!regions_.isBlocking(edge) || !first(edge, searchedInputs_)) continue;
      const SubtaskRange range = topology_.wiring(edge).producersOf(topology_.subtaskOf(task));
      for (std::int32_t p = range.first; p < range.first + range.count; ++p) {
        const TaskIndex producer = topology_.task(topology_.sourceOf(edge), p);
        if (!isAvailable({edge, producer})) add(regions_.regionOf(producer));
      }
    }
  }

  void addConsumers(TaskIndex task) {
    for (const EdgeIndex edge : topology_.outputs(topology_.vertexOf(task))) {
      if (!regions_.isBlocking(edge) || !first(edge, searchedOutputs_)) continue;
      const SubtaskRange range = topology_.wiring(edge).consumersOf(topology_.subtaskOf(task));
      for (std::int32_t c = range.first; c < range.first + range.count; ++c)
        add(regions_.regionOf(topology_.task(topology_.targetOf(edge), c)));
    }
  }

  /// True the first time for all-to-all edges, whose ends are the same for every task.
  bool first(EdgeIndex edge, std::set<EdgeIndex>& searched) const {
    return topology_.wiring(edge).pointwise() || searched.insert(edge).second;
  }

  const Topology& topology_;
  const PipelinedRegions& regions_;
  const FailoverFacts& facts_;
  std::vector<bool> found_;
  std::vector<RegionIndex> toVisit_;
  std::set<EdgeIndex> searchedInputs_, searchedOutputs_;
};

}  // namespace

std::vector<TaskIndex> tasksToRestart(const Topology& topology, const PipelinedRegions& regions,
                                      TaskIndex failed, const FailoverFacts& facts) {
  RegionSearch search(topology, regions, facts);
  search.start(regions.regionOf(failed));
  return search.tasks();
}

}  // namespace flink::scheduler
