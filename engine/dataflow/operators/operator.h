#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/fs.h"
#include "core/base/ids.h"
#include "core/metrics/registry.h"
#include "core/types/key_group.h"
#include "core/types/stream_time.h"
#include "dataflow/operators/processing_time_service.h"
#include "dataflow/state/state_contexts.h"

namespace flink::state {
struct KeyOps;
}

namespace flink::operators {

/// Records that lie between two control events. The receiver may modify or move out of the records:
/// their owner reuses the objects (and so their heap buffers) for the next batch.
template <class T>
struct Batch {
  std::span<T> records;
  const types::KeyHash* keyHashes = nullptr;     ///< one per record on keyed inputs, else null
  const types::Timestamp* timestamps = nullptr;  ///< one per record; null: none has one
};

/// One input of an operator with its type erased; typed again by BatchReceiver.
class Receiver {
 public:
  virtual ~Receiver() = default;
  [[nodiscard]] virtual const std::type_info& recordType() const = 0;
};

/// Takes batches of T: one virtual call per operator and batch.
template <class T>
class BatchReceiver : public Receiver {
 public:
  virtual void process(Batch<T> batch) = 0;
  [[nodiscard]] const std::type_info& recordType() const final { return typeid(T); }
};

/// Carries an operator's messages to its coordinator (split enumerator).
class OperatorEventGateway {
 public:
  virtual ~OperatorEventGateway() = default;
  virtual void sendToCoordinator(std::string payload) = 0;
};

class EventTimeFigures;

/// Facts and services of one operator instance. Outlives the operator.
/// Thread: the task's step, unless said otherwise.
struct OperatorContext {
  JobId jobId;
  std::string jobName;
  std::string taskName;
  std::string operatorName;
  OperatorId operatorId;
  int subtaskIndex = 0;
  int parallelism = 1;
  int maxParallelism = 128;
  int attemptNumber = 0;
  bool batchMode = false;               ///< JobType::kBatch: keyed aggregates emit once, at the end
  bool checkpointed = false;            ///< the job's checkpoints are taken periodically
  std::int64_t managedMemoryBytes = 0;  ///< this operator's share; past it batch aggregates spill
  std::string temporaryDirectory;       ///< owned by the job; removed with it
  std::shared_ptr<metrics::MetricGroup> metrics;  ///< scope ...task.operator
  /// Counts the timers of the task that fired; null outside tasks.
  std::shared_ptr<metrics::Counter> firedTimers;
  EventTimeFigures* eventTime = nullptr;  ///< null outside tasks
  const std::map<std::string, std::string>* globalJobParameters = nullptr;
  const Clock* clock = nullptr;
  FileSystem* files = nullptr;
  Executor* executor = nullptr;
  /// Makes the executor step this task again. Thread: any.
  std::function<void()> wake;
  /// True once the task is being cancelled. Thread: any.
  std::function<bool()> cancelled;
  OperatorEventGateway* coordinator = nullptr;
  ProcessingTimeService* processingTime = nullptr;
  /// The operator's state, restored where there is something to restore.
  state::StateInitContext state;
  /// Time between two periodic watermarks; 0: none.
  std::int64_t autoWatermarkIntervalMs = 200;
  /// Pass event time on to every output, behind the records emitted so far. A watermark makes the
  /// operators of the same chain do all that it makes due before the call returns.
  std::function<void(types::Timestamp)> emitWatermark;
  std::function<void(bool idle)> emitWatermarkStatus;
  /// Publishes a final accumulator value under a name: a number as text, summed over the job.
  std::function<void(const std::string&, std::string)> setAccumulator;
  /// Sends records of a collect sink to the JobManager, which takes one bundle at a time: waits
  /// (Executor::await, as an emit without memory does) while the previous one is on its way. False:
  /// the task is being cancelled.
  std::function<bool(const std::string& collectId, std::vector<std::string>& records)> collect;
};

/// One operator instance inside a chain. No threads, no sockets; exceptions of user code pass
/// through and are caught once by the task. Lifetime: open → batches through its inputs → endInput
/// for each → finish until true → close (also after failures).
///
/// Event time: the task calls processWatermark with rising values per input; then advance() until
/// it returns true, before any other input. What advance() does is fire what is due and, at last,
/// context.emitWatermark().
///
/// Checkpoints: at a barrier the task calls flush(), snapshotState() and then writes the operator's
/// backends. Later, notifyCheckpointComplete() or, when it failed, notifyCheckpointAborted(); a
/// complete one stands for all that are older.
class StreamOperator {
 public:
  virtual ~StreamOperator() = default;
  /// The type of the keys whose state and timers the operator keeps; null: it keeps none.
  [[nodiscard]] virtual const state::KeyOps* stateKey() const { return nullptr; }
  /// Puts what the operator keeps beside its backends into operator state. It may still emit: that
  /// belongs in front of the barrier. Before open() never.
  virtual void snapshotState(const state::SnapshotContext& /*context*/) {}
  virtual void notifyCheckpointComplete(state::SnapshotId /*id*/) {}
  virtual void notifyCheckpointAborted(state::SnapshotId /*id*/) {}
  virtual void open(OperatorContext& context) = 0;
  [[nodiscard]] virtual int numInputs() const = 0;
  /// The receiver of input `index`. REQUIRES: index < numInputs().
  virtual Receiver& input(int index) = 0;
  /// Event time of input `index` reached `watermark`, or the input became idle or active.
  virtual void processWatermark(int index, types::Timestamp watermark) = 0;
  virtual void processWatermarkStatus(int index, bool idle) = 0;
  /// Does up to about `maxSteps` pieces of the work that event time made due; true once nothing is
  /// due.
  virtual bool advance(std::size_t maxSteps) = 0;
  /// No more records on input `index`.
  virtual void endInput(int /*index*/) {}
  /// Emits about `maxRecords` of what is left after all inputs ended; true once nothing is left.
  virtual bool finish(std::size_t /*maxRecords*/) { return true; }
  /// Sends on what the operator itself buffers (batched outputs); called when the task runs out of
  /// input.
  virtual void flush() {}
  virtual void close() {}
};

/// A chain's head without inputs.
class SourceOperatorBase : public StreamOperator {
 public:
  enum class Poll { kMore, kNothingNow, kEnd };
  /// Emits up to about `maxRecords`. kNothingNow: the operator calls context.wake() when there is
  /// more.
  virtual Poll poll(std::size_t maxRecords) = 0;
  /// A message of the coordinator.
  virtual void handleEvent(std::string_view payload) = 0;
  /// Called before snapshot `id`, until it returns true: then the coordinator has said what belongs
  /// to the snapshot, and the barrier goes out. Until then records are read as ever; the operator
  /// wakes the task when there is a reason to call again.
  virtual bool prepareSnapshot(state::SnapshotId /*id*/) { return true; }
  /// After snapshotState(): what the coordinator gave this subtask to store with the snapshot.
  virtual std::optional<std::string> takeCoordinatorSnapshot() { return std::nullopt; }
  [[nodiscard]] int numInputs() const final { return 0; }
  Receiver& input(int index) final;
  void processWatermark(int index, types::Timestamp watermark) final;
  void processWatermarkStatus(int index, bool idle) final;
  bool advance(std::size_t /*maxSteps*/) final { return true; }
};

/// Where an operator's outputs go: (side-output tag, receiver); empty tag = main output. Several
/// receivers of one tag each get every record.
using OperatorOutputs = std::vector<std::pair<std::string, Receiver*>>;

/// What a coordinator sees of its job. Thread: the coordinator's step.
struct CoordinatorContext {
  int parallelism = 1;  ///< of the source
  /// Of a batch job: a subtask may start only when an earlier one has ended and freed its slot.
  bool batchMode = false;
  const Clock* clock = nullptr;
  FileSystem* files = nullptr;
  Executor* executor = nullptr;
  ProcessingTimeService* processingTime = nullptr;  ///< callbacks run in the coordinator's step
  std::function<void(int subtask, std::string payload)> sendToSubtask;
  std::function<void()> wake;
};

/// Runs beside subtask 0 of its operator as a task of its own; deals out splits.
class OperatorCoordinator {
 public:
  virtual ~OperatorCoordinator() = default;
  /// Before open(): what takeCoordinatorSnapshot() of a reader had in the checkpoint that the job
  /// goes on from.
  virtual void restore(std::string /*snapshot*/) {}
  virtual void open(CoordinatorContext& context) = 0;
  virtual void handleEvent(int subtask, std::string_view payload) = 0;
  /// Called after wake(): work that is due (periodic discovery).
  virtual void poll() {}
  virtual void close() {}
};

}  // namespace flink::operators
