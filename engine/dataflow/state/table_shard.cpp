#include "dataflow/state/table_shard.h"

#include <algorithm>
#include <new>

namespace flink::state {

namespace {

constexpr std::size_t kLine = 64;

std::size_t alignUp(std::size_t n, std::size_t alignment) {
  return (n + alignment - 1) / alignment * alignment;
}

}  // namespace

SlotLayout::SlotLayout(const KeyOps& keyOps, const ValueOps& valueOps, SpaceKind kind)
    : key(&keyOps),
      value(&valueOps),
      spaceBytes(static_cast<std::size_t>(kind)),
      spaceOffset(keyOps.cheapHash ? 0 : sizeof(types::KeyHash)),
      keyOffset(alignUp(spaceOffset + spaceBytes, keyOps.align)),
      valueOffset(alignUp(keyOffset + keyOps.size, valueOps.align)),
      stride(0),
      align(std::max({keyOps.align, valueOps.align,
                      spaceOffset + spaceBytes > 0 ? alignof(std::uint64_t) : std::size_t{1}})),
      firstSlot(alignUp(sizeof(TableShard::Group), align)),
      groupStride(0),
      keepsHash(!keyOps.cheapHash) {
  stride = alignUp(valueOffset + valueOps.size, align);
  groupStride = alignUp(firstSlot + stride * TableShard::kGroupSlots,
                        std::max(align, alignof(TableShard::Group)));
}

TableShard::TableShard(const SlotLayout& layout, std::uint32_t groups, unsigned depthBits,
                       std::uint64_t position)
    : depth(depthBits),
      logPosition(position),
      layout_(layout),
      numGroups_(groups),
      limit_(groups * kGroupSlots / 8 * 7) {
  memory_ = static_cast<std::byte*>(
      ::operator new(bytes(), std::align_val_t(std::max(kLine, layout.align))));
  for (std::uint32_t g = 0; g < groups; ++g) new (&group(g)) Group();
}

TableShard::~TableShard() {
  if (!layout_.key->trivial || !layout_.value->trivial) {
    for (std::uint32_t i = 0; i < numSlots() && size_ > 0; ++i) {
      if (isUsed(i)) destroy(i);
    }
  }
  ::operator delete(memory_, std::align_val_t(std::max(kLine, layout_.align)));
}

void TableShard::take(std::uint32_t i, std::uint32_t inner) {
  const bool wasDeleted = ((group(i / kGroupSlots).tags >> (i % kGroupSlots * 8)) & 1U) != 0;
  if (wasDeleted) --numDeleted_;
  setTag(i, tagOf(inner));
  ++size_;
  Group& group = this->group(i / kGroupSlots);
  const auto others = static_cast<std::uint8_t>(~(1U << i % kGroupSlots));
  group.changed &= others;
  group.unconfirmed &= others;
  group.known &= others;
  group.pending &= others;
}

void TableShard::destroy(std::uint32_t i) {
  std::byte* at = slot(i);
  if (!layout_.key->trivial) layout_.key->destroy(at + layout_.keyOffset);
  if (!layout_.value->trivial) layout_.value->destroy(at + layout_.valueOffset);
  // A group with a free slot ends every search, so that nobody comes past this one.
  const bool searchesEndHere = zeroBytes(group(i / kGroupSlots).tags) != 0;
  setTag(i, searchesEndHere ? 0 : 1);
  if (!searchesEndHere) ++numDeleted_;
  --size_;
}

void TableShard::adopt(TableShard& from, std::uint32_t i, std::uint32_t inner) {
  const std::uint32_t to = freeSlot(inner);
  std::byte* source = from.slot(i);
  std::byte* target = slot(to);
  std::copy_n(source, layout_.keyOffset, target);
  if (layout_.key->trivial) {
    std::copy_n(source + layout_.keyOffset, layout_.key->size, target + layout_.keyOffset);
  } else {
    layout_.key->relocate(target + layout_.keyOffset, source + layout_.keyOffset);
  }
  if (layout_.value->trivial) {
    std::copy_n(source + layout_.valueOffset, layout_.value->size, target + layout_.valueOffset);
  } else {
    layout_.value->relocate(target + layout_.valueOffset, source + layout_.valueOffset);
  }
  take(to, inner);
  from.setTag(i, 1);
  --from.size_;
  const Group& old = from.group(i / kGroupSlots);
  Group& group = this->group(to / kGroupSlots);
  const auto move = [&](std::uint8_t bits) {
    return static_cast<std::uint8_t>(((bits >> i % kGroupSlots) & 1U) << to % kGroupSlots);
  };
  group.changed |= move(old.changed);
  group.unconfirmed |= move(old.unconfirmed);
  group.known |= move(old.known);
  group.pending |= move(old.pending);
}

}  // namespace flink::state
