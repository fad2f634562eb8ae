#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

#include "api/datastream/execution_config.h"
#include "api/datastream/slot_sharing_group.h"
#include "cluster/protocol/job_graph.h"
#include "dataflow/operators/operator_factory.h"

namespace flink::graph {
enum class Timestamps : std::uint8_t;
struct StreamGraph;
struct StreamNode;
}  // namespace flink::graph

namespace flink::datastream {

/// An output of an operator together with how its records reach whoever reads it next.
struct StreamOutput {
  std::int32_t node = 0;
  std::string tag;  ///< of a side output; empty: the main one
  std::optional<protocol::ShipStrategy> shipStrategy;
  std::shared_ptr<const operators::EdgeCodec> codec;
};
/// What one input reads: several outputs after a union.
using StreamOutputs = std::vector<StreamOutput>;

/// Roles differ in how names are shown: "Source: x", "Sink: x", and "x: Writer" for a Sink's
/// writer.
enum class OperatorRole : std::uint8_t { kOperator, kSource, kSink, kSinkWriter };

/// One operator to add. `kind` and the record types make its fingerprint.
struct OperatorSpec {
  std::string name;
  std::string_view kind;
  std::vector<const std::type_info*> types;
  std::shared_ptr<const operators::OperatorFactory> factory;
  OperatorRole role = OperatorRole::kOperator;
  bool parallel = true;
  bool bounded = true;  ///< sources only
  bool legacySource = false;
  bool hasCoordinator = false;
};

/// What a program has built so far: topology and code side by side, untyped.
/// Thread: the program's.
/// Lifetime: shared by the environment, its streams and, in a worker, the operator catalog.
class ProgramGraph {
 public:
  ProgramGraph();
  ~ProgramGraph();
  ProgramGraph(const ProgramGraph&) = delete;
  ProgramGraph& operator=(const ProgramGraph&) = delete;

  [[nodiscard]] ExecutionConfig& config() { return config_; }

  /// Returns the new operator's id; `inputs` by input index.
  std::int32_t add(OperatorSpec spec, const std::vector<StreamOutputs>& inputs = {});
  /// Partitioning, unions and side outputs take an id too, so that operators are numbered as in
  /// Flink.
  void skipIds(std::int32_t count = 1) { nextId_ += count; }

  // Setters of one operator. Throw FlinkException naming it.
  void setName(std::int32_t node, std::string name);
  void setDescription(std::int32_t node, std::string description);
  void setUid(std::int32_t node, std::string uid);
  void setUidHash(std::int32_t node, std::string uidHash);
  void setParallelism(std::int32_t node, std::int32_t parallelism);
  void setMaxParallelism(std::int32_t node, std::int32_t maxParallelism);
  void setBufferTimeout(std::int32_t node, std::int64_t timeoutMs);
  void setSlotSharingGroup(std::int32_t node, const SlotSharingGroup& group);
  void setTimestamps(std::int32_t node, graph::Timestamps timestamps);
  void startNewChain(std::int32_t node);
  void disableChaining(std::int32_t node);

  /// Names the records of one executeAndCollect(), the same in every run of the program.
  [[nodiscard]] std::string nextCollectId();

  /// Elements of a collection source; workers replace them by those of the JobGraph.
  void setCollection(std::int32_t node, std::shared_ptr<std::string> elements);
  [[nodiscard]] const std::map<std::int32_t, std::shared_ptr<std::string>>& collections() const {
    return collections_;
  }

  /// True when operators were added since the last takePending().
  [[nodiscard]] bool hasPending() const { return !pending_.empty(); }
  /// The operators added since the last takePending() and everything they read from.
  [[nodiscard]] graph::StreamGraph pending() const;
  void clearPending() { pending_.clear(); }

  [[nodiscard]] const operators::OperatorFactory* operatorFactory(std::int32_t node) const;
  [[nodiscard]] const operators::EdgeCodec* edgeCodec(std::int32_t source, std::int32_t target,
                                                      std::int32_t input,
                                                      std::string_view tag) const;

 private:
  struct Edge {
    StreamOutput from;
    std::int32_t target = 0;
    std::int32_t input = 0;
  };
  struct State;

  void connect(const StreamOutput& from, std::int32_t target, std::int32_t input);
  [[nodiscard]] graph::StreamNode& node(std::int32_t id);

  ExecutionConfig config_;
  std::int32_t nextId_ = 1;
  std::int32_t numCollects_ = 0;
  std::unique_ptr<State> state_;
  std::vector<Edge> edges_;
  std::vector<std::int32_t> pending_;
  std::map<std::int32_t, std::shared_ptr<std::string>> collections_;
};

}  // namespace flink::datastream
