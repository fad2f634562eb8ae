#pragma once

#include <string>
#include <string_view>

#include "cluster/protocol/job_graph.h"
#include "dataflow/graph/stream_graph.h"

namespace flink::graph {

/// The operator's description, which is its name unless the program gave another.
[[nodiscard]] const std::string& descriptionOf(const StreamNode& node);
[[nodiscard]] std::string escapeHtml(std::string_view text);
/// "FORWARD", as plans print it.
[[nodiscard]] std::string_view toString(protocol::ShipStrategy strategy);
/// "pipelined_bounded"
[[nodiscard]] std::string_view toString(protocol::ExchangeType exchange);

/// REST's `plan` without jid and name: {"type":..,"nodes":[..]}.
[[nodiscard]] std::string planJson(const protocol::JobGraph& job);
/// REST's `stream-graph`: {"nodes":[..]}.
[[nodiscard]] std::string streamGraphJson(const StreamGraph& graph, const protocol::JobGraph& job);
/// What `info` prints: {"nodes":[{id,type,pact,contents,parallelism,predecessors}]}, indented as by
/// Flink.
[[nodiscard]] std::string executionPlanJson(const StreamGraph& graph);
/// The job's vertices and edges in Graphviz's language.
[[nodiscard]] std::string planDot(const protocol::JobGraph& job);

}  // namespace flink::graph
