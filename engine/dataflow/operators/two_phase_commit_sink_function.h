#pragma once

#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "dataflow/operators/checkpointed_function.h"
#include "dataflow/operators/runtime_state.h"
#include "dataflow/operators/sink.h"

namespace flink {

/// Of a TwoPhaseCommitSinkFunction that keeps nothing but transactions.
struct NoUserContext {};

/// What a TwoPhaseCommitSinkFunction stores.
template <class Txn, class UserContext>
struct TwoPhaseCommitState {
  std::optional<Txn> pendingTransaction;
  std::vector<Txn> pendingCommitTransactions;
  std::optional<UserContext> context;
};

/// The classic way to end exactly once, for addSink(): a transaction is open between two
/// checkpoints, is pre-committed with the second one and committed once that is complete. After a
/// failure what was pre-committed is committed again and what was open is aborted, so that both
/// must do no harm when they come twice. Without checkpoints nothing is ever committed (as in
/// Flink). New sinks: flink::TwoPhaseCommittingSink. `Txn` and `UserContext` are serializable
/// values.
template <class In, class Txn, class UserContext = NoUserContext>
class TwoPhaseCommitSinkFunction : public RichSinkFunction<In>,
                                   public CheckpointedFunction,
                                   public CheckpointListener {
 public:
  void invoke(const In& value) final { invoke(*current_, value); }

  void initializeState(FunctionInitializationContext& context) override {
    state_ = context.getOperatorStateStore().getListState(ListStateDescriptor<State>("state"));
    if (context.isRestored()) {
      for (const State& stored : state_.get()) recover(stored);
    }
    if (!userContext_) userContext_ = initializeUserContext();
    current_ = beginTransaction();
  }

  void snapshotState(FunctionSnapshotContext& context) override {
    if (current_) {
      preCommit(*current_);
      pending_[context.getCheckpointId()].push_back(std::move(*current_));
      current_.reset();
    }
    if (!finished_) current_ = beginTransaction();
    State stored;
    stored.pendingTransaction = current_;
    for (const auto& [checkpoint, transactions] : pending_) {
      stored.pendingCommitTransactions.insert(stored.pendingCommitTransactions.end(),
                                              transactions.begin(), transactions.end());
    }
    stored.context = userContext_;
    std::vector<State> states;
    states.push_back(std::move(stored));
    state_.update(std::move(states));
  }

  void notifyCheckpointComplete(std::int64_t checkpointId) override {
    // Notifications may be lost: a complete checkpoint stands for all older ones. Each transaction
    // gets its attempt; the first failure counts.
    std::exception_ptr failure;
    while (!pending_.empty() && pending_.begin()->first <= checkpointId) {
      for (Txn& transaction : pending_.begin()->second) {
        try {
          commit(transaction);
        } catch (...) {
          if (!failure) failure = std::current_exception();
        }
      }
      pending_.erase(pending_.begin());
    }
    if (failure) std::rethrow_exception(failure);
  }

  void finish() override {
    finished_ = true;
    if (current_) finishProcessing(*current_);
  }
  void close() override {
    if (current_) abort(*current_);
    current_.reset();
  }

 protected:
  /// Writes a value into the transaction that is open.
  virtual void invoke(Txn& transaction, const In& value) = 0;
  virtual Txn beginTransaction() = 0;
  /// Makes what the transaction has so durable that commit() cannot fail for good any more. Nothing
  /// is written into it afterwards.
  virtual void preCommit(Txn& transaction) = 0;
  /// Makes it take effect. What throws here fails the job; after the restart it is committed again.
  virtual void commit(Txn& transaction) = 0;
  virtual void abort(Txn& transaction) = 0;
  /// Of what a checkpoint has as pre-committed.
  virtual void recoverAndCommit(Txn& transaction) { commit(transaction); }
  /// Of what was open at a checkpoint.
  virtual void recoverAndAbort(Txn& transaction) { abort(transaction); }
  /// After the last value, before preCommit().
  virtual void finishProcessing(Txn& /*transaction*/) {}
  /// Called when no checkpoint has one.
  virtual std::optional<UserContext> initializeUserContext() { return std::nullopt; }
  /// `handled`: the transactions that were just committed or aborted.
  virtual void finishRecoveringContext(const std::vector<Txn>& /*handled*/) {}

  [[nodiscard]] const std::optional<UserContext>& getUserContext() const { return userContext_; }
  /// REQUIRES: initializeState() was called, finish() was not.
  [[nodiscard]] Txn& currentTransaction() { return *current_; }

 private:
  using State = TwoPhaseCommitState<Txn, UserContext>;

  void recover(const State& stored) {
    userContext_ = stored.context;
    std::vector<Txn> handled = stored.pendingCommitTransactions;
    for (Txn& transaction : handled) recoverAndCommit(transaction);
    if (stored.pendingTransaction) {
      handled.push_back(*stored.pendingTransaction);
      recoverAndAbort(handled.back());
    }
    finishRecoveringContext(handled);
  }

  ListState<State> state_;
  std::optional<UserContext> userContext_;
  std::optional<Txn> current_;
  std::map<std::int64_t, std::vector<Txn>> pending_;  // by the checkpoint that has them first
  bool finished_ = false;
};

}  // namespace flink
