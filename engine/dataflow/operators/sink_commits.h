#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/metrics/registry.h"
#include "dataflow/operators/operator.h"
#include "dataflow/operators/sink.h"

// The engine's side of sinks that commit (committing_sink.h): writers, states and committables with
// their types erased.
namespace flink::operators {

struct PendingCommit;

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
  /// Commits what was restored. The writer's two sides and `committers` may be null: there are
  /// none.
  void begin(ErasedCommittingWriter* committing, ErasedStatefulWriter* stateful,
             const ErasedCommitterFactory* committers, WriterInitContext& context);

  /// The writer has been flushed.
  void snapshotState(state::SnapshotId id);
  void notifyComplete(state::SnapshotId id);
  /// The writer has been flushed for the last time.
  void finish();
  void close();

 private:
  class Active;
  std::unique_ptr<Active> active_;  ///< null: the sink has no part in checkpoints
};

}  // namespace flink::operators
