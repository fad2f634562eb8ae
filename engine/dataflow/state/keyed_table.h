#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/types/key_hash.h"
#include "dataflow/state/shard_directory.h"

namespace flink::state {

using types::KeyHash;

namespace detail {
void sortByHash(std::vector<std::pair<KeyHash, std::uint32_t>>& order);
}

/// Holds one entry per key in flat memory, ordered by hash at the scale of shards: a directory maps
/// the hash's leading bits to a shard, and a shard is one open-addressing array of at most
/// kMaxShardSlots slots. So growing touches one shard at a time (well under a millisecond), and a
/// walk in hash order, hence in key-group order, sorts one shard at a time. `Entry` holds key and
/// value; `KeyOf` gets the key out of it: `const auto& operator()(const Entry&) const`. Entries
/// move when their shard grows: references are valid until the next insertion. Thread: one.
/// Exceptions of an entry's constructor leave the table unchanged.
template <class Entry, class KeyOf>
class KeyedTable {
  struct Shard;

 public:
  static constexpr std::size_t kMinShardSlots = 16;
  static constexpr std::size_t kMaxShardSlots = 16384;

  explicit KeyedTable(KeyOf keyOf = {}) : keyOf_(std::move(keyOf)) { reset(); }
  KeyedTable(const KeyedTable&) = delete;
  KeyedTable& operator=(const KeyedTable&) = delete;

  [[nodiscard]] std::size_t size() const { return size_; }
  /// Memory of the slots; what entries own beside themselves is the caller's to count.
  [[nodiscard]] std::size_t slotBytes() const { return slotBytes_; }

  /// Starts loading what find and findOrInsert of this hash will touch.
  void prefetch(KeyHash hash) const {
    const Shard& shard = shardOf(hash);
    const std::size_t home = static_cast<std::size_t>(hash) & shard.mask;
    __builtin_prefetch(shard.hashes + home);
    __builtin_prefetch(shard.entries + home);
    if constexpr (sizeof(Entry) > 32) {
      __builtin_prefetch(reinterpret_cast<const std::byte*>(shard.entries + home + 1) - 1);
    }
  }

  /// The entry of `key`, or null. See sameKey() for Q.
  template <class Q>
  Entry* find(KeyHash hash, const Q& key) {
    hash = storedHash(hash);
    Shard& shard = shardOf(hash);
    for (std::size_t i = static_cast<std::size_t>(hash) & shard.mask;; i = (i + 1) & shard.mask) {
      if (shard.hashes[i] == hash && isKeyOf(shard.entries[i], key)) return shard.entries + i;
      if (shard.hashes[i] == 0) return nullptr;
    }
  }

  /// The entry of `key` and whether it is new; a new one is what `make()` returns, built in place.
  template <class Q, class Make>
  std::pair<Entry*, bool> findOrInsert(KeyHash hash, const Q& key, Make&& make) {
    hash = storedHash(hash);
    Shard& shard = shardOf(hash);
    for (std::size_t i = static_cast<std::size_t>(hash) & shard.mask;; i = (i + 1) & shard.mask) {
      if (shard.hashes[i] == hash && isKeyOf(shard.entries[i], key))
        return {shard.entries + i, false};
      if (shard.hashes[i] == 0) {
        if (shard.size >= shard.limit) [[unlikely]]
          return {insertAfterGrowth(hash, make), true};
        new (shard.entries + i) Entry(make());
        shard.hashes[i] = hash;
        ++shard.size;
        ++size_;
        return {shard.entries + i, true};
      }
    }
  }

  void clear() { reset(); }

  /// Walks over all entries in the order of their hashes; may stop anywhere and go on. Entries may
  /// be changed or moved out of. No insertion between its creation and its end.
  class HashOrderCursor {
   public:
    explicit HashOrderCursor(KeyedTable& table) : table_(&table) {}
    /// Null at the end.
    Entry* next() {
      while (position_ == order_.size()) {
        if (walk_.atEnd()) return nullptr;
        loadShard();
      }
      return shard_->entries + order_[position_++].second;
    }
    /// The hash of the entry that next() returned.
    [[nodiscard]] KeyHash hash() const { return order_[position_ - 1].first; }

   private:
    [[gnu::noinline]] void loadShard() {
      shard_ = &walk_.shard(table_->directory_);
      walk_.advance(table_->directory_);
      order_.clear();
      position_ = 0;
      for (std::size_t i = 0; i <= shard_->mask; ++i) {
        if (shard_->hashes[i] != 0)
          order_.emplace_back(shard_->hashes[i], static_cast<std::uint32_t>(i));
      }
      detail::sortByHash(order_);
    }

    KeyedTable* table_;
    typename KeyedTable::Shard* shard_ = nullptr;
    typename ShardDirectory<Shard>::Walk walk_;
    std::vector<std::pair<KeyHash, std::uint32_t>> order_;
    std::size_t position_ = 0;
  };
  HashOrderCursor hashOrder() { return HashOrderCursor(*this); }

  /// Calls visit(keyGroup, entry) for every entry of the key groups in `range`, in the order of
  /// hashes.
  template <class Visit>
  void forEachInKeyGroups(types::KeyGroupRange range, std::uint32_t maxParallelism, Visit&& visit) {
    HashOrderCursor cursor(*this);
    while (Entry* entry = cursor.next()) {
      const std::uint32_t group = types::keyGroupOf(cursor.hash(), maxParallelism);
      if (group > range.last) return;
      if (group >= range.first) visit(group, *entry);
    }
  }

 private:
  /// Slots of all hashes that share their first `depth` bits. A slot whose hash is 0 is free.
  struct Shard {
    Shard(std::size_t slots, unsigned depthBits)
        : mask(slots - 1), limit(slots / 4 * 3), depth(depthBits) {
      memory =
          static_cast<std::byte*>(::operator new(bytesFor(slots), std::align_val_t(kAlignment)));
      hashes = reinterpret_cast<KeyHash*>(memory);
      entries = reinterpret_cast<Entry*>(memory + entriesOffset(slots));
      std::fill_n(hashes, slots, KeyHash{0});
    }
    ~Shard() {
      for (std::size_t i = 0; i <= mask; ++i) {
        if (hashes[i] != 0) entries[i].~Entry();
      }
      ::operator delete(memory, std::align_val_t(kAlignment));
    }
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    static constexpr std::size_t kAlignment = std::max<std::size_t>(64, alignof(Entry));
    static std::size_t entriesOffset(std::size_t slots) {
      return (slots * sizeof(KeyHash) + kAlignment - 1) / kAlignment * kAlignment;
    }
    static std::size_t bytesFor(std::size_t slots) {
      return entriesOffset(slots) + slots * sizeof(Entry);
    }
    [[nodiscard]] std::size_t bytes() const { return bytesFor(mask + 1); }

    /// Moves an entry into a free slot. REQUIRES: room.
    void adopt(KeyHash hash, Entry&& entry) {
      std::size_t i = static_cast<std::size_t>(hash) & mask;
      while (hashes[i] != 0) i = (i + 1) & mask;
      new (entries + i) Entry(std::move(entry));
      hashes[i] = hash;
      ++size;
    }

    std::size_t mask;
    KeyHash* hashes;
    Entry* entries;
    std::size_t size = 0;
    std::size_t limit;
    unsigned depth;
    std::size_t index = 0;
    std::byte* memory;
  };

  using Directory = ShardDirectory<Shard>;

  /// Zero marks a free slot, so the hash 0 is kept as 1: same key group, and equal keys still meet.
  static KeyHash storedHash(KeyHash hash) { return hash == 0 ? 1 : hash; }

  template <class Q>
  [[nodiscard]] bool isKeyOf(const Entry& entry, const Q& key) const {
    return types::sameKey(keyOf_(entry), key);
  }

  [[nodiscard]] Shard& shardOf(KeyHash hash) const { return directory_.shardOf(hash); }

  [[gnu::noinline]] void reset() {
    auto first = std::make_unique<Shard>(kMinShardSlots, 0);
    size_ = 0;
    slotBytes_ = first->bytes();
    directory_.reset(std::move(first));
  }

  template <class Make>
  [[gnu::noinline]] Entry* insertAfterGrowth(KeyHash hash, Make& make) {
    Entry fresh(make());
    while (shardOf(hash).size >= shardOf(hash).limit) grow(hash);
    Shard& shard = shardOf(hash);
    std::size_t i = static_cast<std::size_t>(hash) & shard.mask;
    while (shard.hashes[i] != 0) i = (i + 1) & shard.mask;
    new (shard.entries + i) Entry(std::move(fresh));
    shard.hashes[i] = hash;
    ++shard.size;
    ++size_;
    return shard.entries + i;
  }

  void grow(KeyHash hash) {
    Shard& shard = shardOf(hash);
    if (shard.mask + 1 < kMaxShardSlots || shard.depth >= Directory::kMaxBits) {
      replace(shard, hash);
    } else {
      split(shard, hash);
    }
  }

  /// Doubles one shard.
  [[gnu::noinline]] void replace(Shard& shard, KeyHash hash) {
    auto larger = std::make_unique<Shard>((shard.mask + 1) * 2, shard.depth);
    moveAll(shard, [&](KeyHash) -> Shard& { return *larger; });
    slotBytes_ += larger->bytes() - shard.bytes();
    directory_.replace(hash, std::move(larger));
  }

  /// Divides one shard by the next bit of its hashes.
  [[gnu::noinline]] void split(Shard& shard, KeyHash hash) {
    const unsigned depth = shard.depth + 1;
    const KeyHash bit = KeyHash{1} << (64U - depth);
    std::size_t ones = 0;
    for (std::size_t i = 0; i <= shard.mask; ++i) ones += (shard.hashes[i] & bit) != 0 ? 1 : 0;
    auto low = std::make_unique<Shard>(slotsFor(shard.size - ones), depth);
    auto high = std::make_unique<Shard>(slotsFor(ones), depth);
    moveAll(shard, [&](KeyHash h) -> Shard& { return (h & bit) != 0 ? *high : *low; });
    slotBytes_ += low->bytes() + high->bytes() - shard.bytes();
    directory_.split(hash, std::move(low), std::move(high));
  }

  template <class Pick>
  void moveAll(Shard& from, Pick&& pick) {
    for (std::size_t i = 0; i <= from.mask; ++i) {
      if (from.hashes[i] != 0)
        pick(from.hashes[i]).adopt(from.hashes[i], std::move(from.entries[i]));
    }
  }

  static std::size_t slotsFor(std::size_t entries) {
    return std::clamp(std::bit_ceil(entries * 2), kMinShardSlots, kMaxShardSlots);
  }

  Directory directory_;
  std::size_t size_ = 0;
  std::size_t slotBytes_ = 0;
  [[no_unique_address]] KeyOf keyOf_;
};

}  // namespace flink::state
