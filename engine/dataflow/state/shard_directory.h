#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/types/key_group.h"

namespace flink::state {

/// Maps the leading bits of hashes to shards (extendible hashing), so that a table grows one shard
/// at a time and its shards are in the order of hashes, hence of key groups. A Shard has `unsigned
/// depth` (how many leading bits its hashes share) and `std::size_t index` (for this class alone).
/// Ownership: owns the shards. Thread: one.
template <class Shard>
class ShardDirectory {
 public:
  static constexpr unsigned kMaxBits = 20;

  [[nodiscard]] Shard& shardOf(types::KeyHash hash) const { return *directory_[placeOf(hash)]; }

  /// Drops all shards and starts with `first`, of depth 0.
  void reset(std::unique_ptr<Shard> first) {
    shards_.clear();
    directory_.assign(1, first.get());
    bits_ = 0;
    first->index = 0;
    shards_.push_back(std::move(first));
  }

  /// Puts `successor`, of the same depth, in the place of the shard of `hash`.
  void replace(types::KeyHash hash, std::unique_ptr<Shard> successor) {
    const std::size_t index = shardOf(hash).index;
    const auto [first, span] = rangeOf(hash);
    std::fill_n(directory_.begin() + first, span, successor.get());
    successor->index = index;
    shards_[index] = std::move(successor);
  }

  /// Puts two shards, one level deeper, in the place of the shard of `hash`. REQUIRES: its depth
  /// is below kMaxBits.
  void split(types::KeyHash hash, std::unique_ptr<Shard> low, std::unique_ptr<Shard> high) {
    if (low->depth > bits_) doubleDirectory();
    const std::size_t index = shardOf(hash).index;
    const auto [first, span] = rangeOf(hash);
    std::fill_n(directory_.begin() + first, span / 2, low.get());
    std::fill_n(directory_.begin() + first + span / 2, span / 2, high.get());
    low->index = index;
    high->index = shards_.size();
    shards_.push_back(std::move(high));
    shards_[index] = std::move(low);
  }

  [[nodiscard]] std::size_t numShards() const { return shards_.size(); }
  /// In no order.
  [[nodiscard]] Shard& shard(std::size_t index) const { return *shards_[index]; }

  /// Walks over the shards in the order of hashes. Splitting and replacing shards on the way is
  /// fine: a position is a hash.
  class Walk {
   public:
    Walk() = default;
    /// Goes on where start() was.
    explicit Walk(types::KeyHash start) : start_(start) {}
    [[nodiscard]] types::KeyHash start() const { return start_; }
    [[nodiscard]] bool atEnd() const { return atEnd_; }
    /// REQUIRES: !atEnd().
    [[nodiscard]] Shard& shard(const ShardDirectory& directory) const {
      return directory.shardOf(start_);
    }
    void advance(const ShardDirectory& directory) {
      const unsigned depth = shard(directory).depth;
      start_ = depth == 0 ? 0 : start_ + (types::KeyHash{1} << (64U - depth));
      atEnd_ = start_ == 0;
    }

   private:
    types::KeyHash start_ = 0;
    bool atEnd_ = false;
  };

 private:
  [[nodiscard]] std::size_t placeOf(types::KeyHash hash) const {
    return static_cast<std::size_t>((hash >> 1U) >> (63U - bits_));
  }
  /// Where the directory points to the shard of `hash`: first place and length.
  [[nodiscard]] std::pair<std::ptrdiff_t, std::ptrdiff_t> rangeOf(types::KeyHash hash) const {
    const auto span = std::size_t{1} << (bits_ - shardOf(hash).depth);
    return {static_cast<std::ptrdiff_t>(placeOf(hash) & ~(span - 1)),
            static_cast<std::ptrdiff_t>(span)};
  }
  void doubleDirectory() {
    std::vector<Shard*> doubled(directory_.size() * 2);
    for (std::size_t i = 0; i < doubled.size(); ++i) doubled[i] = directory_[i / 2];
    directory_ = std::move(doubled);
    ++bits_;
  }

  std::vector<Shard*> directory_;
  std::vector<std::unique_ptr<Shard>> shards_;
  unsigned bits_ = 0;
};

}  // namespace flink::state
