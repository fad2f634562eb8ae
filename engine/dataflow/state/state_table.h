#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "dataflow/state/block_builder.h"
#include "dataflow/state/shard_directory.h"
#include "dataflow/state/snapshot.h"
#include "dataflow/state/table_shard.h"

namespace flink::state {

/// Holds entries (key, space) → value in flat shards, types erased, and takes part in snapshots
/// while it is being changed: every entry has a bit that says whether it changed, and a snapshot
/// being written has a bit for every entry it still needs; such an entry is written just before it
/// is changed. Beginning, confirming and aborting a snapshot cost nothing per entry: they are
/// written into a log that each shard applies when it is next changed or visited.
/// Values move when their shard grows: pointers are valid until the next insertion or removal.
/// Thread: one.
class StateTable {
 public:
  /// A place of an entry, valid as long as version() stays the same.
  struct Position {
    TableShard* shard = nullptr;
    std::uint32_t slot = 0;
    explicit operator bool() const { return shard != nullptr; }
  };

  /// Who is told of what a restore does.
  struct RestoreObserver {
    std::function<void(Position)> restored;
    std::function<void(Position)> removing;  ///< also of entries that are about to be replaced
  };

  /// `header` describes the blocks that snapshots write. `fixed` is the namespace of all entries
  /// of a table whose kind has none.
  StateTable(const KeyOps& key, const ValueOps& value, SpaceKind kind, BlockHeader header,
             Namespace fixed = {});
  StateTable(const StateTable&) = delete;
  StateTable& operator=(const StateTable&) = delete;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::uint64_t version() const { return version_; }
  /// Tables, and what keys and values own beside (estimated from some of them).
  [[nodiscard]] std::size_t estimatedBytes() const;

  /// See TableShard::prefetch().
  [[gnu::always_inline]] void prefetch(types::KeyHash hash) const {
    directory_.shardOf(hash).prefetch(TableShard::innerHash(hash, Space(), layout_.spaceBytes));
  }
  [[nodiscard]] Position find(types::KeyHash hash, const void* key, const Space& space) const {
    TableShard& shard = directory_.shardOf(hash);
    const std::uint32_t slot =
        shard.find(TableShard::innerHash(hash, space, layout_.spaceBytes), key, space);
    return slot == TableShard::kNone ? Position{} : Position{&shard, slot};
  }
  /// The entry, made with a copy of the key and a constructed value where there was none. Either
  /// way it counts as changed.
  Position findOrInsert(types::KeyHash hash, const void* key, const Space& space, bool& inserted);
  /// To be called before an entry is changed.
  void touch(Position at) {
    if (tracking_) touchTracked(at);
  }
  void erase(Position at);

  [[nodiscard]] void* value(Position at) const {
    return at.shard->slot(at.slot) + layout_.valueOffset;
  }
  [[nodiscard]] const void* key(Position at) const {
    return at.shard->slot(at.slot) + layout_.keyOffset;
  }
  [[nodiscard]] Space space(Position at) const {
    return layout_.spaceBytes == 0 ? Space{fixed_, 0} : layout_.spaceOf(at.shard->slot(at.slot));
  }
  [[nodiscard]] types::KeyHash hash(Position at) const {
    return layout_.hashOf(at.shard->slot(at.slot));
  }

  using Walk = ShardDirectory<TableShard>::Walk;
  /// Calls visit(position) for all entries of one shard. `visit` may erase that entry, and change
  /// nothing else about the table.
  template <class Visit>
  void forEachInShard(TableShard& shard, Visit&& visit) {
    for (std::uint32_t i = 0; i < shard.numSlots(); ++i) {
      if (shard.isUsed(i)) visit(Position{&shard, i});
    }
  }
  /// The same for the whole table.
  template <class Visit>
  void forEach(Visit&& visit) {
    for (Walk walk; !walk.atEnd(); walk.advance(directory_)) {
      forEachInShard(walk.shard(directory_), visit);
    }
  }
  [[nodiscard]] const ShardDirectory<TableShard>& directory() const { return directory_; }

  // --- snapshots ---

  /// Begins to keep what deltas need.
  void startTracking() { tracking_ = true; }
  void beginSnapshot(SnapshotMode mode);
  [[nodiscard]] bool isSnapshotPending() const { return pendingMode_.has_value(); }
  /// Writes about `budget` entries, which is reduced by those written; true once none is left.
  /// What expired at `expiredUpTo` or before is left out and removed. REQUIRES: pending.
  Result<bool> continueSnapshot(SnapshotSink& sink, std::size_t& budget,
                                std::optional<std::int64_t> expiredUpTo);
  /// Gives up the pending snapshot, if there is one.
  void stopSnapshot();
  /// Changes up to the last beginning (of one that was not kComplete) are in a snapshot that deltas
  /// may build on. Until then every delta has them.
  void confirmSnapshot();
  /// Applies the decoder's entry. `nowMs`: last access of values that were written without one.
  /// Errors: kCorruptData.
  Status restore(EntryDecoder& entry, const BlockReader& block, std::int64_t nowMs,
                 const RestoreObserver& observer = {});
  /// Marks every entry as one that an earlier snapshot has.
  void markAllKnown();
  /// For a table that is given up: adds what deltas have to remove instead of it, everything that
  /// was ever written included.
  void handOverRemovals(Removals& removed, Removals& unconfirmed);

 private:
  /// What happens to every entry's bits.
  enum class Transition : std::uint8_t { kBeginDelta, kBeginBase, kBeginComplete, kStop, kConfirm };

  static constexpr std::uint32_t kMaxShardSlots = 12288;

  static std::uint8_t bitOf(std::uint32_t slot) {
    return static_cast<std::uint8_t>(1U << slot % TableShard::kGroupSlots);
  }
  void bringUpToDate(TableShard& shard) {
    if (shard.logPosition != logEnd_) applyLog(shard);
  }
  void applyLog(TableShard& shard);
  void append(Transition transition);
  void touchTracked(Position at);
  void copyEarly(Position at);
  [[nodiscard]] std::uint32_t innerHash(TableShard& shard, std::uint32_t slot) const;
  void makeRoom(types::KeyHash hash);
  void rebuild(types::KeyHash hash, std::uint32_t groups);
  bool split(types::KeyHash hash);
  void construct(std::byte* slot, types::KeyHash hash, const void* key, const Space& space);
  bool writeShard(TableShard& shard, std::size_t& budget, std::optional<std::int64_t> expiredUpTo);
  Result<bool> writeRemovals(SnapshotSink& sink, std::size_t& budget);

  SlotLayout layout_;
  BlockHeader header_;
  Namespace fixed_;
  ShardDirectory<TableShard> directory_;
  std::size_t size_ = 0;
  std::uint64_t version_ = 0;
  std::size_t slotBytes_ = 0;

  bool tracking_ = false;
  std::vector<Transition> log_;  ///< ends at logEnd_; older ones have been applied everywhere
  std::uint64_t logEnd_ = 0;
  std::uint64_t pendingSince_ = 0;  ///< log position after the pending snapshot's beginning
  std::optional<SnapshotMode> pendingMode_;
  Walk walk_;
  BlockBuilder builder_;
  BlockBuilder removalBuilder_;  ///< removals come before all entries
  Removals removed_;             ///< since the last snapshot began
  Removals removedUnconfirmed_;  ///< between the last confirmed snapshot and that
  std::size_t removalsWritten_ = 0;
};

}  // namespace flink::state
