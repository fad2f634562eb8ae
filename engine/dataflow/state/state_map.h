#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/types/key_hash.h"

namespace flink::state {

/// The value of a map state: entries side by side in a vector, found by a scan while they are few
/// and by an index of their hashes later. Order: that of insertion until something is erased.
/// Thread: one.
template <class UK, class V>
class StateMap {
 public:
  struct Entry {
    UK key;
    V value;
  };

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] Entry& at(std::size_t position) { return entries_[position]; }
  [[nodiscard]] const Entry& at(std::size_t position) const { return entries_[position]; }
  /// Memory beside the object itself, without what keys and values own.
  [[nodiscard]] std::size_t ownBytes() const {
    return entries_.capacity() * sizeof(Entry) + index_.capacity() * sizeof(std::uint32_t);
  }

  [[nodiscard]] V* find(const UK& key) {
    const std::size_t position = positionOf(key);
    return position == kNone ? nullptr : &entries_[position].value;
  }
  [[nodiscard]] const V* find(const UK& key) const {
    const std::size_t position = positionOf(key);
    return position == kNone ? nullptr : &entries_[position].value;
  }

  /// The value of `key`, made by V() where there was none.
  V& findOrInsert(const UK& key, bool& inserted) {
    const std::size_t position = positionOf(key);
    inserted = position == kNone;
    if (!inserted) return entries_[position].value;
    entries_.push_back(Entry{key, V()});
    if (!index_.empty() || entries_.size() > kScanned) addToIndex(entries_.size() - 1);
    return entries_.back().value;
  }

  bool erase(const UK& key) {
    const std::size_t position = positionOf(key);
    if (position == kNone) return false;
    eraseAt(position);
    return true;
  }

  /// Erases the entry at `position`; the last entry takes its place.
  void eraseAt(std::size_t position) {
    const std::size_t last = entries_.size() - 1;
    if (!index_.empty()) {
      removeFromIndex(indexSlotOf(position));
      if (position != last) index_[indexSlotOf(last)] = static_cast<std::uint32_t>(position + 1);
    }
    if (position != last) entries_[position] = std::move(entries_[last]);
    entries_.pop_back();
  }

 private:
  static constexpr std::size_t kScanned = 8;
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  [[nodiscard]] std::size_t homeOf(const UK& key) const {
    return static_cast<std::size_t>(types::keyHash(key)) & (index_.size() - 1);
  }
  [[nodiscard]] std::size_t nextSlot(std::size_t slot) const {
    return (slot + 1) & (index_.size() - 1);
  }

  [[nodiscard]] std::size_t positionOf(const UK& key) const {
    if (index_.empty()) {
      for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (types::sameKey(entries_[i].key, key)) return i;
      }
      return kNone;
    }
    for (std::size_t slot = homeOf(key); index_[slot] != 0; slot = nextSlot(slot)) {
      if (types::sameKey(entries_[index_[slot] - 1].key, key)) return index_[slot] - 1;
    }
    return kNone;
  }

  /// REQUIRES: the entry at `position` is in the index.
  [[nodiscard]] std::size_t indexSlotOf(std::size_t position) const {
    std::size_t slot = homeOf(entries_[position].key);
    while (index_[slot] != position + 1) slot = nextSlot(slot);
    return slot;
  }

  void addToIndex(std::size_t position) {
    if (index_.size() < entries_.size() * 2) {
      index_.assign(std::bit_ceil(entries_.size() * 4), 0);
      for (std::size_t i = 0; i <= position; ++i) putIntoIndex(i);
    } else {
      putIntoIndex(position);
    }
  }
  void putIntoIndex(std::size_t position) {
    std::size_t slot = homeOf(entries_[position].key);
    while (index_[slot] != 0) slot = nextSlot(slot);
    index_[slot] = static_cast<std::uint32_t>(position + 1);
  }

  /// Frees a slot and moves later ones up, so that no search ends early.
  void removeFromIndex(std::size_t slot) {
    const std::size_t mask = index_.size() - 1;
    for (std::size_t next = nextSlot(slot); index_[next] != 0; next = nextSlot(next)) {
      const std::size_t home = homeOf(entries_[index_[next] - 1].key);
      if (((next - home) & mask) < ((next - slot) & mask)) continue;
      index_[slot] = index_[next];
      slot = next;
    }
    index_[slot] = 0;
  }

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> index_;  ///< by hash: position + 1, 0: free
};

}  // namespace flink::state
