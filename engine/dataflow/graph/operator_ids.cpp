#include "dataflow/graph/operator_ids.h"

#include <fmt/format.h>

#include <deque>
#include <set>
#include <string>

#include "core/base/error_codes.h"
#include "dataflow/graph/murmur3.h"

namespace flink::graph {

namespace {

using Hash = std::array<std::uint8_t, OperatorId::kSize>;

void appendInt(std::string& bytes, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(value >> shift));
}

class IdWalk {
 public:
  IdWalk(const StreamGraph& graph, const ChainingRules& rules) : graph_(graph), rules_(rules) {}

  Result<std::map<std::int32_t, OperatorId>> run() {
    std::deque<std::int32_t> remaining;
    std::set<std::int32_t> visited;
    for (const StreamNode& node : graph_.nodes) {
      if (!node.isSource) continue;
      remaining.push_back(node.id);
      visited.insert(node.id);
    }
    while (!remaining.empty()) {
      const StreamNode& node = graph_.node(remaining.front());
      remaining.pop_front();
      if (node.uid.empty() && !inputsKnown(node)) {
        visited.erase(node.id);  // another path leads here again once the missing input is known
        continue;
      }
      const Hash hash = node.uid.empty() ? positionHash(node) : murmur3(node.uid);
      if (!node.uid.empty()) FLINK_RETURN_IF_ERROR(checkUnique(node, hash));
      hashes_[node.id] = hash;
      for (const StreamEdge* edge : graph_.outEdges(node.id)) {
        if (visited.insert(edge->target).second) remaining.push_back(edge->target);
      }
    }
    return named();
  }

 private:
  bool inputsKnown(const StreamNode& node) const {
    for (const StreamEdge* edge : graph_.inEdges(node.id)) {
      if (!hashes_.contains(edge->source)) return false;
    }
    return true;
  }

  Hash positionHash(const StreamNode& node) const {
    const auto position = static_cast<std::uint32_t>(hashes_.size());
    std::string bytes;
    appendInt(bytes, position);
    for (const StreamEdge* edge : graph_.outEdges(node.id)) {
      if (rules_.isChainable(*edge)) appendInt(bytes, position);
    }
    Hash hash = murmur3(bytes);
    for (const StreamEdge* edge : graph_.inEdges(node.id)) {
      const Hash& input = hashes_.at(edge->source);
      for (std::size_t i = 0; i < hash.size(); ++i)
        hash[i] = static_cast<std::uint8_t>((hash[i] * 37U) ^ input[i]);
    }
    return hash;
  }

  Status checkUnique(const StreamNode& node, const Hash& hash) const {
    for (const auto& [id, other] : hashes_) {
      if (other != hash) continue;
      return {ErrorCode::kJobGraphInvalid, fmt::format("uid is not unique: uid={} operators={}, {}",
                                                       node.uid, graph_.node(id).name, node.name)};
    }
    return Status::ok();
  }

  Result<std::map<std::int32_t, OperatorId>> named() const {
    std::map<std::int32_t, OperatorId> ids;
    std::map<OperatorId, std::int32_t> taken;
    for (const auto& [id, hash] : hashes_) {
      const StreamNode& node = graph_.node(id);
      OperatorId operatorId(hash);
      if (!node.uidHash.empty()) {
        auto given = OperatorId::parse(node.uidHash);
        if (!given) {
          return {ErrorCode::kJobGraphInvalid,
                  fmt::format("uidHash is not 32 hex digits: uidHash={} operator={}", node.uidHash,
                              node.name)};
        }
        operatorId = *given;
      }
      const auto [other, fresh] = taken.emplace(operatorId, id);
      if (!fresh) {
        return {ErrorCode::kJobGraphInvalid,
                fmt::format("operator id is not unique: id={} operators={}, {}", operatorId.toHex(),
                            graph_.node(other->second).name, node.name)};
      }
      ids.emplace(id, operatorId);
    }
    return ids;
  }

  const StreamGraph& graph_;
  const ChainingRules& rules_;
  std::map<std::int32_t, Hash> hashes_;
};

}  // namespace

Result<std::map<std::int32_t, OperatorId>> operatorIdsOf(const StreamGraph& graph,
                                                         const ChainingRules& rules) {
  return IdWalk(graph, rules).run();
}

}  // namespace flink::graph
