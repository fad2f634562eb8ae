#pragma once

#include <cstdint>

#include "dataflow/state/keyed_state_backend.h"
#include "dataflow/state/snapshot_part.h"
#include "dataflow/state/state_table.h"

namespace flink::state {

/// A keyed state of the hashmap backend: one table. The entry last found is remembered, so that
/// reading and then writing it is one search. Thread: one.
class HashMapColumn final : public StateColumn, public SnapshotPart {
 public:
  HashMapColumn(StateSpec spec, BlockHeader header, const KeyedBackendOptions& options,
                const CurrentKey& current);

  const void* find() override;
  void* findForUpdate() override;
  void* findOrCreate(bool& created) override;
  void erase() override;

  void prefetch(types::KeyHash hash) const override {
    if (!hasNamespaces()) table_.prefetch(hash);
  }
  [[nodiscard]] bool hasNamespaces() const { return spec().layout != StateLayout::kNoNamespace; }
  [[nodiscard]] StateTable& table() { return table_; }
  /// Looks at some entries and removes what has expired.
  void cleanUp();

  void startTracking() override { table_.startTracking(); }
  void beginSnapshot(SnapshotMode mode) override { table_.beginSnapshot(mode); }
  Result<bool> continueSnapshot(SnapshotSink& sink, std::size_t& budget) override;
  void stopSnapshot() override { table_.stopSnapshot(); }
  void confirmSnapshot() override { table_.confirmSnapshot(); }
  Status restore(BlockReader& block, EntryDecoder& entry) override;
  void finishRestore() override { table_.markAllKnown(); }
  [[nodiscard]] StateFigures figures() const override;
  [[nodiscard]] const BlockHeader& header() const override { return header_; }

 private:
  [[nodiscard]] Space space() const { return {currentNamespace(), 0}; }
  /// The entry at the current key and namespace.
  StateTable::Position locate();
  void remember(StateTable::Position at);
  /// What was found for the key at hand is still there. No cleanup then: handles that look at an
  /// entry and go on to change it must not lose it in between.
  [[nodiscard]] bool isRemembered() const {
    return foundEpoch_ == current_.epoch && foundVersion_ == table_.version() &&
           foundNamespace_ == currentNamespace();
  }
  void requireKey() const;

  const KeyedBackendOptions& options_;
  const CurrentKey& current_;
  BlockHeader header_;
  StateTable table_;
  int cleanupSize_;

  StateTable::Position found_;  ///< valid for these:
  std::uint64_t foundEpoch_ = 0;
  std::uint64_t foundVersion_ = 0;
  Namespace foundNamespace_;

  StateTable::Walk cleanupWalk_;
  std::uint32_t cleanupSlot_ = 0;
};

}  // namespace flink::state
