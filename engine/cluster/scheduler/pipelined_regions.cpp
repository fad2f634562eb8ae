#include "cluster/scheduler/pipelined_regions.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace flink::scheduler {
namespace {

using protocol::ExchangeType;

std::size_t at(TaskIndex task) {
  return static_cast<std::size_t>(task);
}

/// Disjoint sets with path halving.
class DisjointSets {
 public:
  explicit DisjointSets(std::size_t size) : parent_(size) {
    std::iota(parent_.begin(), parent_.end(), 0U);
  }
  std::size_t find(std::size_t item) {
    while (parent_[item] != item) item = parent_[item] = parent_[parent_[item]];
    return item;
  }
  void unite(std::size_t a, std::size_t b) { parent_[find(a)] = find(b); }

 private:
  std::vector<std::size_t> parent_;
};

/// Calls `link(producer, consumer)` so often that following the links connects what the edge
/// connects. An all-to-all edge links through one subtask on each side instead of producers times
/// consumers.
template <class Link>
void forEachLink(const Topology& topology, EdgeIndex e, const Link& link) {
  const EdgeWiring& wiring = topology.wiring(e);
  const VertexIndex source = topology.sourceOf(e);
  const VertexIndex target = topology.targetOf(e);
  const std::int32_t producers = topology.vertex(source).parallelism;
  const std::int32_t consumers = topology.vertex(target).parallelism;
  for (std::int32_t p = 0; p < producers; ++p) {
    const SubtaskRange range =
        wiring.pointwise() ? wiring.consumersOf(p) : SubtaskRange{0, p == 0 ? consumers : 1};
    for (std::int32_t c = range.first; c < range.first + range.count; ++c) {
      link(topology.task(source, p), topology.task(target, c));
    }
  }
}

/// Tarjan's strongly connected components, without recursion: graphs from outside may be deep.
class StronglyConnected {
 public:
  explicit StronglyConnected(const std::vector<std::vector<std::size_t>>& targets)
      : targets_(targets),
        order_(targets.size(), 0),
        low_(targets.size(), 0),
        onStack_(targets.size(), false) {}

  /// Calls `component(nodes)` for every component.
  template <class Component>
  void forEach(const Component& component) {
    for (std::size_t node = 0; node < targets_.size(); ++node) {
      if (order_[node] == 0) visit(node, component);
    }
  }

 private:
  struct Frame {
    std::size_t node = 0;
    std::size_t next = 0;  // position in targets
  };

  void enter(std::size_t node) {
    order_[node] = low_[node] = ++counter_;
    stack_.push_back(node);
    onStack_[node] = true;
    frames_.push_back({node, 0});
  }

  template <class Component>
  void visit(std::size_t root, const Component& component) {
    enter(root);
    while (!frames_.empty()) {
      Frame& frame = frames_.back();
      if (frame.next < targets_[frame.node].size()) {
        const std::size_t target = targets_[frame.node][frame.next++];
        if (order_[target] == 0) {
          enter(target);
        } else if (onStack_[target]) {
          low_[frame.node] = std::min(low_[frame.node], order_[target]);
        }
        continue;
      }
      const std::size_t node = frame.node;
      frames_.pop_back();
      if (!frames_.empty())
        low_[frames_.back().node] = std::min(low_[frames_.back().node], low_[node]);
      if (low_[node] == order_[node]) component(popComponent(node));
    }
  }

  std::vector<std::size_t> popComponent(std::size_t root) {
    std::vector<std::size_t> nodes;
    do {
      nodes.push_back(stack_.back());
      onStack_[stack_.back()] = false;
      stack_.pop_back();
    } while (nodes.back() != root);
    return nodes;
  }

  const std::vector<std::vector<std::size_t>>& targets_;
  std::vector<std::size_t> order_, low_;
  std::vector<bool> onStack_;
  std::vector<std::size_t> stack_;
  std::vector<Frame> frames_;
  std::size_t counter_ = 0;
};

/// Unites the sets that wait for each other through blocking edges. Nodes are the sets'
/// representatives, plus one node per all-to-all edge that stands for "all of its producers".
void uniteCycles(const Topology& topology, const std::vector<bool>& blocking, DisjointSets& sets) {
  const auto numTasks = static_cast<std::size_t>(topology.numTasks());
  std::vector<std::vector<std::size_t>> targets(numTasks + blocking.size());
  for (EdgeIndex e = 0; e < topology.numEdges(); ++e) {
    if (!blocking[static_cast<std::size_t>(e)]) continue;
    const std::size_t hub = numTasks + static_cast<std::size_t>(e);
    const bool pointwise = topology.wiring(e).pointwise();
    forEachLink(topology, e, [&](TaskIndex producer, TaskIndex consumer) {
      const std::size_t from = sets.find(at(producer));
      const std::size_t to = sets.find(at(consumer));
      targets[from].push_back(pointwise ? to : hub);
      if (!pointwise) targets[hub].push_back(to);
    });
  }
  StronglyConnected(targets).forEach([&](const std::vector<std::size_t>& nodes) {
    std::size_t first = numTasks;
    for (const std::size_t node : nodes) {
      if (node >= numTasks) continue;
      if (first < numTasks) sets.unite(node, first);
      first = node;
    }
  });
}

bool staysInside(const Topology& topology, EdgeIndex e, DisjointSets& sets) {
  bool inside = false;
  forEachLink(topology, e, [&](TaskIndex producer, TaskIndex consumer) {
    inside = inside || sets.find(at(producer)) == sets.find(at(consumer));
  });
  return inside;
}

void uniteEnds(const Topology& topology, EdgeIndex e, DisjointSets& sets) {
  forEachLink(topology, e, [&](TaskIndex producer, TaskIndex consumer) {
    sets.unite(at(producer), at(consumer));
  });
}

/// Turns blocking edges inside a set into pipelined ones; true when there were any.
bool demoteInnerEdges(const Topology& topology, std::vector<bool>& blocking, DisjointSets& sets) {
  bool changed = false;
  for (EdgeIndex e = 0; e < topology.numEdges(); ++e) {
    if (!blocking[static_cast<std::size_t>(e)] || !staysInside(topology, e, sets)) continue;
    blocking[static_cast<std::size_t>(e)] = false;
    uniteEnds(topology, e, sets);
    changed = true;
  }
  return changed;
}

}  // namespace

PipelinedRegions::PipelinedRegions(const Topology& topology)
    : regionOf_(static_cast<std::size_t>(topology.numTasks()), RegionIndex{-1}) {
  DisjointSets sets(regionOf_.size());
  for (EdgeIndex e = 0; e < topology.numEdges(); ++e) {
    blocking_.push_back(topology.edge(e).exchange == ExchangeType::kBlocking);
    if (!blocking_.back()) uniteEnds(topology, e, sets);
  }
  do {
    uniteCycles(topology, blocking_, sets);
  } while (demoteInnerEdges(topology, blocking_, sets));
  std::vector<RegionIndex> regionOfSet(regionOf_.size(), RegionIndex{-1});
  for (const VertexIndex v : topology.topologicalOrder()) {
    for (std::int32_t s = 0; s < topology.vertex(v).parallelism; ++s) {
      const TaskIndex task = topology.task(v, s);
      RegionIndex& region = regionOfSet[sets.find(at(task))];
      if (region == RegionIndex{-1}) {
        region = static_cast<RegionIndex>(tasks_.size());
        tasks_.emplace_back();
      }
      regionOf_[at(task)] = region;
      tasks_[static_cast<std::size_t>(region)].push_back(task);
    }
  }
}

}  // namespace flink::scheduler
