#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/protocol/job_graph.h"

namespace flink::graph {

/// kAlways joins its input's chain where the rules allow; kHead starts a chain; kNever stays alone.
enum class ChainingStrategy : std::uint8_t { kAlways, kHead, kNever };
/// `execution.runtime-mode`. kAutomatic is batch when every source is bounded.
enum class RuntimeMode : std::uint8_t { kStreaming, kBatch, kAutomatic };

/// What an operator has to do with the timestamps of its records. kKept: passes on those it gets; a
/// source: not known before it runs. kMissing: a source whose records have none. kAssigned: its
/// records have them. kRequired: the same, and it cannot take records without.
enum class Timestamps : std::uint8_t { kKept, kMissing, kAssigned, kRequired };

/// One operator of a program before chaining. No code: factories live with the API.
struct StreamNode {
  std::int32_t id = 0;
  std::string name;         ///< e.g. "Source: Sequence Source"
  std::string description;  ///< empty: the name
  /// Kind and record types; with the edges it makes the node's fingerprint.
  std::string signature;
  std::int32_t parallelism = 1;
  std::int32_t maxParallelism = -1;  ///< -1: the environment's, else computed
  bool parallel = true;              ///< false: only ever one subtask
  std::string uid;
  std::string uidHash;           ///< 32 hex digits; replaces the generated operator id
  std::string slotSharingGroup;  ///< empty: inherited from the inputs
  ChainingStrategy chaining = ChainingStrategy::kAlways;
  std::optional<std::int64_t> bufferTimeoutMs;
  bool isSource = false;
  bool isLegacySource = false;  ///< a SourceFunction with a thread of its own
  bool isSink = false;          ///< the plan's "Data Sink"
  bool bounded = true;          ///< sources only
  bool hasCoordinator = false;
  Timestamps timestamps = Timestamps::kKept;
  bool yielding = false;  ///< runs mail while it processes; never behind a legacy source
};

struct StreamEdge {
  std::int32_t source = 0;
  std::int32_t target = 0;
  std::int32_t input = 0;  ///< which input of the target; a union's edges share one
  std::string sideOutputTag;
  /// Empty: FORWARD between equal parallelisms, else REBALANCE.
  std::optional<protocol::ShipStrategy> shipStrategy;
};

/// What a program builds: operators and edges in the order of their creation. Ids grow, and an edge
/// leads from a lower to a higher id, so that the order of ids is topological.
struct StreamGraph {
  std::string jobName;
  std::vector<StreamNode> nodes;  ///< ascending ids
  std::vector<StreamEdge> edges;
  /// Groups that have a profile of their own.
  std::map<std::string, protocol::ResourceProfile> slotSharingProfiles;
  RuntimeMode runtimeMode = RuntimeMode::kStreaming;
  bool chainingEnabled = true;
  bool chainOperatorsWithDifferentMaxParallelism = true;
  std::int32_t maxParallelism = -1;
  std::int64_t bufferTimeoutMs = 100;
  std::int64_t autoWatermarkIntervalMs = 200;
  bool compressPipelined = false;
  bool compressBlocking = true;
  bool batchExchangesPipelined = false;  ///< execution.batch-shuffle-mode
  bool requireUids = false;              ///< pipeline.auto-generate-uids: false
  bool cascadingDescriptions = false;    ///< pipeline.vertex-description-mode
  bool vertexIndexPrefix = false;        ///< pipeline.vertex-name-include-index-prefix
  /// pipeline.jobvertex-parallelism-overrides: vertex id in hex → parallelism.
  std::map<std::string, std::int32_t> parallelismOverrides;

  /// REQUIRES: the node exists.
  [[nodiscard]] const StreamNode& node(std::int32_t id) const;
  [[nodiscard]] StreamNode& node(std::int32_t id);
  [[nodiscard]] bool contains(std::int32_t id) const;
  [[nodiscard]] std::vector<const StreamEdge*> inEdges(std::int32_t id) const;
  [[nodiscard]] std::vector<const StreamEdge*> outEdges(std::int32_t id) const;
};

/// The type of job that the runtime mode and the sources make.
[[nodiscard]] protocol::JobType jobTypeOf(const StreamGraph& graph);
/// The edge's strategy, or the default one.
[[nodiscard]] protocol::ShipStrategy shipStrategyOf(const StreamGraph& graph,
                                                    const StreamEdge& edge);
/// Each node's group after inheritance.
[[nodiscard]] std::map<std::int32_t, std::string> slotSharingGroupsOf(const StreamGraph& graph);

}  // namespace flink::graph
