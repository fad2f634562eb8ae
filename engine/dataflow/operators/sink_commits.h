#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/metrics/registry.h"
#include "dataflow/operators/operator.h"
#include "dataflow/operators/sink.h"

// The engine's side of sinks that commit (committing_sink.h): writers, states and committables with
// their types erased.
namespace flink::operators {

/// A committable on its way, serialized.
struct PendingCommit {
  enum class State : std::uint8_t { kReceived, kRetry, kFailed, kCommitted, kAlreadyCommitted };
  std::string committable;
  int retries = 0;
  State state = State::kReceived;
  std::string reason = {};  ///< of kFailed
};

class ErasedCommittingWriter {
 public:
  virtual ~ErasedCommittingWriter() = default;
  virtual std::vector<std::string> prepareErased() = 0;
};

class ErasedStatefulWriter {
 public:
  virtual ~ErasedStatefulWriter() = default;
  virtual std::vector<std::string> snapshotErased(std::int64_t checkpointId) = 0;
};

class ErasedCommitter {
 public:
  virtual ~ErasedCommitter() = default;
  /// One attempt: afterwards every commit has another state than kReceived.
  virtual void commitErased(std::vector<PendingCommit>& commits) = 0;
  virtual void closeErased() = 0;
};

/// A sink with committers.
class ErasedCommitterFactory {
 public:
  virtual ~ErasedCommitterFactory() = default;
  virtual std::unique_ptr<ErasedCommitter> createErased(WriterInitContext& context) const = 0;
};

/// A sink whose writers go on from what they stored.
template <class T>
class ErasedWriterRestorer {
 public:
  virtual ~ErasedWriterRestorer() = default;
  virtual std::unique_ptr<SinkWriter<T>> restoreErased(
      WriterInitContext& context, const std::vector<std::string>& states) const = 0;
};

/// Both phases of one subtask's sink. What the writer prepared is kept in operator state until its
/// checkpoint is complete and is committed then, checkpoint by checkpoint; what a restored
/// checkpoint has is committed again, because nobody knows whether it was. Without checkpoints, and
/// in batch jobs, the end of the input commits. Failures are thrown.
/// Thread: the task's step.
class SinkCommits {
 public:
  SinkCommits();
  ~SinkCommits();

  /// What the writer stored; empty: it starts afresh. Called once, before begin(), and only for
  /// sinks with a part in checkpoints.
  [[nodiscard]] std::vector<std::string> restoreWriterStates(OperatorContext& context);
  /// Commits what was restored. The writer's two sides may be null: it has none.
  void begin(ErasedCommittingWriter* committing, ErasedStatefulWriter* stateful,
             std::unique_ptr<ErasedCommitter> committer);

  /// The writer has been flushed.
  void snapshotState(state::SnapshotId id);
  void notifyComplete(state::SnapshotId id);
  /// The writer has been flushed for the last time.
  void finish();
  void close();

 private:
  struct Stored;
  struct Probe;
  void commitUpTo(state::SnapshotId id);
  void commit(std::vector<std::string> committables);

  bool active_ = false;
  bool checkpointed_ = false;
  state::SnapshotId restored_ = 0;
  std::unique_ptr<Stored> stored_;
  std::unique_ptr<Probe> probe_;
  ErasedCommittingWriter* committing_ = nullptr;
  ErasedStatefulWriter* stateful_ = nullptr;
  std::unique_ptr<ErasedCommitter> committer_;
  /// By the first checkpoint that has them.
  std::map<state::SnapshotId, std::vector<std::string>> prepared_;
};

}  // namespace flink::operators
