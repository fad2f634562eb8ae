#include "dataflow/graph/job_graph_generator.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/types/key_group.h"
#include "dataflow/graph/chaining.h"
#include "dataflow/graph/fingerprint.h"
#include "dataflow/graph/graph_check.h"
#include "dataflow/graph/murmur3.h"
#include "dataflow/graph/operator_ids.h"
#include "dataflow/graph/plan_json.h"

namespace flink::graph {

namespace {

class Generator {
 public:
  Generator(const StreamGraph& graph, const ChainingRules& rules,
            const std::map<std::int32_t, OperatorId>& ids, const JobId& jobId)
      : graph_(graph), rules_(rules), ids_(ids) {
    job_.id = jobId;
    job_.name = graph.jobName;
    job_.autoWatermarkIntervalMs = graph.autoWatermarkIntervalMs;
    job_.type = jobTypeOf(graph);
  }

  protocol::JobGraph run() {
    // An edge leads to a higher id, so ascending ids meet every operator after its inputs.
    for (const StreamNode& node : graph_.nodes) {
      const auto in = graph_.inEdges(node.id);
      const bool chained = in.size() == 1 && rules_.isChainable(*in.front());
      headOf_[node.id] = chained ? headOf_.at(in.front()->source) : node.id;
    }
    for (const StreamNode& node : graph_.nodes) {
      if (headOf_.at(node.id) == node.id) addVertex(node);
    }
    addEdges();
    applyParallelismOverrides();
    addSlotSharingGroups();
    job_.fingerprint = fingerprintOf(graph_);
    job_.planJson = planJson(job_);
    job_.streamGraphJson = streamGraphJson(graph_, job_);
    job_.executionPlanJson = executionPlanJson(graph_);
    job_.planDot = planDot(job_);
    return std::move(job_);
  }

 private:
  void addVertex(const StreamNode& head) {
    protocol::JobVertex vertex;
    vertex.id = vertexId(head.id);
    vertex.name = chainName(head.id);
    if (graph_.cascadingDescriptions) {
      vertex.description = escapeHtml(chainDescription(head.id));
    } else {
      appendDescription(head.id, "", "", vertex.description);
    }
    if (graph_.vertexIndexPrefix) {
      const std::string prefix = "[vertex-" + std::to_string(job_.vertices.size()) + "]";
      vertex.name.insert(0, prefix);
      vertex.description.insert(0, prefix);
    }
    vertex.parallelism = head.parallelism;
    const std::int32_t maximum =
        head.maxParallelism > 0 ? head.maxParallelism : graph_.maxParallelism;
    vertex.maxParallelismConfigured = maximum > 0;
    vertex.maxParallelism = maximum > 0 ? maximum
                                        : static_cast<std::int32_t>(types::defaultMaxParallelism(
                                              static_cast<std::uint32_t>(head.parallelism)));
    vertex.slotSharingGroup = rules_.slotSharingGroups().at(head.id);
    vertex.bufferTimeoutMs = bufferTimeout(head.id);
    for (const StreamNode& node : graph_.nodes) {
      if (headOf_.at(node.id) == head.id) vertex.operators.push_back(chainedOperator(node));
    }
    job_.vertices.push_back(std::move(vertex));
  }

  protocol::ChainedOperator chainedOperator(const StreamNode& node) const {
    protocol::ChainedOperator op;
    op.streamNodeId = node.id;
    op.id = ids_.at(node.id);
    op.name = node.name;
    op.uid = node.uid;
    op.description = descriptionOf(node);
    op.isSource = node.isSource;
    op.hasCoordinator = node.hasCoordinator;
    for (const StreamEdge* edge : chainedOutputs(node.id)) {
      op.chainedOutputs.push_back(edge->target);
      op.chainedOutputTags.push_back(edge->sideOutputTag);
    }
    return op;
  }

  void addEdges() {
    std::map<std::int32_t, std::uint32_t> numOutputs;
    for (const StreamEdge& edge : graph_.edges) {
      if (rules_.isChainable(edge)) continue;
      protocol::JobEdge out;
      const std::int32_t head = headOf_.at(edge.source);
      out.source = vertexId(head);
      out.target = vertexId(edge.target);
      out.dataSet = dataSetId(out.source, numOutputs[head]++);
      out.sourceStreamNode = edge.source;
      out.targetStreamNode = edge.target;
      out.targetInput = edge.input;
      out.sideOutputTag = edge.sideOutputTag;
      out.shipStrategy = shipStrategyOf(graph_, edge);
      const bool blocking =
          job_.type == protocol::JobType::kBatch && !graph_.batchExchangesPipelined;
      out.exchange =
          blocking ? protocol::ExchangeType::kBlocking : protocol::ExchangeType::kPipelinedBounded;
      out.compressed = blocking ? graph_.compressBlocking : graph_.compressPipelined;
      job_.edges.push_back(std::move(out));
    }
  }

  /// A FORWARD exchange whose ends no longer match becomes RESCALE.
  void applyParallelismOverrides() {
    std::map<JobVertexId, std::int32_t> parallelismOf;
    for (protocol::JobVertex& vertex : job_.vertices) {
      const auto wanted = graph_.parallelismOverrides.find(vertex.id.toHex());
      if (wanted != graph_.parallelismOverrides.end()) {
        vertex.parallelism = std::min(wanted->second, vertex.maxParallelism);
      }
      parallelismOf[vertex.id] = vertex.parallelism;
    }
    for (protocol::JobEdge& edge : job_.edges) {
      if (edge.shipStrategy == protocol::ShipStrategy::kForward &&
          parallelismOf[edge.source] != parallelismOf[edge.target]) {
        edge.shipStrategy = protocol::ShipStrategy::kRescale;
      }
    }
  }

  void addSlotSharingGroups() {
    std::set<std::string> seen;
    for (const protocol::JobVertex& vertex : job_.vertices) {
      if (!seen.insert(vertex.slotSharingGroup).second) continue;
      protocol::SlotSharingGroup group;
      group.name = vertex.slotSharingGroup;
      group.id = SlotSharingGroupId(murmur3(std::string(job_.id.bytes()) + group.name));
      const auto profile = graph_.slotSharingProfiles.find(group.name);
      if (profile != graph_.slotSharingProfiles.end()) group.profile = profile->second;
      job_.slotSharingGroups.push_back(std::move(group));
    }
  }

  JobVertexId vertexId(std::int32_t head) const {
    return *JobVertexId::fromBytes(ids_.at(head).bytes());
  }

  static IntermediateDataSetId dataSetId(const JobVertexId& producer, std::uint32_t index) {
    return IntermediateDataSetId(
        murmur3(std::string(producer.bytes()) + "/" + std::to_string(index)));
  }

  std::vector<const StreamEdge*> chainedOutputs(std::int32_t id) const {
    auto out = graph_.outEdges(id);
    std::erase_if(out, [this](const StreamEdge* edge) { return !rules_.isChainable(*edge); });
    return out;
  }

  /// "A -> B", "A -> (B, C -> D)".
  template <class TextOf>
  std::string joinChain(std::int32_t id, TextOf textOf) const {
    const std::string& head = textOf(graph_.node(id));
    const auto out = chainedOutputs(id);
    if (out.empty()) return head;
    std::string rest;
    for (const StreamEdge* edge : out)
      rest += (rest.empty() ? "" : ", ") + joinChain(edge->target, textOf);
    return head + " -> " + (out.size() > 1 ? "(" + rest + ")" : rest);
  }
  std::string chainName(std::int32_t id) const {
    return joinChain(id, [](const StreamNode& node) -> const std::string& { return node.name; });
  }
  std::string chainDescription(std::int32_t id) const { return joinChain(id, descriptionOf); }

  /// The chain as a tree, one line per operator.
  void appendDescription(std::int32_t id, const std::string& branch, const std::string& indent,
                         std::string& text) const {
    text += escapeHtml(branch + descriptionOf(graph_.node(id))) + "<br/>";
    const auto out = chainedOutputs(id);
    for (const StreamEdge* edge : out) {
      const bool last = edge == out.back();
      appendDescription(edge->target, indent + (last ? "+- " : ":- "),
                        indent + (last ? "   " : ":  "), text);
    }
  }

  /// The shortest timeout among the operators whose records leave the chain.
  std::int64_t bufferTimeout(std::int32_t head) const {
    if (job_.type == protocol::JobType::kBatch) return -1;
    std::optional<std::int64_t> timeout;
    for (const StreamEdge& edge : graph_.edges) {
      if (headOf_.at(edge.source) != head || rules_.isChainable(edge)) continue;
      const std::int64_t wanted =
          graph_.node(edge.source).bufferTimeoutMs.value_or(graph_.bufferTimeoutMs);
      if (!timeout || *timeout < 0 || (wanted >= 0 && wanted < *timeout)) timeout = wanted;
    }
    return timeout.value_or(graph_.bufferTimeoutMs);
  }

  const StreamGraph& graph_;
  const ChainingRules& rules_;
  const std::map<std::int32_t, OperatorId>& ids_;
  std::map<std::int32_t, std::int32_t> headOf_;
  protocol::JobGraph job_;
};

void visitForPlan(const protocol::JobGraph& job, const protocol::JobVertex& vertex,
                  std::set<JobVertexId>& seen, std::vector<const protocol::JobVertex*>& order) {
  if (!seen.insert(vertex.id).second) return;
  for (const protocol::JobEdge& edge : job.edges) {
    if (edge.source != vertex.id) continue;
    for (const protocol::JobVertex& target : job.vertices) {
      if (target.id == edge.target) visitForPlan(job, target, seen, order);
    }
  }
  order.push_back(&vertex);
}

}  // namespace

Result<protocol::JobGraph> generateJobGraph(const StreamGraph& graph, const JobId& id) {
  FLINK_RETURN_IF_ERROR(checkGraph(graph));
  const ChainingRules rules(graph);
  FLINK_ASSIGN_OR_RETURN(const auto ids, operatorIdsOf(graph, rules));
  return Generator(graph, rules, ids, id).run();
}

std::vector<const protocol::JobVertex*> planOrder(const protocol::JobGraph& job) {
  std::set<JobVertexId> seen;
  std::vector<const protocol::JobVertex*> order;
  for (const protocol::JobVertex& vertex : job.vertices) visitForPlan(job, vertex, seen, order);
  return order;
}

}  // namespace flink::graph
