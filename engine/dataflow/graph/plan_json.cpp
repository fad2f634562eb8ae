#include "dataflow/graph/plan_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "dataflow/graph/job_graph_generator.h"

namespace flink::graph {

namespace {

using Json = nlohmann::ordered_json;

/// Text of user programs may hold any bytes; a plan must not fail over them.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Jackson's default layout, which Flink prints.
void appendPretty(const Json& json, const std::string& indent, std::string& out) {
  if (!json.is_structured()) {
    out += dump(json);
    return;
  }
  const bool object = json.is_object();
  const std::string inner = object ? indent + "  " : indent;
  out += object ? "{" : "[";
  std::string_view separator = "";
  for (auto it = json.begin(); it != json.end(); ++it) {
    out += separator;
    out += object ? "\n" + inner : " ";
    if (object) out += dump(it.key()) + " : ";
    appendPretty(*it, inner, out);
    separator = ",";
  }
  out += object && !json.empty() ? "\n" + indent : " ";
  out += object ? "}" : "]";
}

Json inputsOf(const protocol::JobGraph& job, const protocol::JobVertex& vertex) {
  Json inputs = Json::array();
  for (const protocol::JobEdge& edge : job.edges) {
    if (edge.target != vertex.id) continue;
    inputs.push_back({{"id", edge.source.toHex()},
                      {"num", inputs.size()},
                      {"exchange", toString(edge.exchange)},
                      {"ship_strategy", toString(edge.shipStrategy)}});
  }
  return inputs;
}

}  // namespace

const std::string& descriptionOf(const StreamNode& node) {
  return node.description.empty() ? node.name : node.description;
}

std::string escapeHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\n':
        escaped += "<br/>";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string_view toString(protocol::ShipStrategy strategy) {
  switch (strategy) {
    case protocol::ShipStrategy::kForward:
      return "FORWARD";
    case protocol::ShipStrategy::kRebalance:
      return "REBALANCE";
    case protocol::ShipStrategy::kRescale:
      return "RESCALE";
    case protocol::ShipStrategy::kHash:
      return "HASH";
    case protocol::ShipStrategy::kBroadcast:
      return "BROADCAST";
    case protocol::ShipStrategy::kGlobal:
      return "GLOBAL";
    case protocol::ShipStrategy::kShuffle:
      return "SHUFFLE";
    case protocol::ShipStrategy::kCustom:
      return "CUSTOM";
  }
  return "?";
}

std::string_view toString(protocol::ExchangeType exchange) {
  return exchange == protocol::ExchangeType::kBlocking ? "blocking" : "pipelined_bounded";
}

std::string planJson(const protocol::JobGraph& job) {
  Json nodes = Json::array();
  for (const protocol::JobVertex* vertex : planOrder(job)) {
    Json node = {{"id", vertex->id.toHex()},           {"operator", ""},
                 {"parallelism", vertex->parallelism}, {"operator_strategy", ""},
                 {"description", vertex->description}, {"optimizer_properties", Json::object()}};
    Json inputs = inputsOf(job, *vertex);
    if (!inputs.empty()) node["inputs"] = std::move(inputs);
    nodes.push_back(std::move(node));
  }
  return dump({{"type", job.type == protocol::JobType::kBatch ? "BATCH" : "STREAMING"},
               {"nodes", std::move(nodes)}});
}

std::string streamGraphJson(const StreamGraph& graph, const protocol::JobGraph& job) {
  std::map<std::int32_t, std::string> vertexOf;
  for (const protocol::JobVertex& vertex : job.vertices) {
    for (const protocol::ChainedOperator& op : vertex.operators)
      vertexOf[op.streamNodeId] = vertex.id.toHex();
  }
  Json nodes = Json::array();
  for (const StreamNode& node : graph.nodes) {
    Json inputs = Json::array();
    for (const StreamEdge* edge : graph.inEdges(node.id)) {
      inputs.push_back(
          {{"num", inputs.size()},
           {"id", std::to_string(edge->source)},
           {"ship_strategy", toString(shipStrategyOf(graph, *edge))},
           {"exchange", job.type == protocol::JobType::kBatch ? "BATCH" : "UNDEFINED"}});
    }
    nodes.push_back({{"id", std::to_string(node.id)},
                     {"parallelism", node.parallelism},
                     {"operator", node.name},
                     {"description", descriptionOf(node)},
                     {"job_vertex_id", vertexOf[node.id]},
                     {"inputs", std::move(inputs)}});
  }
  return dump({{"nodes", std::move(nodes)}});
}

std::string executionPlanJson(const StreamGraph& graph) {
  std::vector<const StreamNode*> order;
  for (const StreamNode& node : graph.nodes) order.push_back(&node);
  std::stable_sort(order.begin(), order.end(), [](const StreamNode* a, const StreamNode* b) {
    return !a->isSink && b->isSink;
  });
  Json nodes = Json::array();
  for (const StreamNode* node : order) {
    Json json = {{"id", node->id},
                 {"type", node->name},
                 {"pact", node->isSource ? "Data Source"
                          : node->isSink ? "Data Sink"
                                         : "Operator"},
                 {"contents", descriptionOf(*node)},
                 {"parallelism", node->parallelism}};
    Json predecessors = Json::array();
    for (const StreamEdge* edge : graph.inEdges(node->id)) {
      // Flink's plan says "second" for every input; its visualizer and our users' scripts know it
      // so.
      predecessors.push_back({{"id", edge->source},
                              {"ship_strategy", toString(shipStrategyOf(graph, *edge))},
                              {"side", "second"}});
    }
    if (!node->isSource) json["predecessors"] = std::move(predecessors);
    nodes.push_back(std::move(json));
  }
  std::string text;
  appendPretty({{"nodes", std::move(nodes)}}, "", text);
  return text;
}

std::string planDot(const protocol::JobGraph& job) {
  const auto quoted = [](std::string text) {
    for (std::size_t at = 0; (at = text.find_first_of("\"\\", at)) != std::string::npos; at += 2)
      text.insert(at, 1, '\\');
    return text;
  };
  std::string dot =
      fmt::format("digraph \"{}\" {{\n  rankdir=LR;\n  node [shape=box];\n", quoted(job.name));
  for (const protocol::JobVertex& vertex : job.vertices) {
    dot += fmt::format("  \"{}\" [label=\"{}\\nparallelism {}\"];\n", vertex.id.toHex(),
                       quoted(vertex.name), vertex.parallelism);
  }
  for (const protocol::JobEdge& edge : job.edges) {
    dot += fmt::format("  \"{}\" -> \"{}\" [label=\"{}\"];\n", edge.source.toHex(),
                       edge.target.toHex(), toString(edge.shipStrategy));
  }
  return dot + "}\n";
}

}  // namespace flink::graph
