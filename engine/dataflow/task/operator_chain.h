#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "dataflow/network/network_environment.h"
#include "dataflow/operators/event_time_figures.h"
#include "dataflow/operators/operator_factory.h"
#include "dataflow/task/operator_states.h"
#include "dataflow/task/task.h"

namespace flink::task {

class TaskProbe;

/// The operators of one subtask, connected: tail to head each gets the receivers of its successors
/// and the writers of its edges. Thread: build on any thread, then the task's step. Lifetime: build
/// → open → batches → endGateInput for every gate → finish until true → close (also after
/// failures).
class OperatorChain {
 public:
  /// What the chain needs from its task besides the specification.
  struct Services {
    const operators::OperatorCatalog* catalog = nullptr;
    const TaskProbe* probe = nullptr;
    const Clock* clock = nullptr;
    FileSystem* files = nullptr;
    operators::ProcessingTimeService* processingTime = nullptr;
    Executor* executor = nullptr;
    std::function<void()> wake;
    std::function<bool()> cancelled;
    std::function<void(const OperatorId&, std::string)> sendToCoordinator;
    std::function<void(const std::string&, std::string)> setAccumulator;
    std::function<bool(const std::string&, std::vector<std::string>&)> collect;
  };

  /// `partitions` in the order of spec.outputs. Errors: kJobGraphInvalid, kFingerprintMismatch when
  /// program and graph do not fit. User constructors may throw.
  static Result<std::unique_ptr<OperatorChain>> build(
      const TaskSpec& spec,
      const std::vector<std::unique_ptr<network::ResultPartition>>& partitions,
      const Services& services);
  ~OperatorChain();
  OperatorChain(const OperatorChain&) = delete;
  OperatorChain& operator=(const OperatorChain&) = delete;

  /// Null when the chain begins with an operator that has inputs.
  [[nodiscard]] operators::SourceOperatorBase* source() const { return source_; }
  /// The head's name, for reports.
  [[nodiscard]] const std::string& headName() const { return nodes_.front()->context.operatorName; }
  [[nodiscard]] const std::string& nameOf(std::int32_t streamNode) const {
    return find(streamNode)->context.operatorName;
  }
  [[nodiscard]] operators::Receiver& inputOf(std::int32_t streamNode, int input) const;

  /// Loads what the operators start with, until `cancelled`. Before open(). Errors:
  /// OperatorStates::restore().
  Status restore(const checkpoint::TaskRestore& from, FileSystem& files,
                 const std::function<bool()>& cancelled);
  /// Tail first, so that an operator may emit while it opens.
  void open();

  // Snapshots (operator_chain_snapshots.cpp), one at a time being written: prepareSnapshot →
  // beginSnapshot → continueSnapshot until true → completeSnapshot; or dropSnapshot() in between.
  /// Lets the operators emit what belongs in front of the barrier and put what they keep themselves
  /// into operator state. REQUIRES: nothing is due of event time. User code may throw.
  void prepareSnapshot(const state::SnapshotContext& context);
  /// Fixes what belongs to the snapshot; nothing is processed between prepareSnapshot() and this.
  Status beginSnapshot(const state::SnapshotContext& context, state::SnapshotMode mode,
                       checkpoint::SnapshotWriter& writer);
  /// Writes about `maxEntries` entries; true once all are written.
  Result<bool> continueSnapshot(checkpoint::SnapshotWriter& writer, std::size_t maxEntries);
  /// What is acknowledged, made of what the writer stored.
  checkpoint::TaskSnapshot completeSnapshot(checkpoint::CheckpointId id,
                                            const checkpoint::TaskSnapshot& stored);
  /// The snapshot comes to nothing; its changes belong to the next one.
  void dropSnapshot(checkpoint::CheckpointId id);
  /// Tell the operators, too. User code may throw.
  void notifyCheckpointComplete(checkpoint::CheckpointId id);
  void notifyCheckpointAborted(checkpoint::CheckpointId id);
  [[nodiscard]] bool keepsKeyedState() const;
  /// Brings the metrics of what keyed states hold up to date.
  void publishStateFigures();
  /// Head first: sends on what operators buffer.
  void flush();
  /// Event time of an input that gates feed. The operator is told by advance().
  void processWatermark(std::int32_t streamNode, int input, types::Timestamp watermark);
  void processWatermarkStatus(std::int32_t streamNode, int input, bool idle);
  /// Lets operators do what event time made due, about `maxSteps` pieces of it; true once nothing
  /// is due. No records, ends or timers meanwhile.
  bool advance(std::size_t maxSteps);
  /// The source has emitted its last record: event time goes to its end.
  void endEventTime();
  /// The same at all edges of a chain that is not opened, because it had finished before.
  void endEdges();
  /// The gates of this input have ended.
  void endGateInput(std::int32_t streamNode, int input);
  /// Emits about `maxRecords` of what operators still hold after all gates ended; true once all are
  /// finished.
  bool finish(std::size_t maxRecords);
  /// Closes every operator whose open() began, whatever the others throw; returns the first
  /// failure.
  Status close();
  /// A coordinator's message; dropped when it is not for the source.
  void handleEvent(const OperatorId& op, const std::string& payload);

 private:
  class Gateway;
  struct Node {
    std::int32_t streamNode = 0;
    operators::OperatorContext context;
    /// Shared with the gauges, which a reporter may still read while the task goes.
    std::shared_ptr<operators::EventTimeFigures> eventTimeFigures =
        std::make_shared<operators::EventTimeFigures>();
    std::unique_ptr<Gateway> gateway;
    std::vector<std::unique_ptr<operators::Receiver>> edgeWriters;
    std::unique_ptr<OperatorStates> states;  ///< outlives the operator
    std::unique_ptr<operators::StreamOperator> op;
    std::vector<Node*> chainedTo;
    std::vector<network::ResultPartition*> partitions;
    bool announcedIdle = false;  ///< what its outputs were told last
    bool fedByGates = false;
    bool opened = false;
    bool inputEnded = false;
  };

  /// Event time that came from the gates and is not worked off.
  struct EventTimeWork {
    Node* node = nullptr;
    int input = 0;
    types::StreamElement element;
    bool begun = false;
  };

  OperatorChain() = default;
  void emitWatermark(Node& node, types::Timestamp watermark);
  void emitWatermarkStatus(Node& node, bool idle);
  [[nodiscard]] Node* find(std::int32_t streamNode) const;
  Status connect(Node& node, const ChainNode& chainNode, const TaskSpec& spec,
                 const std::vector<std::unique_ptr<network::ResultPartition>>& partitions,
                 const operators::OperatorCatalog& catalog);
  void fillContext(Node& node, const ChainNode& chainNode, const TaskSpec& spec,
                   const Services& services);

  std::vector<std::unique_ptr<Node>> nodes_;  // head first
  operators::SourceOperatorBase* source_ = nullptr;
  std::deque<EventTimeWork> eventTime_;
  bool batchMode_ = false;
  std::size_t finishing_ = 0;               // the first node that is not finished
  checkpoint::CheckpointId confirmed_ = 0;  // the newest checkpoint known to be complete
};

}  // namespace flink::task
