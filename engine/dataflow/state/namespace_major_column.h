#pragma once

#include <map>
#include <memory>
#include <vector>

#include "dataflow/state/keyed_state_backend.h"
#include "dataflow/state/snapshot_part.h"
#include "dataflow/state/state_table.h"

namespace flink::state {

/// A keyed state of the hashmap backend with a table of its own per namespace, so that a window is
/// walked over and dropped as a whole. Writes the same blocks as a HashMapColumn with namespaces.
/// Thread: one.
class NamespaceMajorColumn final : public StateColumn, public SnapshotPart, public NamespaceTables {
 public:
  NamespaceMajorColumn(StateSpec spec, BlockHeader header, const KeyedBackendOptions& options,
                       const CurrentKey& current);

  const void* find() override;
  void* findForUpdate() override;
  void* findOrCreate(bool& created) override;
  void erase() override;
  void prefetch(types::KeyHash hash) const override;
  NamespaceTables* byNamespace() override { return this; }

  [[nodiscard]] std::vector<Namespace> namespaces() const override;
  [[nodiscard]] std::size_t numEntries(Namespace space) const override;
  bool visit(Namespace space, Cursor& cursor, std::size_t maxEntries, const Visit& visit) override;
  void drop(Namespace space) override;

  void startTracking() override;
  void beginSnapshot(SnapshotMode mode) override;
  Result<bool> continueSnapshot(SnapshotSink& sink, std::size_t& budget) override;
  void stopSnapshot() override;
  void confirmSnapshot() override;
  Status restore(BlockReader& block, EntryDecoder& entry) override;
  void finishRestore() override;
  [[nodiscard]] StateFigures figures() const override;
  [[nodiscard]] const BlockHeader& header() const override { return header_; }

 private:
  /// The current namespace's table, or null.
  StateTable* table() const;
  StateTable& tableFor(Namespace space);
  StateTable::Position locate(StateTable& table) const;
  void requireKey() const;
  Result<bool> writeRemovals(SnapshotSink& sink, std::size_t& budget);

  const KeyedBackendOptions& options_;
  const CurrentKey& current_;
  BlockHeader header_;
  SlotLayout layout_;
  std::map<Namespace, std::unique_ptr<StateTable>> tables_;
  mutable Namespace lastSpace_;  ///< lastTable_ is this one's, if not null
  mutable StateTable* lastTable_ = nullptr;

  bool tracking_ = false;
  Removals removed_;             ///< of dropped tables, since the last snapshot began
  Removals removedUnconfirmed_;  ///< of dropped tables, between the last confirmed one and that
  BlockBuilder removalBuilder_;
  std::size_t numPendingRemovals_ = 0;
  std::size_t removalsWritten_ = 0;
  std::vector<StateTable*> pending_;  ///< tables of the pending snapshot
  std::size_t nextPending_ = 0;
  std::vector<std::unique_ptr<StateTable>> dropped_;  ///< still needed by the pending snapshot
};

}  // namespace flink::state
