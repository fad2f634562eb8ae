#include "dataflow/state/state_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace flink::state {

namespace {

constexpr std::uint32_t kSlots = TableShard::kGroupSlots;
/// After growing a shard is filled to about this part, and full at 7/8: so an entry costs at most
/// 1/0.7 slots, and is moved about four times while its table grows.
constexpr double kFillAfterGrowth = 0.7;

/// Groups for `entries` and some more.
std::uint32_t groupsFor(std::size_t entries) {
  const auto slots =
      static_cast<std::uint32_t>(static_cast<double>(entries) / kFillAfterGrowth) + 2;
  const std::uint32_t groups = (slots + kSlots - 1) / kSlots;
  return groups <= 128 ? std::max(1U, groups + groups / 4) : groups;
}

}  // namespace

StateTable::StateTable(const KeyOps& key, const ValueOps& value, SpaceKind kind, BlockHeader header,
                       Namespace fixed)
    : layout_(key, value, kind),
      header_(std::move(header)),
      fixed_(fixed),
      builder_(header_, layout_),
      removalBuilder_(header_, layout_) {
  auto first = std::make_unique<TableShard>(layout_, 1, 0, 0);
  slotBytes_ = first->bytes();
  directory_.reset(std::move(first));
}

std::uint32_t StateTable::innerHash(TableShard& shard, std::uint32_t slot) const {
  const std::byte* at = shard.slot(slot);
  return TableShard::innerHash(layout_.hashOf(at),
                               layout_.spaceBytes == 0 ? Space() : layout_.spaceOf(at),
                               layout_.spaceBytes);
}

void StateTable::construct(std::byte* slot, types::KeyHash hash, const void* key,
                           const Space& space) {
  if (layout_.keepsHash) std::memcpy(slot, &hash, sizeof hash);
  std::memcpy(slot + layout_.spaceOffset, &space, layout_.spaceBytes);
  layout_.key->copy(slot + layout_.keyOffset, key);
  try {
    layout_.value->construct(slot + layout_.valueOffset);
  } catch (...) {
    layout_.key->destroy(slot + layout_.keyOffset);
    throw;
  }
}

StateTable::Position StateTable::findOrInsert(types::KeyHash hash, const void* key,
                                              const Space& space, bool& inserted) {
  const std::uint32_t inner = TableShard::innerHash(hash, space, layout_.spaceBytes);
  TableShard* shard = &directory_.shardOf(hash);
  std::uint32_t slot = shard->find(inner, key, space);
  inserted = slot == TableShard::kNone;
  if (!inserted) {
    const Position found{shard, slot};
    touch(found);
    return found;
  }
  if (shard->isFull()) [[unlikely]] {
    makeRoom(hash);
    shard = &directory_.shardOf(hash);
  }
  if (tracking_) bringUpToDate(*shard);
  slot = shard->freeSlot(inner);
  construct(shard->slot(slot), hash, key, space);
  shard->take(slot, inner);
  if (tracking_) shard->group(slot / kSlots).changed |= bitOf(slot);
  ++size_;
  return {shard, slot};
}

void StateTable::erase(Position at) {
  if (tracking_) {
    touchTracked(at);
    if ((at.shard->group(at.slot / kSlots).known & bitOf(at.slot)) != 0)
      removed_.entries.emplace_back(hash(at), builder_.keyAndSpace(key(at), space(at)));
  }
  at.shard->destroy(at.slot);
  --size_;
  ++version_;
}

void StateTable::makeRoom(types::KeyHash hash) {
  ++version_;
  while (directory_.shardOf(hash).isFull()) {
    TableShard& shard = directory_.shardOf(hash);
    const bool large = shard.numSlots() >= kMaxShardSlots;
    // A shard full of what was removed is only tidied up.
    const bool crowded = shard.size() >= shard.numSlots() / 2;
    if (large && crowded && shard.depth < ShardDirectory<TableShard>::kMaxBits && split(hash))
      continue;
    rebuild(hash, groupsFor(shard.size()));
  }
}

void StateTable::rebuild(types::KeyHash hash, std::uint32_t groups) {
  TableShard& old = directory_.shardOf(hash);
  auto fresh = std::make_unique<TableShard>(layout_, groups, old.depth, old.logPosition);
  for (std::uint32_t i = 0; i < old.numSlots(); ++i) {
    if (old.isUsed(i)) fresh->adopt(old, i, innerHash(old, i));
  }
  slotBytes_ += fresh->bytes() - old.bytes();
  directory_.replace(hash, std::move(fresh));
}

/// False when nearly all entries would stay together (one key with many namespaces).
bool StateTable::split(types::KeyHash hash) {
  TableShard& old = directory_.shardOf(hash);
  const unsigned depth = old.depth + 1;
  const types::KeyHash bit = types::KeyHash{1} << (64U - depth);
  std::uint32_t numHigh = 0;
  for (std::uint32_t i = 0; i < old.numSlots(); ++i) {
    if (old.isUsed(i) && (layout_.hashOf(old.slot(i)) & bit) != 0) ++numHigh;
  }
  const std::uint32_t smaller = std::min(numHigh, old.size() - numHigh);
  if (smaller < old.size() / 16) return false;
  auto low = std::make_unique<TableShard>(layout_, groupsFor(old.size() - numHigh), depth,
                                          old.logPosition);
  auto high = std::make_unique<TableShard>(layout_, groupsFor(numHigh), depth, old.logPosition);
  for (std::uint32_t i = 0; i < old.numSlots(); ++i) {
    if (!old.isUsed(i)) continue;
    TableShard& target = (layout_.hashOf(old.slot(i)) & bit) != 0 ? *high : *low;
    target.adopt(old, i, innerHash(old, i));
  }
  slotBytes_ += low->bytes() + high->bytes() - old.bytes();
  directory_.split(hash, std::move(low), std::move(high));
  return true;
}

std::size_t StateTable::estimatedBytes() const {
  constexpr std::size_t kSamples = 64;
  if (size_ == 0 || (layout_.key->heapBytes == nullptr && layout_.value->heapBytes == nullptr))
    return slotBytes_;
  std::size_t numSeen = 0;
  std::size_t heapBytes = 0;
  for (Walk walk; !walk.atEnd() && numSeen < kSamples; walk.advance(directory_)) {
    TableShard& shard = walk.shard(directory_);
    for (std::uint32_t i = 0; i < shard.numSlots() && numSeen < kSamples; ++i) {
      if (!shard.isUsed(i)) continue;
      ++numSeen;
      const std::byte* slot = shard.slot(i);
      if (layout_.key->heapBytes != nullptr)
        heapBytes += layout_.key->heapBytes(slot + layout_.keyOffset);
      if (layout_.value->heapBytes != nullptr)
        heapBytes += layout_.value->heapBytes(slot + layout_.valueOffset);
    }
  }
  return slotBytes_ +
         static_cast<std::size_t>(static_cast<double>(heapBytes) / static_cast<double>(numSeen) *
                                  static_cast<double>(size_));
}

}  // namespace flink::state
