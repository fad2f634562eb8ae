#include "dataflow/operators/sink_commits.h"

#include <atomic>
#include <limits>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/base/log.h"
#include "core/types/serializer.h"
#include "dataflow/operators/operator_failure.h"
#include "dataflow/operators/pending_commit.h"
#include "dataflow/state/operator_state_backend.h"

namespace flink::operators {

namespace {

Logger kLog{"flink.operators.sink"};

/// Flink's default of sink.committer.retries.
constexpr int kMaxRetries = 10;

using Stamped = std::pair<std::int64_t, std::string>;  // checkpoint, committable

/// Flink's committer metrics.
struct Probe {
  explicit Probe(metrics::MetricGroup& group)
      : total(group.counter("totalCommittables")),
        successful(group.counter("successfulCommittables")),
        already(group.counter("alreadyCommittedCommittables")),
        failed(group.counter("failedCommittables")),
        retried(group.counter("retriedCommittables")),
        pending(std::make_shared<std::atomic<std::int64_t>>(0)) {
    group.gauge("pendingCommittables", [pending = pending] { return pending->load(); });
  }
  std::shared_ptr<metrics::Counter> total, successful, already, failed, retried;
  std::shared_ptr<std::atomic<std::int64_t>> pending;
};

}  // namespace

/// Of a sink with a part in checkpoints.
class SinkCommits::Active {
 public:
  explicit Active(OperatorContext& context)
      : probe_(*context.metrics),
        writers_(listState<std::string>(context, "writer_raw_states")),
        committables_(listState<Stamped>(context, "committer_raw_states")),
        checkpointed_(context.checkpointed),
        restored_(context.state.restoredCheckpointId.value_or(0)) {
    for (const auto& [checkpoint, committable] : committables_.get())
      prepared_[static_cast<state::SnapshotId>(checkpoint)].push_back(committable);
  }
  [[nodiscard]] std::vector<std::string> writerStates() const {
    std::vector<std::string> states;
    for (const std::string& state : writers_.get()) states.push_back(state);
    return states;
  }
  void begin(ErasedCommittingWriter* committing, ErasedStatefulWriter* stateful,
             std::unique_ptr<ErasedCommitter> committer);
  void snapshotState(state::SnapshotId id);
  void finish();
  void close();
  void commitUpTo(state::SnapshotId id);

 private:
  template <class V>
  static ListState<V> listState(OperatorContext& context, const char* name) {
    return valueOrThrow(context.state.operatorState->getListState(ListStateDescriptor<V>(name)));
  }
  void prepare(state::SnapshotId id);
  void commit(std::vector<std::string> committables);

  Probe probe_;
  ListState<std::string> writers_;
  ListState<Stamped> committables_;
  const bool checkpointed_;
  const state::SnapshotId restored_;
  ErasedCommittingWriter* committing_ = nullptr;
  ErasedStatefulWriter* stateful_ = nullptr;
  std::unique_ptr<ErasedCommitter> committer_;
  /// By the first checkpoint that has them.
  std::map<state::SnapshotId, std::vector<std::string>> prepared_;
};

SinkCommits::SinkCommits() = default;
SinkCommits::~SinkCommits() = default;

std::vector<std::string> SinkCommits::restoreWriterStates(OperatorContext& context) {
  active_ = std::make_unique<Active>(context);
  return active_->writerStates();
}
void SinkCommits::begin(ErasedCommittingWriter* committing, ErasedStatefulWriter* stateful,
                        const ErasedCommitterFactory* committers, WriterInitContext& context) {
  if (active_ == nullptr) return;
  active_->begin(committing, stateful,
                 committers == nullptr ? nullptr : committers->createErased(context));
}
void SinkCommits::snapshotState(state::SnapshotId id) {
  if (active_ != nullptr) active_->snapshotState(id);
}
void SinkCommits::notifyComplete(state::SnapshotId id) {
  if (active_ != nullptr) active_->commitUpTo(id);
}
void SinkCommits::finish() {
  if (active_ != nullptr) active_->finish();
}
void SinkCommits::close() {
  if (active_ != nullptr) active_->close();
}

void SinkCommits::Active::begin(ErasedCommittingWriter* committing, ErasedStatefulWriter* stateful,
                                std::unique_ptr<ErasedCommitter> committer) {
  committing_ = committing;
  stateful_ = stateful;
  committer_ = std::move(committer);
  if (committer_ != nullptr && committing_ == nullptr) {
    throw OperatorFailure(
        Status(ErrorCode::kInvalidArgument,
               "the sink has a committer, but its writer prepares nothing for it; derive the "
               "writer from flink::CommittingSinkWriter"));
  }
  if (!prepared_.empty()) commitUpTo(restored_);
}

void SinkCommits::Active::prepare(state::SnapshotId id) {
  std::vector<std::string> prepared = committing_->prepareErased();
  probe_.total->inc(static_cast<std::int64_t>(prepared.size()));
  *probe_.pending += static_cast<std::int64_t>(prepared.size());
  if (!prepared.empty()) prepared_[id] = std::move(prepared);
}

void SinkCommits::Active::snapshotState(state::SnapshotId id) {
  if (committing_ != nullptr) prepare(id);
  std::vector<Stamped> all;
  for (const auto& [checkpoint, committables] : prepared_) {
    for (const std::string& committable : committables)
      all.emplace_back(static_cast<std::int64_t>(checkpoint), committable);
  }
  committables_.update(std::move(all));
  if (stateful_ != nullptr)
    writers_.update(stateful_->snapshotErased(static_cast<std::int64_t>(id)));
}

void SinkCommits::Active::finish() {
  // With checkpoints the one behind the end of the input commits: before it is complete, the
  // records could come again.
  if (committing_ == nullptr || checkpointed_) return;
  constexpr auto kLast = std::numeric_limits<state::SnapshotId>::max();
  prepare(kLast);
  commitUpTo(kLast);
}

void SinkCommits::Active::close() {
  if (committer_ != nullptr) committer_->closeErased();
  committer_.reset();
}

void SinkCommits::Active::commitUpTo(state::SnapshotId id) {
  // Notifications may be lost: a complete checkpoint stands for all older ones. One checkpoint's
  // committables come to an end before the next one's turn.
  while (!prepared_.empty() && prepared_.begin()->first <= id) {
    commit(std::move(prepared_.begin()->second));
    prepared_.erase(prepared_.begin());
  }
}

void SinkCommits::Active::commit(std::vector<std::string> committables) {
  if (committer_ == nullptr) return;
  std::vector<PendingCommit> commits;
  for (std::string& committable : committables) commits.push_back({std::move(committable)});
  for (int retry = 0; !commits.empty() && retry <= kMaxRetries; ++retry) {
    for (PendingCommit& commit : commits) commit.state = PendingCommit::State::kReceived;
    committer_->commitErased(commits);
    std::erase_if(commits, [this](const PendingCommit& commit) {
      switch (commit.state) {
        case PendingCommit::State::kReceived:
        case PendingCommit::State::kCommitted:
          probe_.successful->inc();
          break;
        case PendingCommit::State::kAlreadyCommitted:
          probe_.already->inc();
          break;
        case PendingCommit::State::kFailed:
          probe_.failed->inc();
          FLINK_LOG(kLog, LogLevel::kWarn, "a committable is given up: reason=\"{}\"",
                    commit.reason);
          break;
        case PendingCommit::State::kRetry:
          probe_.retried->inc();
          return false;
      }
      *probe_.pending -= 1;
      return true;
    });
  }
  if (commits.empty()) return;
  throw OperatorFailure(
      Status(ErrorCode::kSinkCommitFailed,
             fmt::format("what the sink prepared cannot be committed: left={} retries={}",
                         commits.size(), kMaxRetries)));
}

}  // namespace flink::operators
