#include "dataflow/graph/graph_check.h"

#include <map>

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::graph {

namespace {

constexpr std::int32_t kMaxParallelismLimit = 1 << 15;

template <class... Args>
Status invalid(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorCode::kJobGraphInvalid, fmt::format(format, std::forward<Args>(args)...)};
}

Status checkParallelism(const StreamGraph& graph, const StreamNode& node) {
  if (node.parallelism < 1) {
    return invalid("the parallelism of an operator must be at least 1: operator={} parallelism={}",
                   node.name, node.parallelism);
  }
  if (!node.parallel && node.parallelism != 1) {
    return invalid(
        "the parallelism of a non parallel operator must be 1: operator={} parallelism={}",
        node.name, node.parallelism);
  }
  const std::int32_t maximum = node.maxParallelism > 0 ? node.maxParallelism : graph.maxParallelism;
  if (maximum > kMaxParallelismLimit) {
    return invalid("the maximum parallelism must be at most {}: operator={} maxParallelism={}",
                   kMaxParallelismLimit, node.name, maximum);
  }
  const std::int32_t limit = maximum > 0 ? maximum : kMaxParallelismLimit;
  if (node.parallelism > limit) {
    return invalid(
        "the parallelism is higher than the maximum parallelism; lower the one or raise the other: "
        "operator={} "
        "parallelism={} maxParallelism={}",
        node.name, node.parallelism, limit);
  }
  return Status::ok();
}

/// Flink notices at the first record of the running job.
Status checkTimestamps(const StreamGraph& graph) {
  std::map<std::int32_t, const StreamNode*> without;  // operator → the source that gives it none
  for (const StreamNode& node : graph.nodes) {        // inputs come first
    if (node.timestamps == Timestamps::kMissing) without[node.id] = &node;
    if (node.timestamps == Timestamps::kAssigned) continue;
    for (const StreamEdge* edge : graph.inEdges(node.id)) {
      const auto found = without.find(edge->source);
      if (found == without.end()) continue;
      if (node.timestamps == Timestamps::kRequired) {
        return {ErrorCode::kRecordWithoutTimestamp,
                fmt::format("the operator works in event time and gets records without timestamps: "
                            "operator={} source={}",
                            node.name, found->second->name)};
      }
      without.insert({node.id, found->second});
    }
  }
  return Status::ok();
}

}  // namespace

Status checkGraph(const StreamGraph& graph) {
  if (graph.nodes.empty())
    return invalid("no operators are defined: add a source and a sink before execute()");
  for (const StreamNode& node : graph.nodes) {
    FLINK_RETURN_IF_ERROR(checkParallelism(graph, node));
    if (graph.requireUids && node.uid.empty() && node.uidHash.empty()) {
      return invalid(
          "pipeline.auto-generate-uids is false and the operator has no uid: operator={}",
          node.name);
    }
    if (!node.isSource && graph.inEdges(node.id).empty())
      return invalid("the operator has no input: operator={}", node.name);
    if (node.isSource && !node.bounded && graph.runtimeMode == RuntimeMode::kBatch) {
      return invalid(
          "an unbounded source cannot run with execution.runtime-mode BATCH; use STREAMING or "
          "AUTOMATIC: operator={}",
          node.name);
    }
  }
  for (const StreamEdge& edge : graph.edges) {
    const StreamNode& source = graph.node(edge.source);
    const StreamNode& target = graph.node(edge.target);
    if (edge.shipStrategy != protocol::ShipStrategy::kForward ||
        source.parallelism == target.parallelism)
      continue;
    return invalid(
        "forward partitioning does not allow a change of parallelism; use rebalance, rescale, "
        "shuffle, broadcast or "
        "global: operator={} parallelism={} downstream={} parallelism={}",
        source.name, source.parallelism, target.name, target.parallelism);
  }
  return checkTimestamps(graph);
}

}  // namespace flink::graph
