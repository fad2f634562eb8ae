#include "dataflow/operators/sink_commits.h"

#include <atomic>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/base/log.h"
#include "core/types/serializer.h"
#include "dataflow/operators/operator_failure.h"
#include "dataflow/state/operator_state_backend.h"

namespace flink::operators {

namespace {

Logger kLog{"flink.operators.sink"};

/// Flink's default of sink.committer.retries.
constexpr int kMaxRetries = 10;

using Stamped = std::pair<std::int64_t, std::string>;  // checkpoint, committable

}  // namespace

struct SinkCommits::Stored {
  ListState<std::string> writers;
  ListState<Stamped> committables;
};

/// Flink's committer metrics.
struct SinkCommits::Probe {
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

SinkCommits::SinkCommits() = default;
SinkCommits::~SinkCommits() = default;

std::vector<std::string> SinkCommits::restoreWriterStates(OperatorContext& context) {
  active_ = true;
  checkpointed_ = context.checkpointed;
  restored_ = context.state.restoredCheckpointId.value_or(0);
  probe_ = std::make_unique<Probe>(*context.metrics);
  state::OperatorStateBackend& backend = *context.state.operatorState;
  stored_ = std::make_unique<Stored>(Stored{
      valueOrThrow(backend.getListState(ListStateDescriptor<std::string>("writer_raw_states"))),
      valueOrThrow(backend.getListState(ListStateDescriptor<Stamped>("committer_raw_states")))});
  std::vector<std::string> states;
  for (const std::string& state : stored_->writers.get()) states.push_back(state);
  for (const auto& [checkpoint, committable] : stored_->committables.get())
    prepared_[static_cast<state::SnapshotId>(checkpoint)].push_back(committable);
  return states;
}

void SinkCommits::begin(ErasedCommittingWriter* committing, ErasedStatefulWriter* stateful,
                        std::unique_ptr<ErasedCommitter> committer) {
  if (!active_) return;
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

void SinkCommits::snapshotState(state::SnapshotId id) {
  if (!active_) return;
  if (committing_ != nullptr) {
    std::vector<std::string> prepared = committing_->prepareErased();
    probe_->total->inc(static_cast<std::int64_t>(prepared.size()));
    *probe_->pending += static_cast<std::int64_t>(prepared.size());
    if (!prepared.empty()) prepared_[id] = std::move(prepared);
  }
  std::vector<Stamped> all;
  for (const auto& [checkpoint, committables] : prepared_) {
    for (const std::string& committable : committables)
      all.emplace_back(static_cast<std::int64_t>(checkpoint), committable);
  }
  stored_->committables.update(std::move(all));
  if (stateful_ != nullptr)
    stored_->writers.update(stateful_->snapshotErased(static_cast<std::int64_t>(id)));
}

void SinkCommits::notifyComplete(state::SnapshotId id) {
  if (active_) commitUpTo(id);
}

void SinkCommits::finish() {
  // With checkpoints the one behind the end of the input commits: before it is complete, the
  // records could come again.
  if (!active_ || committing_ == nullptr || checkpointed_) return;
  constexpr auto kLast = std::numeric_limits<state::SnapshotId>::max();
  std::vector<std::string> prepared = committing_->prepareErased();
  probe_->total->inc(static_cast<std::int64_t>(prepared.size()));
  *probe_->pending += static_cast<std::int64_t>(prepared.size());
  if (!prepared.empty()) prepared_[kLast] = std::move(prepared);
  commitUpTo(kLast);
}

void SinkCommits::close() {
  if (committer_ != nullptr) committer_->closeErased();
  committer_.reset();
}

void SinkCommits::commitUpTo(state::SnapshotId id) {
  // Notifications may be lost: a complete checkpoint stands for all older ones. One checkpoint's
  // committables come to an end before the next one's turn.
  while (!prepared_.empty() && prepared_.begin()->first <= id) {
    commit(std::move(prepared_.begin()->second));
    prepared_.erase(prepared_.begin());
  }
}

void SinkCommits::commit(std::vector<std::string> committables) {
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
          probe_->successful->inc();
          break;
        case PendingCommit::State::kAlreadyCommitted:
          probe_->already->inc();
          break;
        case PendingCommit::State::kFailed:
          probe_->failed->inc();
          FLINK_LOG(kLog, LogLevel::kWarn, "a committable is given up: reason=\"{}\"",
                    commit.reason);
          break;
        case PendingCommit::State::kRetry:
          probe_->retried->inc();
          return false;
      }
      *probe_->pending -= 1;
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
