#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/ids.h"

namespace flink::protocol {

/// How an edge's records reach the consumer's subtasks; the REST plan's `ship_strategy` in upper
/// case.
enum class ShipStrategy : std::uint8_t {
  kForward,
  kRebalance,
  kRescale,
  kHash,
  kBroadcast,
  kGlobal,
  kShuffle,
  kCustom
};
/// The REST plan's `exchange` in lower case.
enum class ExchangeType : std::uint8_t { kPipelinedBounded, kBlocking };

enum class JobType : std::uint8_t { kStreaming, kBatch };

/// Resources of one slot sharing group; absent fields mean "an equal share of the TaskManager".
struct ResourceProfile {
  double cpuCores = 0;
  std::int64_t taskHeapBytes = 0;
  std::int64_t taskOffHeapBytes = 0;
  std::int64_t managedBytes = 0;
  std::int64_t networkBytes = 0;
  friend bool operator==(const ResourceProfile&, const ResourceProfile&) = default;
};

/// One operator inside a vertex's chain. `streamNodeId` is its number in the program's StreamGraph:
/// a worker looks its factory up by it.
struct ChainedOperator {
  std::int32_t streamNodeId = 0;
  OperatorId id;
  std::string name;         ///< as in metrics: operator_name
  std::string uid;          ///< as the program gave it; empty: none
  std::string description;  ///< as in the plan
  /// Chained successors by streamNodeId (empty at the chain's ends).
  std::vector<std::int32_t> chainedOutputs;
  /// Side-output tag per chained output; empty text = main output. Same length as chainedOutputs.
  std::vector<std::string> chainedOutputTags;
  bool isSource = false;
  bool hasCoordinator = false;  ///< a split enumerator that runs beside subtask 0
};

/// An edge between vertices: one intermediate data set with exactly one consumer.
struct JobEdge {
  IntermediateDataSetId dataSet;
  JobVertexId source;
  JobVertexId target;
  std::int32_t sourceStreamNode = 0;  ///< the operator whose output this is
  std::int32_t targetStreamNode = 0;
  std::int32_t targetInput = 0;  ///< 0 = first input, 1 = second (connect), n (union keeps 0)
  std::string sideOutputTag;     ///< empty: main output
  ShipStrategy shipStrategy = ShipStrategy::kForward;
  ExchangeType exchange = ExchangeType::kPipelinedBounded;
  bool compressed = false;  ///< LZ4 on the wire or on disk
};

struct JobVertex {
  JobVertexId id;
  std::string name;
  std::string description;  ///< plan text, HTML-escaped with <br/>
  std::int32_t parallelism = 1;
  std::int32_t maxParallelism = 128;
  bool maxParallelismConfigured = false;
  std::string slotSharingGroup = "default";
  std::vector<ChainedOperator> operators;  ///< topological order, head first
  std::int64_t bufferTimeoutMs = 100;      ///< -1: only full buffers; 0: after every record
};

/// A named slot sharing group with a profile of its own.
struct SlotSharingGroup {
  std::string name;
  SlotSharingGroupId id;
  std::optional<ResourceProfile> profile;
};

/// What the workers need to run the same program again.
struct ProgramReference {
  BlobDigest library;
  std::string libraryName;  ///< file name for messages
  std::string entry;  ///< FLINK_JOB name when a library holds several (-c); empty: the only one
  std::vector<std::string> arguments;
  std::int32_t executeIndex = 0;  ///< the n-th execute() of the program made this graph
  std::int32_t defaultParallelism = 1;
  /// What env.getConfiguration() began with at the client, whomever the keys are for.
  std::map<std::string, std::string> configuration;
  std::map<std::string, std::string> onceValues;  ///< env.once results by name
  std::vector<std::string> earlierResults;  ///< encoded JobExecutionResult of execute() 0..n-1
  /// Where the job's relative paths begin: the client's directory; empty: there are none.
  std::string workingDirectory;
};

/// Fixed point between the client and the cluster: every number, name and collection of a job.
struct JobGraph {
  JobId id;
  std::string name;
  JobType type = JobType::kStreaming;
  std::vector<JobVertex> vertices;  ///< topological order
  std::vector<JobEdge> edges;
  std::vector<SlotSharingGroup> slotSharingGroups;
  ProgramReference program;
  /// xxh3-64 of the topology, per streamNodeId, in order: lets a worker name the first operator
  /// that differs.
  std::vector<std::pair<std::int32_t, std::uint64_t>> fingerprint;
  std::map<std::string, std::string> configuration;  ///< the job's own keys, over the cluster's
  std::map<std::string, std::string> globalJobParameters;
  std::int64_t autoWatermarkIntervalMs = 200;  ///< between two periodic watermarks; 0: none
  /// Elements of fromElements/fromCollection by streamNodeId, serialized.
  std::map<std::int32_t, std::string> collections;
  std::string planJson;         ///< REST `plan` without jid and name
  std::string streamGraphJson;  ///< REST `stream-graph`
  /// For `info` only; whoever submits a graph drops them.
  std::string executionPlanJson, planDot;
};

}  // namespace flink::protocol
