#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error_codes.h"
#include "core/types/serializer.h"
#include "dataflow/operators/operator_failure.h"
#include "dataflow/operators/pending_commit.h"
#include "dataflow/operators/sink.h"
#include "dataflow/operators/sink_commits.h"

// Sinks that write in two phases (Flink's Sink V2): at a checkpoint the writers prepare
// committables, which are part of the checkpoint; once it is complete, the committer makes them
// take effect. Committables and writer states are serializable values.
namespace flink {

namespace operators {
template <class V>
std::vector<std::string> eraseAll(const std::vector<V>& values) {
  std::vector<std::string> bytes;
  for (const V& value : values) bytes.push_back(types::serialize(value));
  return bytes;
}
template <class V>
V restoreValue(const std::string& bytes) {
  V value{};
  throwIfError(types::deserialize(asBytes(bytes), value));
  return value;
}
}  // namespace operators

/// A committable and what became of it: committed, unless its committer says otherwise.
template <class CommT>
class CommitRequest {
 public:
  CommitRequest(CommT committable, operators::PendingCommit& pending)
      : committable_(std::move(committable)), pending_(&pending) {}

  [[nodiscard]] const CommT& getCommittable() const { return committable_; }
  /// How often retryLater() was called before.
  [[nodiscard]] int getNumberOfRetries() const { return pending_->retries; }

  /// It cannot be committed, and that is known to be harmless: it is logged and left out.
  void signalFailedWithKnownReason(std::string reason) {
    pending_->state = State::kFailed;
    pending_->reason = std::move(reason);
  }
  /// It cannot be committed: the job fails, and goes on from its latest checkpoint.
  [[noreturn]] void signalFailedWithUnknownReason(const std::string& reason) {
    throw operators::OperatorFailure(Status(ErrorCode::kSinkCommitFailed,
                                            "a committable cannot be committed: reason=" + reason));
  }
  /// Hands it over once more, at once; a few times, then the job fails.
  void retryLater() {
    pending_->state = State::kRetry;
    ++pending_->retries;
  }
  /// As retryLater(), with another value: what of it is left to commit.
  void updateAndRetryLater(const CommT& committable) {
    pending_->committable = types::serialize(committable);
    retryLater();
  }
  /// It was committed before, by an attempt that did not live to tell: counts as success.
  void signalAlreadyCommitted() { pending_->state = State::kAlreadyCommitted; }

 private:
  using State = operators::PendingCommit::State;
  CommT committable_;
  operators::PendingCommit* pending_;
};

/// Makes committables take effect. After failures some are committed again: that must do no harm.
/// Exceptions fail the job, which then goes on from its latest checkpoint. Thread: the task's step.
template <class CommT>
class Committer {
 public:
  virtual ~Committer() = default;
  /// Committables of one checkpoint and subtask.
  virtual void commit(std::vector<CommitRequest<CommT>>& requests) = 0;
  virtual void close() {}
};

/// A writer whose records take effect when they are committed.
template <class T, class CommT>
class CommittingSinkWriter : public virtual SinkWriter<T>,
                             public operators::ErasedCommittingWriter {
 public:
  /// The first phase, after flush(): what is to be committed once the checkpoint is complete. It
  /// must be as durable as the checkpoint.
  virtual std::vector<CommT> prepareCommit() = 0;

 private:
  std::vector<std::string> prepareErased() final { return operators::eraseAll(prepareCommit()); }
};

/// A writer with state of its own.
template <class T, class StateT>
class StatefulSinkWriter : public virtual SinkWriter<T>, public operators::ErasedStatefulWriter {
 public:
  /// After flush() and prepareCommit(): what a restored writer goes on from.
  virtual std::vector<StateT> snapshotState(std::int64_t checkpointId) = 0;

 private:
  std::vector<std::string> snapshotErased(std::int64_t checkpointId) final {
    return operators::eraseAll(snapshotState(checkpointId));
  }
};

/// What a committer may know of its task.
using CommitterInitContext = WriterInitContext;

/// A Sink with this has committers; its writers are CommittingSinkWriters.
template <class CommT>
class SupportsCommitter : public operators::ErasedCommitterFactory {
 public:
  virtual std::unique_ptr<Committer<CommT>> createCommitter(
      CommitterInitContext& context) const = 0;

 private:
  class Erased final : public operators::ErasedCommitter {
   public:
    explicit Erased(std::unique_ptr<Committer<CommT>> committer)
        : committer_(std::move(committer)) {}
    void commitErased(std::vector<operators::PendingCommit>& commits) override {
      std::vector<CommitRequest<CommT>> requests;
      requests.reserve(commits.size());
      for (operators::PendingCommit& commit : commits)
        requests.emplace_back(operators::restoreValue<CommT>(commit.committable), commit);
      committer_->commit(requests);
    }
    void closeErased() override { committer_->close(); }

   private:
    const std::unique_ptr<Committer<CommT>> committer_;
  };
  std::unique_ptr<operators::ErasedCommitter> createErased(
      CommitterInitContext& context) const final {
    return std::make_unique<Erased>(createCommitter(context));
  }
};

/// A Sink with this has writers that go on from their state; they are StatefulSinkWriters.
template <class T, class StateT>
class SupportsWriterState : public operators::ErasedWriterRestorer<T> {
 public:
  /// `states`: what snapshotState() gave, of one or more writers; never empty.
  virtual std::unique_ptr<StatefulSinkWriter<T, StateT>> restoreWriter(
      WriterInitContext& context, std::vector<StateT> states) const = 0;

 private:
  std::unique_ptr<SinkWriter<T>> restoreErased(WriterInitContext& context,
                                               const std::vector<std::string>& states) const final {
    std::vector<StateT> values;
    for (const std::string& state : states)
      values.push_back(operators::restoreValue<StateT>(state));
    return restoreWriter(context, std::move(values));
  }
};

/// The common case: a sink in two phases whose writers have no state of their own.
template <class T, class CommT>
class TwoPhaseCommittingSink : public Sink<T>, public SupportsCommitter<CommT> {};

}  // namespace flink
