// StateTable's part in snapshots.
#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/check.h"
#include "dataflow/state/state_table.h"

namespace flink::state {

namespace {

constexpr std::uint32_t kSlots = TableShard::kGroupSlots;
/// Shards that nobody touches apply the log when it has become this long.
constexpr std::size_t kMaxLog = 64;
/// What looking at a shard costs, in entries: one per so many slots.
constexpr std::uint32_t kSlotsPerEntry = 512;

void spend(std::size_t& budget, std::size_t cost) {
  budget -= std::min(budget, cost);
}

}  // namespace

void StateTable::applyLog(TableShard& shard) {
  const std::uint64_t logStart = logEnd_ - log_.size();
  for (std::uint64_t i = std::max(shard.logPosition, logStart); i < logEnd_; ++i) {
    const Transition transition = log_[static_cast<std::size_t>(i - logStart)];
    for (std::uint32_t g = 0; g < shard.numGroups(); ++g) {
      TableShard::Group& group = shard.group(g);
      switch (transition) {
        case Transition::kBeginDelta:
          group.unconfirmed |= group.changed;
          group.changed = 0;
          group.pending = group.unconfirmed;
          break;
        case Transition::kBeginBase:
          group.unconfirmed |= group.changed;
          group.changed = 0;
          group.pending = 0xff;
          break;
        case Transition::kBeginComplete:
          group.pending = 0xff;
          break;
        case Transition::kStop:
          group.pending = 0;
          break;
        case Transition::kConfirm:
          group.unconfirmed = 0;
          break;
      }
    }
  }
  shard.logPosition = logEnd_;
}

void StateTable::append(Transition transition) {
  if (log_.size() >= kMaxLog) {
    for (Walk walk; !walk.atEnd(); walk.advance(directory_)) bringUpToDate(walk.shard(directory_));
    log_.clear();
  }
  log_.push_back(transition);
  ++logEnd_;
}

void StateTable::touchTracked(Position at) {
  bringUpToDate(*at.shard);
  TableShard::Group& group = at.shard->group(at.slot / kSlots);
  if ((group.pending & bitOf(at.slot)) != 0) copyEarly(at);
  group.changed |= bitOf(at.slot);
}

void StateTable::copyEarly(Position at) {
  builder_.addEntry(hash(at), key(at), space(at), value(at));
  TableShard::Group& group = at.shard->group(at.slot / kSlots);
  group.pending &= static_cast<std::uint8_t>(~bitOf(at.slot));
  if (pendingMode_ != SnapshotMode::kComplete) group.known |= bitOf(at.slot);
}

void StateTable::beginSnapshot(SnapshotMode mode) {
  FLINK_CHECK(!pendingMode_.has_value(), "a snapshot began before the last one was written");
  tracking_ = true;
  pendingMode_ = mode;
  walk_ = Walk();
  builder_.begin(mode == SnapshotMode::kDelta);
  removalBuilder_.begin(true);
  removalsWritten_ = 0;
  append(mode == SnapshotMode::kDelta  ? Transition::kBeginDelta
         : mode == SnapshotMode::kBase ? Transition::kBeginBase
                                       : Transition::kBeginComplete);
  pendingSince_ = logEnd_;
  if (mode == SnapshotMode::kComplete) return;
  std::vector<std::pair<types::KeyHash, std::string>>& older = removedUnconfirmed_.entries;
  if (older.empty()) {
    older.swap(removed_.entries);
  } else {
    std::move(removed_.entries.begin(), removed_.entries.end(), std::back_inserter(older));
    removed_.entries.clear();
  }
}

Result<bool> StateTable::writeRemovals(SnapshotSink& sink, std::size_t& budget) {
  if (pendingMode_ != SnapshotMode::kDelta) return true;
  const auto& removals = removedUnconfirmed_.entries;
  if (removalsWritten_ == removals.size()) return true;
  for (; removalsWritten_ < removals.size() && budget > 0; ++removalsWritten_, --budget) {
    const auto& [hash, keyAndSpace] = removals[removalsWritten_];
    removalBuilder_.addRemoval(hash, keyAndSpace);
  }
  const bool all = removalsWritten_ == removals.size();
  FLINK_RETURN_IF_ERROR(removalBuilder_.writeTo(sink, all));
  return all;
}

Result<bool> StateTable::continueSnapshot(SnapshotSink& sink, std::size_t& budget,
                                          std::optional<std::int64_t> expiredUpTo) {
  FLINK_ASSIGN_OR_RETURN(const bool removalsDone, writeRemovals(sink, budget));
  if (!removalsDone) return false;
  while (!walk_.atEnd()) {
    if (budget == 0) return false;
    TableShard& shard = walk_.shard(directory_);
    bringUpToDate(shard);
    // However small the budget is: one entry of the shard is written.
    spend(budget, std::min<std::size_t>(budget - 1, 1 + shard.numSlots() / kSlotsPerEntry));
    const bool whole = writeShard(shard, budget, expiredUpTo);
    FLINK_RETURN_IF_ERROR(builder_.writeTo(sink, false));
    if (!whole) return false;
    walk_.advance(directory_);
  }
  FLINK_RETURN_IF_ERROR(builder_.writeTo(sink, true));
  pendingMode_.reset();
  // The walk has brought every shard to this position at least.
  log_.erase(log_.begin(), log_.end() - static_cast<std::ptrdiff_t>(logEnd_ - pendingSince_));
  return true;
}

/// True when nothing of the shard is left. Always writes something.
bool StateTable::writeShard(TableShard& shard, std::size_t& budget,
                            std::optional<std::int64_t> expiredUpTo) {
  const bool numbered = pendingMode_ != SnapshotMode::kComplete;
  const auto dropExpired = expiredUpTo.has_value() ? layout_.value->dropExpired : nullptr;
  for (std::uint32_t g = 0; g < shard.numGroups(); ++g) {
    for (std::uint32_t i = 0; shard.group(g).pending != 0 && i < kSlots; ++i) {
      const Position at{&shard, g * kSlots + i};
      TableShard::Group& group = shard.group(g);
      if ((group.pending & bitOf(i)) == 0) continue;
      if (budget == 0) return false;
      group.pending &= static_cast<std::uint8_t>(~bitOf(i));
      if (!shard.isUsed(at.slot)) continue;
      --budget;
      if (dropExpired != nullptr && dropExpired(value(at), *expiredUpTo)) {
        erase(at);
        continue;
      }
      builder_.addEntry(hash(at), key(at), space(at), value(at));
      if (numbered) group.known |= bitOf(i);
    }
  }
  return true;
}

void StateTable::confirmSnapshot() {
  append(Transition::kConfirm);
  removedUnconfirmed_.entries.clear();
}

void StateTable::stopSnapshot() {
  if (!pendingMode_.has_value()) return;
  pendingMode_.reset();
  builder_.begin(false);
  removalBuilder_.begin(true);
  append(Transition::kStop);
}

Status StateTable::restore(EntryDecoder& entry, const BlockReader& block, std::int64_t nowMs,
                           const RestoreObserver& observer) {
  if (entry.removed()) {
    const Position at = find(entry.hash(), entry.key(), entry.space());
    if (at && observer.removing) observer.removing(at);
    if (at) erase(at);
    return Status::ok();
  }
  bool inserted = false;
  const Position at = findOrInsert(entry.hash(), entry.key(), entry.space(), inserted);
  if (!inserted) {
    if (observer.removing) observer.removing(at);
    layout_.value->destroy(value(at));
    layout_.value->construct(value(at));
  }
  types::ByteCursor& in = entry.value();
  if (!layout_.value->deserialize(in, value(at), {block.withTimes(), nowMs}) || in.remaining() != 0)
    return block.corrupt(in.error == nullptr ? "bytes left over" : in.error);
  if (observer.restored) observer.restored(at);
  return Status::ok();
}

void StateTable::markAllKnown() {
  forEach([](Position at) { at.shard->group(at.slot / kSlots).known |= bitOf(at.slot); });
}

void StateTable::handOverRemovals(Removals& removed, Removals& unconfirmed) {
  const auto append = [](Removals& to, Removals& from) {
    to.entries.insert(to.entries.end(), from.entries.begin(), from.entries.end());
  };
  append(removed, removed_);
  append(unconfirmed, removedUnconfirmed_);
  if (!tracking_) return;
  forEach([&](Position at) {
    if ((at.shard->group(at.slot / kSlots).known & bitOf(at.slot)) != 0 ||
        (pendingMode_.has_value() && pendingMode_ != SnapshotMode::kComplete))
      removed.entries.emplace_back(hash(at), builder_.keyAndSpace(key(at), space(at)));
  });
}

}  // namespace flink::state
