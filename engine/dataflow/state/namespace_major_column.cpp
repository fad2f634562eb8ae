#include "dataflow/state/namespace_major_column.h"

#include <iterator>
#include <utility>

#include "dataflow/state/state_failures.h"

namespace flink::state {

NamespaceMajorColumn::NamespaceMajorColumn(StateSpec spec, BlockHeader header,
                                           const KeyedBackendOptions& options,
                                           const CurrentKey& current)
    : StateColumn(std::move(spec), *options.clock),
      options_(options),
      current_(current),
      header_(std::move(header)),
      layout_(*options.key, *this->spec().ops, SpaceKind::kNone),
      removalBuilder_(header_, layout_) {}

void NamespaceMajorColumn::requireKey() const {
  if (current_.key == nullptr) [[unlikely]]
    throwNoKey(spec().name);
}

StateTable* NamespaceMajorColumn::table() const {
  if (lastTable_ != nullptr && lastSpace_ == currentNamespace()) return lastTable_;
  const auto found = tables_.find(currentNamespace());
  if (found == tables_.end()) return nullptr;
  lastSpace_ = found->first;
  lastTable_ = found->second.get();
  return lastTable_;
}

StateTable& NamespaceMajorColumn::tableFor(Namespace space) {
  std::unique_ptr<StateTable>& table = tables_[space];
  if (table == nullptr) {
    table =
        std::make_unique<StateTable>(*options_.key, *spec().ops, SpaceKind::kNone, header_, space);
    if (tracking_) table->startTracking();
  }
  return *table;
}

StateTable::Position NamespaceMajorColumn::locate(StateTable& table) const {
  return table.find(current_.hash, current_.key, Space());
}

const void* NamespaceMajorColumn::find() {
  requireKey();
  StateTable* table = this->table();
  if (table == nullptr) return nullptr;
  const StateTable::Position at = locate(*table);
  return at ? table->value(at) : nullptr;
}

void* NamespaceMajorColumn::findForUpdate() {
  requireKey();
  StateTable* table = this->table();
  if (table == nullptr) return nullptr;
  const StateTable::Position at = locate(*table);
  if (!at) return nullptr;
  table->touch(at);
  return table->value(at);
}

void* NamespaceMajorColumn::findOrCreate(bool& created) {
  requireKey();
  StateTable* table = this->table();
  if (table == nullptr) table = &tableFor(currentNamespace());
  return table->value(table->findOrInsert(current_.hash, current_.key, Space(), created));
}

void NamespaceMajorColumn::erase() {
  requireKey();
  StateTable* table = this->table();
  if (table == nullptr) return;
  if (const StateTable::Position at = locate(*table)) table->erase(at);
  if (table->size() == 0) drop(currentNamespace());
}

void NamespaceMajorColumn::prefetch(types::KeyHash hash) const {
  if (const StateTable* table = this->table()) table->prefetch(hash);
}

std::vector<Namespace> NamespaceMajorColumn::namespaces() const {
  std::vector<Namespace> all;
  for (const auto& [space, table] : tables_) {
    if (table->size() > 0) all.push_back(space);
  }
  return all;
}

std::size_t NamespaceMajorColumn::numEntries(Namespace space) const {
  const auto found = tables_.find(space);
  return found == tables_.end() ? 0 : found->second->size();
}

bool NamespaceMajorColumn::visit(Namespace space, Cursor& cursor, std::size_t maxEntries,
                                 const Visit& visit) {
  const auto found = tables_.find(space);
  if (found == tables_.end() || cursor.atEnd) return cursor.atEnd = true;
  const StateTable& table = *found->second;
  for (StateTable::Walk walk(cursor.shardStart); !walk.atEnd(); walk.advance(table.directory())) {
    TableShard& shard = walk.shard(table.directory());
    cursor.shardStart = walk.start();
    for (; cursor.slot < shard.numSlots(); ++cursor.slot) {
      if (!shard.isUsed(cursor.slot)) continue;
      if (maxEntries == 0) return false;
      --maxEntries;
      const StateTable::Position at{&shard, cursor.slot};
      visit(table.key(at), table.hash(at), table.value(at));
    }
    cursor.slot = 0;
  }
  return cursor.atEnd = true;
}

void NamespaceMajorColumn::drop(Namespace space) {
  const auto found = tables_.find(space);
  if (found == tables_.end()) return;
  std::unique_ptr<StateTable> table = std::move(found->second);
  tables_.erase(found);
  if (lastTable_ == table.get()) lastTable_ = nullptr;
  table->handOverRemovals(removed_, removedUnconfirmed_);
  if (table->isSnapshotPending()) dropped_.push_back(std::move(table));
}

void NamespaceMajorColumn::startTracking() {
  tracking_ = true;
  for (const auto& [space, table] : tables_) table->startTracking();
}

void NamespaceMajorColumn::beginSnapshot(SnapshotMode mode) {
  pending_.clear();
  nextPending_ = 0;
  for (const auto& [space, table] : tables_) {
    table->beginSnapshot(mode);
    pending_.push_back(table.get());
  }
  removalBuilder_.begin(true);
  removalsWritten_ = 0;
  numPendingRemovals_ = 0;
  tracking_ = true;
  if (mode == SnapshotMode::kComplete) return;
  std::move(removed_.entries.begin(), removed_.entries.end(),
            std::back_inserter(removedUnconfirmed_.entries));
  removed_.entries.clear();
  if (mode == SnapshotMode::kDelta) numPendingRemovals_ = removedUnconfirmed_.entries.size();
}

Result<bool> NamespaceMajorColumn::writeRemovals(SnapshotSink& sink, std::size_t& budget) {
  if (removalsWritten_ == numPendingRemovals_) return true;
  for (; removalsWritten_ < numPendingRemovals_ && budget > 0; ++removalsWritten_, --budget) {
    const auto& [hash, keyAndSpace] = removedUnconfirmed_.entries[removalsWritten_];
    removalBuilder_.addRemoval(hash, keyAndSpace);
  }
  const bool all = removalsWritten_ == numPendingRemovals_;
  FLINK_RETURN_IF_ERROR(removalBuilder_.writeTo(sink, all));
  return all;
}

Result<bool> NamespaceMajorColumn::continueSnapshot(SnapshotSink& sink, std::size_t& budget) {
  FLINK_ASSIGN_OR_RETURN(const bool removalsDone, writeRemovals(sink, budget));
  if (!removalsDone) return false;
  for (; nextPending_ < pending_.size(); ++nextPending_) {
    if (budget == 0) return false;
    FLINK_ASSIGN_OR_RETURN(const bool whole,
                           pending_[nextPending_]->continueSnapshot(sink, budget, std::nullopt));
    if (!whole) return false;
  }
  pending_.clear();
  dropped_.clear();
  return true;
}

void NamespaceMajorColumn::stopSnapshot() {
  for (const auto& [space, table] : tables_) table->stopSnapshot();
  pending_.clear();
  dropped_.clear();
  removalBuilder_.begin(true);
  numPendingRemovals_ = 0;
  removalsWritten_ = 0;
}

void NamespaceMajorColumn::confirmSnapshot() {
  for (const auto& [space, table] : tables_) table->confirmSnapshot();
  removedUnconfirmed_.entries.clear();
}

Status NamespaceMajorColumn::restore(BlockReader& block, EntryDecoder& entry) {
  return tableFor(entry.space().space).restore(entry, block, options_.clock->wallMs());
}

void NamespaceMajorColumn::finishRestore() {
  for (const auto& [space, table] : tables_) table->markAllKnown();
}

StateFigures NamespaceMajorColumn::figures() const {
  StateFigures sum;
  sum.name = spec().name;
  for (const auto& [space, table] : tables_) {
    sum.numEntries += static_cast<std::int64_t>(table->size());
    sum.numBytes += static_cast<std::int64_t>(table->estimatedBytes());
  }
  return sum;
}

}  // namespace flink::state
