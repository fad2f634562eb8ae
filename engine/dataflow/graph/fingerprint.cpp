#include "dataflow/graph/fingerprint.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <string>

#include "core/base/error_codes.h"

namespace flink::graph {

namespace {

std::string nameIn(const protocol::JobGraph& job, std::int32_t streamNode) {
  for (const protocol::JobVertex& vertex : job.vertices) {
    for (const protocol::ChainedOperator& op : vertex.operators) {
      if (op.streamNodeId == streamNode) return op.name;
    }
  }
  return "?";
}

}  // namespace

std::vector<std::pair<std::int32_t, std::uint64_t>> fingerprintOf(const StreamGraph& graph) {
  std::vector<std::pair<std::int32_t, std::uint64_t>> fingerprint;
  for (const StreamNode& node : graph.nodes) {
    std::string text = node.signature;
    for (const StreamEdge* edge : graph.inEdges(node.id)) {
      text += fmt::format("\n{} {} {} {}", edge->source, edge->input,
                          edge->shipStrategy ? static_cast<int>(*edge->shipStrategy) : -1,
                          edge->sideOutputTag);
    }
    fingerprint.emplace_back(node.id, XXH3_64bits(text.data(), text.size()));
  }
  return fingerprint;
}

Status checkFingerprint(const protocol::JobGraph& submitted, const StreamGraph& rebuilt) {
  const auto here = fingerprintOf(rebuilt);
  const auto& there = submitted.fingerprint;
  for (std::size_t i = 0; i < std::max(here.size(), there.size()); ++i) {
    if (i < here.size() && i < there.size() && here[i] == there[i]) continue;
    const std::string expected =
        i < there.size()
            ? fmt::format("{} (#{})", nameIn(submitted, there[i].first), there[i].first)
            : "nothing";
    const std::string found =
        i < here.size() ? fmt::format("{} (#{})", rebuilt.node(here[i].first).name, here[i].first)
                        : "nothing";
    return {ErrorCode::kFingerprintMismatch,
            fmt::format(
                "the program built another dataflow here than at the client: submitted={} here={}",
                expected, found)};
  }
  return Status::ok();
}

}  // namespace flink::graph
