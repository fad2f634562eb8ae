#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/types/key_hash.h"
#include "core/types/stream_time.h"
#include "dataflow/state/keyed_table.h"

namespace flink::operators {

/// Accumulators of the slices that a sliding window consists of, combined per key so that the
/// window moves on at constant cost per key: the two-stacks algorithm. Slices enter at the back,
/// where they are folded into one accumulator. They leave at the front: for each of those there
/// every key has the accumulator of what stays when it has left. When the front is empty the back
/// becomes the front, slice by slice from its newest to its oldest (turn).
/// Knows nothing of where slices are kept; slices are named by their starts.
/// Thread: one.
template <class K, class Contents>
class RunningWindows {
 public:
  using Accumulator = typename Contents::Accumulator;

  explicit RunningWindows(Contents& contents)
      : contents_(contents), table_(KeyOfEntry{&entries_}) {}
  RunningWindows(const RunningWindows&) = delete;
  RunningWindows& operator=(const RunningWindows&) = delete;

  /// Slices before this are in the front, later ones in the back.
  [[nodiscard]] types::Timestamp split() const { return split_; }

  /// Folds a key's accumulator of a slice that enters at the back.
  void addToBack(const K& key, types::KeyHash hash, const Accumulator& value) {
    Entry& entry = entries_[indexOf(key, hash)];
    if (entry.hasBack) {
      Accumulator copy = value;
      contents_.merge(entry.back, copy);
    } else {
      entry.back = value;
      entry.hasBack = true;
    }
  }

  /// Adds a record to a slice that has entered already. `slice` tells which.
  template <class T>
  void addLate(types::Timestamp slice, const K& key, types::KeyHash hash, const T& record,
               types::Timestamp timestamp) {
    const std::uint32_t index = indexOf(key, hash);
    Entry& entry = entries_[index];
    if (slice >= split_) {
      if (entry.hasBack) {
        contents_.add(entry.back, record, timestamp);
      } else {
        entry.back = contents_.start(record, timestamp);
        entry.hasBack = true;
      }
      return;
    }
    const auto [found, isNew] = late_[slice].try_emplace(index);
    if (isNew) {
      found->second = contents_.start(record, timestamp);
      ++entry.numLate;
      ++numLate_;
    } else {
      contents_.add(found->second, record, timestamp);
    }
  }
  /// So much came late for slices of the front that turning everything again is cheaper.
  [[nodiscard]] bool wantsTurn() const { return numLate_ > kMaxLate; }

  /// The keys, by index; what has left meanwhile is among them.
  [[nodiscard]] std::size_t numKeys() const { return entries_.size(); }
  [[nodiscard]] const K& key(std::size_t index) const { return entries_[index].key; }
  [[nodiscard]] types::KeyHash hash(std::size_t index) const { return entries_[index].hash; }
  /// The accumulator of a key over all slices, or null. Valid until the next call.
  const Accumulator* combined(std::size_t index) {
    const Entry& entry = entries_[index];
    if (entry.numLate == 0) [[likely]] {
      if (!entry.hasBack) return entry.hasFront ? &entry.front : nullptr;
      if (!entry.hasFront) return &entry.back;
    }
    std::optional<Accumulator> sum;
    if (entry.hasFront) fold(sum, entry.front);
    if (entry.numLate > 0) {
      for (const auto& [slice, values] : late_) {
        const auto found = values.find(static_cast<std::uint32_t>(index));
        if (found != values.end()) fold(sum, found->second);
      }
    }
    if (entry.hasBack) fold(sum, entry.back);
    if (!sum.has_value()) return nullptr;
    combined_ = *std::move(sum);
    return &combined_;
  }

  /// Begins to turn everything: turnSlice() follows for all keys of all slices, newest slice first,
  /// then endTurn().
  void beginTurn() {
    table_.clear();
    entries_.clear();
    leaving_.clear();
    late_.clear();
    numLate_ = 0;
  }
  void turnSlice(types::Timestamp slice, const K& key, types::KeyHash hash,
                 const Accumulator& value) {
    const std::uint32_t index = indexOf(key, hash);
    Entry& entry = entries_[index];
    Left left{index, entry.hasFront, {}};
    Accumulator front = value;
    if (entry.hasFront) {
      left.after = entry.front;
      contents_.merge(front, entry.front);
    }
    entry.front = std::move(front);
    entry.hasFront = true;
    leaving_[slice].push_back(std::move(left));
  }
  /// `end`: where the newest slice ends.
  void endTurn(types::Timestamp end) { split_ = end; }

  /// The oldest slice leaves; returns how many keys it had. REQUIRES: slice < split().
  std::size_t leave(types::Timestamp slice) {
    std::size_t numKeys = 0;
    if (const auto found = leaving_.find(slice); found != leaving_.end()) {
      for (Left& left : found->second) {
        Entry& entry = entries_[left.index];
        entry.hasFront = left.hasAfter;
        entry.front = std::move(left.after);
      }
      numKeys = found->second.size();
      leaving_.erase(found);
    }
    if (const auto found = late_.find(slice); found != late_.end()) {
      for (const auto& [index, value] : found->second) --entries_[index].numLate;
      numLate_ -= found->second.size();
      late_.erase(found);
    }
    return numKeys;
  }

 private:
  static constexpr std::size_t kMaxLate = 65536;

  struct Entry {
    K key{};
    types::KeyHash hash = 0;
    Accumulator front{};
    Accumulator back{};
    std::uint32_t numLate = 0;
    bool hasFront = false;
    bool hasBack = false;
  };
  /// What a key's front becomes when a slice has left.
  struct Left {
    std::uint32_t index;
    bool hasAfter;
    Accumulator after;
  };
  struct KeyOfEntry {
    const std::vector<Entry>* entries;
    const K& operator()(std::uint32_t index) const { return (*entries)[index].key; }
  };

  std::uint32_t indexOf(const K& key, types::KeyHash hash) {
    const auto [index, isNew] = table_.findOrInsert(
        hash, key, [this] { return static_cast<std::uint32_t>(entries_.size()); });
    if (isNew) {
      const std::uint32_t fresh = *index;
      Entry& entry = entries_.emplace_back();
      entry.key = key;
      entry.hash = hash;
      return fresh;
    }
    return *index;
  }
  void fold(std::optional<Accumulator>& sum, const Accumulator& value) {
    if (!sum.has_value()) {
      sum = value;
      return;
    }
    Accumulator copy = value;
    contents_.merge(*sum, copy);
  }

  Contents& contents_;
  std::vector<Entry> entries_;
  state::KeyedTable<std::uint32_t, KeyOfEntry> table_;
  std::map<types::Timestamp, std::vector<Left>> leaving_;
  /// What came for slices of the front after they had entered.
  std::map<types::Timestamp, std::map<std::uint32_t, Accumulator>> late_;
  std::size_t numLate_ = 0;
  Accumulator combined_{};
  types::Timestamp split_ = types::kMinWatermark;
};

}  // namespace flink::operators
