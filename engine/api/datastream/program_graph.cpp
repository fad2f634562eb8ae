#include "api/datastream/program_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "api/datastream/flink_exception.h"
#include "core/base/error_codes.h"
#include "dataflow/graph/stream_graph.h"

namespace flink::datastream {

struct ProgramGraph::State {
  std::map<std::int32_t, graph::StreamNode> nodes;
  std::map<std::int32_t, std::shared_ptr<const operators::OperatorFactory>> factories;
  std::map<std::int32_t, OperatorRole> roles;
  std::map<std::string, protocol::ResourceProfile> profiles;
};

namespace {

std::string displayName(OperatorRole role, std::string name) {
  if (role == OperatorRole::kSource) return "Source: " + name;
  if (role == OperatorRole::kSink) return "Sink: " + name;
  if (role == OperatorRole::kSinkWriter) return name + ": Writer";
  return name;
}

[[noreturn]] void invalid(std::string message) {
  throw FlinkException(Status(ErrorCode::kJobGraphInvalid, std::move(message)));
}

}  // namespace

ProgramGraph::ProgramGraph() : state_(std::make_unique<State>()) {}
ProgramGraph::~ProgramGraph() = default;

std::int32_t ProgramGraph::add(OperatorSpec spec, const std::vector<StreamOutputs>& inputs) {
  graph::StreamNode node;
  node.id = nextId_++;
  node.name = displayName(spec.role, std::move(spec.name));
  node.signature = spec.kind;
  for (const std::type_info* type : spec.types) node.signature += fmt::format(" {}", type->name());
  node.parallelism = spec.parallel ? config_.getParallelism() : 1;
  node.parallel = spec.parallel;
  node.isSource = spec.role == OperatorRole::kSource;
  node.isSink = spec.role == OperatorRole::kSink;
  node.isLegacySource = spec.legacySource;
  node.bounded = spec.bounded;
  node.hasCoordinator = spec.hasCoordinator;

  const std::int32_t id = node.id;
  state_->factories[id] = std::move(spec.factory);
  state_->roles[id] = spec.role;
  // A source that nobody reads is not part of the job.
  if (!node.isSource) pending_.push_back(id);
  state_->nodes.emplace(id, std::move(node));
  for (std::size_t input = 0; input < inputs.size(); ++input) {
    for (const StreamOutput& from : inputs[input])
      connect(from, id, static_cast<std::int32_t>(input));
  }
  return id;
}

void ProgramGraph::connect(const StreamOutput& from, std::int32_t target, std::int32_t input) {
  for (const Edge& edge : edges_) {
    if (edge.target != target || edge.input != input || edge.from.node != from.node ||
        edge.from.tag != from.tag)
      continue;
    if (edge.from.shipStrategy == from.shipStrategy && edge.from.codec == from.codec) continue;
    invalid(fmt::format(
        "a stream is united with itself under another partitioning; put a map between: operator={}",
        node(from.node).name));
  }
  edges_.push_back({from, target, input});
}

graph::StreamNode& ProgramGraph::node(std::int32_t id) {
  return state_->nodes.at(id);
}

void ProgramGraph::setName(std::int32_t id, std::string name) {
  node(id).name = displayName(state_->roles.at(id), std::move(name));
}
void ProgramGraph::setDescription(std::int32_t id, std::string description) {
  node(id).description = std::move(description);
}
void ProgramGraph::setUid(std::int32_t id, std::string uid) {
  node(id).uid = std::move(uid);
}
void ProgramGraph::setTimestamps(std::int32_t id, graph::Timestamps timestamps) {
  node(id).timestamps = timestamps;
}
void ProgramGraph::setUidHash(std::int32_t id, std::string uidHash) {
  node(id).uidHash = std::move(uidHash);
}

void ProgramGraph::setParallelism(std::int32_t id, std::int32_t parallelism) {
  if (parallelism < 1) {
    invalid(
        fmt::format("the parallelism of an operator must be at least 1: operator={} parallelism={}",
                    node(id).name, parallelism));
  }
  if (!node(id).parallel && parallelism != 1) {
    invalid(fmt::format(
        "the parallelism of a non parallel operator must be 1: operator={} parallelism={}",
        node(id).name, parallelism));
  }
  node(id).parallelism = parallelism;
}

void ProgramGraph::setMaxParallelism(std::int32_t id, std::int32_t maxParallelism) {
  constexpr std::int32_t kLimit = 1 << 15;
  if (maxParallelism < 1 || maxParallelism > kLimit) {
    invalid(fmt::format("the maximum parallelism must be in 1..{}: operator={} maxParallelism={}",
                        kLimit, node(id).name, maxParallelism));
  }
  node(id).maxParallelism = maxParallelism;
}

void ProgramGraph::setBufferTimeout(std::int32_t id, std::int64_t timeoutMs) {
  if (timeoutMs < -1) {
    invalid(fmt::format("the buffer timeout must be -1 or more: operator={} timeoutMs={}",
                        node(id).name, timeoutMs));
  }
  node(id).bufferTimeoutMs = timeoutMs;
}

void ProgramGraph::setSlotSharingGroup(std::int32_t id, const SlotSharingGroup& group) {
  node(id).slotSharingGroup = group.name();
  if (!group.profile()) return;
  const auto [known, fresh] = state_->profiles.emplace(group.name(), *group.profile());
  if (!fresh && known->second != *group.profile()) {
    invalid(fmt::format("a slot sharing group has two resource profiles: group={} operator={}",
                        group.name(), node(id).name));
  }
}

void ProgramGraph::startNewChain(std::int32_t id) {
  if (node(id).chaining == graph::ChainingStrategy::kAlways)
    node(id).chaining = graph::ChainingStrategy::kHead;
}
void ProgramGraph::disableChaining(std::int32_t id) {
  node(id).chaining = graph::ChainingStrategy::kNever;
}

std::string ProgramGraph::nextCollectId() {
  return fmt::format("collect-{}", ++numCollects_);
}

void ProgramGraph::setCollection(std::int32_t id, std::shared_ptr<std::string> elements) {
  collections_[id] = std::move(elements);
}

graph::StreamGraph ProgramGraph::pending() const {
  std::set<std::int32_t> wanted(pending_.begin(), pending_.end());
  // Inputs were created before their readers, so one walk from the last edge to the first finds
  // them all.
  for (auto edge = edges_.rbegin(); edge != edges_.rend(); ++edge) {
    if (wanted.contains(edge->target)) wanted.insert(edge->from.node);
  }
  graph::StreamGraph graph;
  for (const std::int32_t id : wanted) graph.nodes.push_back(state_->nodes.at(id));
  for (const Edge& edge : edges_) {
    if (!wanted.contains(edge.target)) continue;
    graph.edges.push_back(
        {edge.from.node, edge.target, edge.input, edge.from.tag, edge.from.shipStrategy});
  }
  graph.slotSharingProfiles = state_->profiles;
  return graph;
}

const operators::OperatorFactory* ProgramGraph::operatorFactory(std::int32_t id) const {
  const auto it = state_->factories.find(id);
  return it == state_->factories.end() ? nullptr : it->second.get();
}

const operators::EdgeCodec* ProgramGraph::edgeCodec(std::int32_t source, std::int32_t target,
                                                    std::int32_t input,
                                                    std::string_view tag) const {
  const auto it = std::find_if(edges_.begin(), edges_.end(), [&](const Edge& edge) {
    return edge.from.node == source && edge.target == target && edge.input == input &&
           edge.from.tag == tag;
  });
  return it == edges_.end() ? nullptr : it->from.codec.get();
}

}  // namespace flink::datastream
