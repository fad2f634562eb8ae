#pragma once

#include <string>
#include <vector>

#include "dataflow/graph/stream_graph.h"

namespace flink::graph {

/// Builds stream graphs for tests in one line per operator.
class GraphBuilder {
 public:
  explicit GraphBuilder(std::string name = "job") { graph.jobName = std::move(name); }

  StreamNode& source(std::int32_t id, const std::string& name, std::int32_t parallelism = 2) {
    StreamNode& node = add(id, "Source: " + name, parallelism);
    node.isSource = true;
    return node;
  }
  StreamNode& op(std::int32_t id, const std::string& name, std::vector<std::int32_t> inputs,
                 std::int32_t parallelism = 2) {
    StreamNode& node = add(id, name, parallelism);
    for (const std::int32_t input : inputs) graph.edges.push_back({input, id, 0, "", std::nullopt});
    return node;
  }
  StreamNode& keyed(std::int32_t id, const std::string& name, std::int32_t input,
                    std::int32_t parallelism = 2) {
    StreamNode& node = add(id, name, parallelism);
    graph.edges.push_back({input, id, 0, "", protocol::ShipStrategy::kHash});
    return node;
  }

  StreamGraph graph;

 private:
  StreamNode& add(std::int32_t id, const std::string& name, std::int32_t parallelism) {
    StreamNode node;
    node.id = id;
    node.name = name;
    node.signature = name;
    node.parallelism = parallelism;
    graph.nodes.push_back(std::move(node));
    return graph.nodes.back();
  }
};

}  // namespace flink::graph
