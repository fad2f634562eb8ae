#include "dataflow/operators/committing_sink.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error_codes.h"
#include "dataflow/operators/factories.h"
#include "dataflow/operators/two_phase_commit_sink_function.h"
#include "tests/dataflow/operators/sink_attempts.h"

namespace flink::operators {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The world outside: what was committed, in order, and what committers say to each committable.
struct World {
  using Request = CommitRequest<std::string>;
  std::vector<std::string> committed;
  std::map<std::string, std::function<void(Request&)>> answers;
  std::vector<std::size_t> callSizes;
};

/// Committables are what was written between two checkpoints, joined.
class JoinSink final : public TwoPhaseCommittingSink<int, std::string>,
                       public SupportsWriterState<int, int> {
 public:
  explicit JoinSink(World& world) : world_(world) {}
  std::unique_ptr<SinkWriter<int>> createWriter(WriterInitContext& /*context*/) const override {
    return std::make_unique<Writer>();
  }
  std::unique_ptr<StatefulSinkWriter<int, int>> restoreWriter(
      WriterInitContext& /*context*/, std::vector<int> states) const override {
    auto writer = std::make_unique<Writer>();
    for (const int total : states) writer->total += total;
    return writer;
  }
  std::unique_ptr<Committer<std::string>> createCommitter(
      CommitterInitContext& /*context*/) const override {
    return std::make_unique<JoinCommitter>(world_);
  }

 private:
  class Writer final : public CommittingSinkWriter<int, std::string>,
                       public StatefulSinkWriter<int, int> {
   public:
    void write(const int& element, const Context& /*context*/) override {
      total += element;
      text += std::to_string(element);
    }
    void flush(bool endOfInput) override {
      if (endOfInput) text += "=" + std::to_string(total);
    }
    std::vector<std::string> prepareCommit() override {
      return text.empty() ? std::vector<std::string>()
                          : std::vector<std::string>{std::exchange(text, "")};
    }
    std::vector<int> snapshotState(std::int64_t /*checkpointId*/) override { return {total}; }
    int total = 0;
    std::string text;
  };
  class JoinCommitter final : public Committer<std::string> {
   public:
    explicit JoinCommitter(World& world) : world_(world) {}
    void commit(std::vector<CommitRequest<std::string>>& requests) override {
      world_.callSizes.push_back(requests.size());
      for (auto& request : requests) {
        const auto answer = world_.answers.find(request.getCommittable());
        if (answer == world_.answers.end())
          world_.committed.push_back(request.getCommittable());
        else
          answer->second(request);
      }
    }

   private:
    World& world_;
  };
  World& world_;
};

class CommittingSinkTest : public ::testing::Test {
 protected:
  void start(const std::optional<OperatorBlocks>& from = {}, bool checkpointed = true) {
    sink_.start(*makeSinkFactory<int>(std::make_shared<JoinSink>(world_)), from, checkpointed);
  }
  World world_;
  SinkAttempts sink_;
};

TEST_F(CommittingSinkTest, CommitsWhenTheCheckpointIsCompleteAndThatStandsForOlderOnes) {
  start();
  sink_.write<int>({1, 2});
  sink_.snapshot(1);
  sink_.write<int>({3});
  sink_.snapshot(2);
  sink_.write<int>({4});
  sink_.snapshot(3);
  EXPECT_THAT(world_.committed, IsEmpty());
  sink_.complete(2);  // nobody heard of 1
  EXPECT_THAT(world_.committed, ElementsAre("12", "3"));
  sink_.complete(3);
  sink_.complete(3);
  EXPECT_THAT(world_.committed, ElementsAre("12", "3", "4"));
}

TEST_F(CommittingSinkTest, AbortedCheckpointsCommittablesBelongToTheNextOne) {
  start();
  sink_.write<int>({1});
  sink_.snapshot(1);
  sink_.write<int>({2});
  const OperatorBlocks second = sink_.snapshot(2);
  start(second);
  EXPECT_THAT(world_.committed, ElementsAre("1", "2"));
}

TEST_F(CommittingSinkTest, RestoreCommitsAgainAndWriterGoesOn) {
  start();
  sink_.write<int>({1, 2});
  const OperatorBlocks first = sink_.snapshot(1);
  sink_.complete(1);
  sink_.write<int>({9});  // lost with the attempt
  world_.answers["12"] = [](World::Request& request) { request.signalAlreadyCommitted(); };
  start(first);
  EXPECT_THAT(world_.committed, ElementsAre("12"));
  sink_.write<int>({3});
  sink_.finish();
  sink_.snapshot(2);
  EXPECT_THAT(world_.committed, ElementsAre("12")) << "the end waits for the last checkpoint";
  sink_.complete(2);
  EXPECT_THAT(world_.committed, ElementsAre("12", "3=6"));
}

TEST_F(CommittingSinkTest, WithoutCheckpointsTheEndOfTheInputCommits) {
  start({}, false);
  sink_.write<int>({1});
  EXPECT_THAT(world_.committed, IsEmpty());
  sink_.finish();
  EXPECT_THAT(world_.committed, ElementsAre("1=1"));
}

TEST_F(CommittingSinkTest, RetriesComeToAnEndBeforeTheNextCheckpointsTurn) {
  world_.answers["1"] = [this](World::Request& request) {
    if (request.getNumberOfRetries() < 3) return request.retryLater();
    world_.committed.push_back("1 at last");
  };
  world_.answers["2"] = [](World::Request& request) { request.updateAndRetryLater("2b"); };
  start();
  sink_.write<int>({1});
  sink_.snapshot(1);
  sink_.write<int>({2});
  sink_.snapshot(2);
  sink_.complete(2);
  EXPECT_THAT(world_.committed, ElementsAre("1 at last", "2b"));
}

TEST_F(CommittingSinkTest, EndlessRetriesFailTheTaskAndTheCommittableIsStillThereAfterwards) {
  world_.answers["1"] = [](World::Request& request) { request.retryLater(); };
  start();
  sink_.write<int>({1});
  const OperatorBlocks first = sink_.snapshot(1);
  try {
    sink_.complete(1);
    FAIL() << "nothing was noticed";
  } catch (const OperatorFailure& failure) {
    EXPECT_EQ(failure.status().code(), ErrorCode::kSinkCommitFailed);
  }
  EXPECT_EQ(world_.callSizes.size(), 11U) << "one attempt and ten retries";
  world_.answers.clear();
  start(first);
  EXPECT_THAT(world_.committed, ElementsAre("1"));
}

TEST_F(CommittingSinkTest, KnownReasonsLeaveACommittableOutUnknownOnesFail) {
  world_.answers["1"] = [](World::Request& request) {
    request.signalFailedWithKnownReason("expired");
  };
  world_.answers["2"] = [](World::Request& request) {
    request.signalFailedWithUnknownReason("who knows");
  };
  start();
  sink_.write<int>({1});
  sink_.snapshot(1);
  sink_.complete(1);
  EXPECT_THAT(world_.committed, IsEmpty());
  sink_.write<int>({2});
  sink_.snapshot(2);
  EXPECT_THROW(sink_.complete(2), OperatorFailure);
}

/// A transaction is a name; what is in it is outside.
struct Transaction {
  std::string name;
};
struct Ledger {
  std::map<std::string, std::vector<int>> open;
  std::set<std::string> preCommitted, aborted;
  std::vector<int> committed;
  int begun = 0;
  bool commitFails = false;
};

class LedgerSink final : public TwoPhaseCommitSinkFunction<int, Transaction> {
 public:
  explicit LedgerSink(Ledger& ledger) : ledger_(&ledger) {}

 protected:
  void invoke(Transaction& transaction, const int& value) override {
    ledger_->open[transaction.name].push_back(value);
  }
  Transaction beginTransaction() override { return {"t" + std::to_string(++ledger_->begun)}; }
  void preCommit(Transaction& transaction) override {
    ledger_->preCommitted.insert(transaction.name);
  }
  void commit(Transaction& transaction) override {
    if (ledger_->commitFails) throw std::runtime_error("no connection");
    const auto found = ledger_->open.find(transaction.name);
    if (found == ledger_->open.end()) return;  // committed before
    ledger_->committed.insert(ledger_->committed.end(), found->second.begin(), found->second.end());
    ledger_->open.erase(found);
  }
  void abort(Transaction& transaction) override {
    ledger_->open.erase(transaction.name);
    ledger_->aborted.insert(transaction.name);
  }

 private:
  Ledger* ledger_;
};

class TwoPhaseCommitSinkFunctionTest : public ::testing::Test {
 protected:
  void start(const std::optional<OperatorBlocks>& from = {}) {
    sink_.start(*makeSinkFunctionFactory<int>(LedgerSink(ledger_)), from);
  }
  Ledger ledger_;
  SinkAttempts sink_;
};

TEST_F(TwoPhaseCommitSinkFunctionTest, CommitsUpToTheCompleteCheckpoint) {
  start();
  sink_.write<int>({1});
  sink_.snapshot(1);
  sink_.write<int>({2});
  sink_.snapshot(2);
  sink_.write<int>({3});
  EXPECT_THAT(ledger_.committed, IsEmpty());
  sink_.complete(2);
  EXPECT_THAT(ledger_.committed, ElementsAre(1, 2));
  sink_.close();
  EXPECT_THAT(ledger_.committed, ElementsAre(1, 2));
  EXPECT_THAT(ledger_.aborted, ElementsAre("t3")) << "what was open when the task ended";
}

TEST_F(TwoPhaseCommitSinkFunctionTest, RestoreCommitsWhatWasPreparedAndAbortsWhatWasOpen) {
  start();
  sink_.write<int>({1});
  const OperatorBlocks first = sink_.snapshot(1);
  sink_.write<int>({2});
  start(first);
  EXPECT_THAT(ledger_.committed, ElementsAre(1));
  EXPECT_THAT(ledger_.aborted, ElementsAre("t2"));
  start(first);
  EXPECT_THAT(ledger_.committed, ElementsAre(1)) << "once";
}

TEST_F(TwoPhaseCommitSinkFunctionTest, TheLastCheckpointCommitsTheEnd) {
  start();
  sink_.write<int>({1});
  sink_.finish();
  sink_.snapshot(1);
  EXPECT_EQ(ledger_.begun, 1) << "no transaction is begun that nobody would end";
  sink_.complete(1);
  sink_.close();
  EXPECT_THAT(ledger_.committed, ElementsAre(1));
  EXPECT_THAT(ledger_.aborted, IsEmpty());
}

TEST_F(TwoPhaseCommitSinkFunctionTest, FailedCommitsFailTheTaskAndComeAgain) {
  start();
  sink_.write<int>({1});
  const OperatorBlocks first = sink_.snapshot(1);
  ledger_.commitFails = true;
  EXPECT_THROW(sink_.complete(1), std::runtime_error);
  ledger_.commitFails = false;
  start(first);
  EXPECT_THAT(ledger_.committed, ElementsAre(1));
}

}  // namespace
}  // namespace flink::operators
