#include "dataflow/state/hash_map_column.h"

#include <utility>

#include "dataflow/state/state_failures.h"

namespace flink::state {

HashMapColumn::HashMapColumn(StateSpec spec, BlockHeader header, const KeyedBackendOptions& options,
                             const CurrentKey& current)
    : StateColumn(std::move(spec), *options.clock),
      options_(options),
      current_(current),
      header_(std::move(header)),
      table_(*options.key, *this->spec().ops,
             hasNamespaces() ? SpaceKind::kNamespace : SpaceKind::kNone, header_),
      cleanupSize_(this->spec().ttl.isEnabled() ? this->spec().ttl.incrementalCleanupSize() : 0) {}

void HashMapColumn::requireKey() const {
  if (current_.key == nullptr) [[unlikely]]
    throwNoKey(spec().name);
}

void HashMapColumn::remember(StateTable::Position at) {
  found_ = at;
  foundEpoch_ = current_.epoch;
  foundVersion_ = table_.version();
  foundNamespace_ = currentNamespace();
}

StateTable::Position HashMapColumn::locate() {
  requireKey();
  if (isRemembered()) return found_;
  if (cleanupSize_ > 0) [[unlikely]]
    cleanUp();
  const StateTable::Position at = table_.find(current_.hash, current_.key, space());
  if (at) remember(at);
  return at;
}

const void* HashMapColumn::find() {
  const StateTable::Position at = locate();
  return at ? table_.value(at) : nullptr;
}

void* HashMapColumn::findForUpdate() {
  const StateTable::Position at = locate();
  if (!at) return nullptr;
  table_.touch(at);
  return table_.value(at);
}

void* HashMapColumn::findOrCreate(bool& created) {
  requireKey();
  if (isRemembered()) {
    created = false;
    table_.touch(found_);
    return table_.value(found_);
  }
  if (cleanupSize_ > 0) [[unlikely]]
    cleanUp();
  const StateTable::Position at =
      table_.findOrInsert(current_.hash, current_.key, space(), created);
  remember(at);
  return table_.value(at);
}

void HashMapColumn::erase() {
  if (const StateTable::Position at = locate()) table_.erase(at);
}

void HashMapColumn::cleanUp() {
  const std::int64_t limit = ttl()->expiredUpTo(ttl()->now());
  int looked = 0;
  // Every slot counts a little, so that a nearly empty table does not cost more than a full one.
  for (std::uint32_t slots = 0; looked < cleanupSize_ && slots < 64; ++slots) {
    if (table_.size() == 0) return;
    if (cleanupWalk_.atEnd()) cleanupWalk_ = StateTable::Walk();
    TableShard& shard = cleanupWalk_.shard(table_.directory());
    if (cleanupSlot_ >= shard.numSlots()) {
      cleanupWalk_.advance(table_.directory());
      cleanupSlot_ = 0;
      continue;
    }
    const StateTable::Position at{&shard, cleanupSlot_++};
    if (!shard.isUsed(at.slot)) continue;
    ++looked;
    // Partly expired collections are cleaned up as a whole, which changes them like an access.
    table_.touch(at);
    if (spec().ops->dropExpired(table_.value(at), limit)) table_.erase(at);
  }
}

Result<bool> HashMapColumn::continueSnapshot(SnapshotSink& sink, std::size_t& budget) {
  std::optional<std::int64_t> expiredUpTo;
  if (const TtlPolicy* policy = ttl();
      policy != nullptr && policy->config().cleansUpFullSnapshots())
    expiredUpTo = policy->expiredUpTo(policy->now());
  return table_.continueSnapshot(sink, budget, expiredUpTo);
}

Status HashMapColumn::restore(BlockReader& block, EntryDecoder& entry) {
  return table_.restore(entry, block, options_.clock->wallMs());
}

StateFigures HashMapColumn::figures() const {
  return {spec().name, static_cast<std::int64_t>(table_.size()),
          static_cast<std::int64_t>(table_.estimatedBytes())};
}

}  // namespace flink::state
