#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/types/key_hash.h"
#include "dataflow/state/namespace.h"
#include "dataflow/state/value_ops.h"

namespace flink::state {

/// What an entry's key consists of beside the user's key.
struct Space {
  Namespace space;
  std::int64_t time = 0;  ///< of a timer
};

/// How many bytes of a Space a table keeps.
enum class SpaceKind : std::uint8_t { kNone = 0, kNamespace = 16, kTimer = 24 };

/// Where the parts of an entry lie in its slot: hash (of keys that are dear to hash), space, key,
/// value.
struct SlotLayout {
  SlotLayout(const KeyOps& keyOps, const ValueOps& valueOps, SpaceKind kind);

  const KeyOps* key;
  const ValueOps* value;
  std::size_t spaceBytes;
  std::size_t spaceOffset;
  std::size_t keyOffset;
  std::size_t valueOffset;
  std::size_t stride;
  std::size_t align;
  std::size_t firstSlot;    ///< in a group of slots, behind its TableShard::Group
  std::size_t groupStride;  ///< of such groups
  bool keepsHash;

  [[nodiscard]] Space spaceOf(const std::byte* slot) const {
    Space space;
    std::memcpy(&space, slot + spaceOffset, spaceBytes);
    return space;
  }
  [[nodiscard]] types::KeyHash hashOf(const std::byte* slot) const {
    if (!keepsHash) return key->hash(slot + keyOffset);
    types::KeyHash hash;
    std::memcpy(&hash, slot, sizeof hash);
    return hash;
  }
  [[nodiscard]] bool isKeyOf(const std::byte* slot, const void* wanted, const Space& space) const {
    const std::byte* kept = slot + keyOffset;
    bool same;
    if (key->sameBytes) {
      same = key->size == 8 ? sameWord(kept, wanted) : std::memcmp(kept, wanted, key->size) == 0;
    } else {
      same = key->equal(kept, wanted);
    }
    return same && (spaceBytes == 0 || std::memcmp(slot + spaceOffset, &space, spaceBytes) == 0);
  }

 private:
  static bool sameWord(const void* a, const void* b) {
    std::uint64_t x;
    std::uint64_t y;
    std::memcpy(&x, a, 8);
    std::memcpy(&y, b, 8);
    return x == y;
  }
};
static_assert(sizeof(Space) == 24 && offsetof(Space, time) == 16);

/// One open-addressing array of a StateTable: groups of eight slots, each behind a byte of the hash
/// (the tag) per slot and what snapshots need to know, one bit per slot; side by side, so that an
/// access touches one page. Owns entries; moves them nowhere by itself.
class TableShard {
 public:
  static constexpr std::uint32_t kGroupSlots = 8;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Group {
    std::uint64_t tags = 0;    ///< per slot: 0 free, 1 free but searches go on, 0x80..0xff in use
    std::uint8_t changed = 0;  ///< since the last snapshot began
    std::uint8_t unconfirmed = 0;  ///< between the last confirmed snapshot and that
    std::uint8_t known = 0;        ///< written at least once: its removal must be written too
    std::uint8_t pending = 0;      ///< the snapshot being written still needs this entry
  };

  TableShard(const SlotLayout& layout, std::uint32_t groups, unsigned depthBits,
             std::uint64_t logPosition);
  ~TableShard();
  TableShard(const TableShard&) = delete;
  TableShard& operator=(const TableShard&) = delete;

  [[nodiscard]] std::uint32_t numSlots() const { return numGroups_ * kGroupSlots; }
  [[nodiscard]] std::uint32_t numGroups() const { return numGroups_; }
  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::size_t bytes() const { return numGroups_ * layout_.groupStride; }
  [[nodiscard]] Group& group(std::uint32_t g) const {
    return *reinterpret_cast<Group*>(memory_ + g * layout_.groupStride);
  }
  [[nodiscard]] std::byte* slot(std::uint32_t i) const {
    return memory_ + i / kGroupSlots * layout_.groupStride + layout_.firstSlot +
           i % kGroupSlots * layout_.stride;
  }
  [[nodiscard]] bool isUsed(std::uint32_t i) const {
    return ((group(i / kGroupSlots).tags >> (i % kGroupSlots * 8)) & 0x80U) != 0;
  }

  /// The hash's part inside a shard, spread over namespaces and times.
  static std::uint32_t innerHash(types::KeyHash hash, const Space& space, std::size_t spaceBytes) {
    if (spaceBytes == 0) return static_cast<std::uint32_t>(hash);
    std::uint64_t h = hash ^ (space.space.a * 0x9FB21C651E98DF25ULL);
    h = (h ^ (h >> 29U)) + space.space.b * 0x165667919E3779F9ULL;
    if (spaceBytes == sizeof(Space))
      h = (h ^ (h >> 31U)) + static_cast<std::uint64_t>(space.time) * 0xC2B2AE3D27D4EB4FULL;
    h = (h ^ (h >> 32U)) * 0x9FB21C651E98DF25ULL;
    return static_cast<std::uint32_t>(h >> 32U);
  }

  /// Inlined by force: GCC takes a function that only prefetches for one without effect and drops
  /// the call.
  [[gnu::always_inline]] void prefetch(std::uint32_t inner) const {
    const std::byte* home = memory_ + homeOf(inner) * layout_.groupStride;
    __builtin_prefetch(home);
    __builtin_prefetch(home + 64);
    __builtin_prefetch(home + 128);
  }

  /// The slot of a key, or kNone.
  [[nodiscard]] std::uint32_t find(std::uint32_t inner, const void* key, const Space& space) const {
    const std::uint64_t pattern = tagOf(inner) * kOnes;
    for (std::uint32_t g = homeOf(inner);; g = g + 1 == numGroups_ ? 0 : g + 1) {
      const std::byte* start = memory_ + g * layout_.groupStride;
      std::uint64_t tags;
      std::memcpy(&tags, start, sizeof tags);
      for (std::uint64_t match = zeroBytes(tags ^ pattern); match != 0; match &= match - 1) {
        const auto i = static_cast<std::uint32_t>(__builtin_ctzll(match)) / 8;
        if (layout_.isKeyOf(start + layout_.firstSlot + i * layout_.stride, key, space))
          return g * kGroupSlots + i;
      }
      if (zeroBytes(tags) != 0) return kNone;
    }
  }

  [[nodiscard]] bool isFull() const { return size_ + numDeleted_ >= limit_; }
  /// A free slot for a hash; take() it once it is filled. REQUIRES: !isFull().
  [[nodiscard]] std::uint32_t freeSlot(std::uint32_t inner) const {
    std::uint32_t g = homeOf(inner);
    while ((~group(g).tags & kHighBits) == 0) g = g + 1 == numGroups_ ? 0 : g + 1;
    const std::uint64_t free = ~group(g).tags & kHighBits;
    return g * kGroupSlots + static_cast<std::uint32_t>(__builtin_ctzll(free)) / 8;
  }
  void take(std::uint32_t i, std::uint32_t inner);
  /// Destroys an entry.
  void destroy(std::uint32_t i);
  /// Moves the entry out of slot `i` of `from`, with its bits; `from` forgets it.
  void adopt(TableShard& from, std::uint32_t i, std::uint32_t inner);

  unsigned depth;
  std::size_t index = 0;      ///< ShardDirectory's
  std::uint64_t logPosition;  ///< how many of its table's transitions have been applied

 private:
  static constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
  static constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;
  static std::uint64_t tagOf(std::uint32_t inner) { return (inner & 0x7fU) | 0x80U; }
  /// The high bit of each byte that is zero; also of a byte 1 above one. With tags this is
  /// harmless: next to a match it marks a slot in use.
  static std::uint64_t zeroBytes(std::uint64_t bytes) {
    return (bytes - kOnes) & ~bytes & kHighBits;
  }
  [[nodiscard]] std::uint32_t homeOf(std::uint32_t inner) const {
    return static_cast<std::uint32_t>((std::uint64_t{inner} * numGroups_) >> 32U);
  }
  void setTag(std::uint32_t i, std::uint64_t tag) {
    const unsigned shift = i % kGroupSlots * 8;
    std::uint64_t& tags = group(i / kGroupSlots).tags;
    tags = (tags & ~(std::uint64_t{0xff} << shift)) | (tag << shift);
  }

  const SlotLayout& layout_;
  std::byte* memory_;
  std::uint32_t numGroups_;
  std::uint32_t size_ = 0;
  std::uint32_t numDeleted_ = 0;  ///< tags 1
  std::uint32_t limit_;
};

}  // namespace flink::state
