#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/types/byte_io.h"
#include "dataflow/state/snapshot.h"
#include "dataflow/state/state_column.h"
#include "dataflow/state/table_shard.h"

namespace flink::state {

/// What a block says about its entries before they come; see FORMAT.md.
struct BlockHeader {
  std::string stateName;
  BlockKind baseKind = BlockKind::kKeyedBase;    ///< of blocks with all entries
  BlockKind deltaKind = BlockKind::kKeyedDelta;  ///< of blocks with changes
  StateKind stateKind = StateKind::kValue;
  bool withNamespaces = false;
  bool withTimes = false;  ///< values have last access times
  std::string keyType;     ///< types::appendTypeText()
  std::string valueType;
  std::uint32_t maxParallelism = 128;
};

/// What was removed: per entry its hash, then key and space as blocks have them.
struct Removals {
  std::vector<std::pair<types::KeyHash, std::string>> entries;
};

/// Puts entries together into blocks. Full blocks wait until they are written. Thread: one.
class BlockBuilder {
 public:
  /// REQUIRES: both outlive the builder.
  BlockBuilder(const BlockHeader& header, const SlotLayout& layout)
      : header_(header), layout_(layout) {}

  /// Forgets everything and starts with blocks of this kind.
  void begin(bool delta);
  void addRemoval(types::KeyHash hash, std::string_view keyAndSpace);
  void addEntry(types::KeyHash hash, const void* key, const Space& space, const void* value);
  /// Key and space of an entry as addRemoval() takes them.
  [[nodiscard]] std::string keyAndSpace(const void* key, const Space& space) const;
  /// Writes full blocks; at the end the last one too.
  Status writeTo(SnapshotSink& sink, bool atEnd);

 private:
  void startBlock();
  void finishBlock();
  void countEntry(types::KeyHash hash);
  void appendSpace(std::string& out, const Space& space) const;

  const BlockHeader& header_;
  const SlotLayout& layout_;
  bool delta_ = false;
  std::string content_;  ///< empty: no block has been started
  BlockInfo info_;
  std::deque<std::pair<BlockInfo, std::string>> full_;
};

/// One entry of a block, not decoded.
struct EntryView {
  bool removed = false;
  ByteView bytes;  ///< key, space, and the value unless removed
  ByteView whole;  ///< with its size in front
};

/// Reads a block's header and splits it into entries; every byte is checked.
class BlockReader {
 public:
  /// Errors: kCorruptData naming state and kind. REQUIRES: `content` outlives the reader.
  static Result<BlockReader> open(const BlockInfo& info, ByteView content);

  [[nodiscard]] StateKind stateKind() const { return stateKind_; }
  [[nodiscard]] bool withNamespaces() const { return withNamespaces_; }
  [[nodiscard]] bool withTimes() const { return withTimes_; }
  [[nodiscard]] const std::string& keyType() const { return keyType_; }
  [[nodiscard]] const std::string& valueType() const { return valueType_; }
  [[nodiscard]] const BlockInfo& info() const { return info_; }
  /// What stands before the entries.
  [[nodiscard]] ByteView head() const { return head_; }
  [[nodiscard]] bool isTimers() const {
    return info_.kind == BlockKind::kTimers || info_.kind == BlockKind::kTimersDelta;
  }

  /// Moves to the next entry; false at the end. Errors: kCorruptData.
  Result<bool> next(EntryView& entry);
  /// kCorruptData naming this block and the entry at hand.
  [[nodiscard]] Status corrupt(std::string_view what) const;

 private:
  BlockInfo info_;
  StateKind stateKind_ = StateKind::kValue;
  bool withNamespaces_ = false;
  bool withTimes_ = false;
  std::string keyType_;
  std::string valueType_;
  ByteView head_;
  types::ByteCursor cursor_;
  std::uint64_t numRead_ = 0;
};

/// Decodes entries up to their values, one after the other into the same objects.
class EntryDecoder {
 public:
  EntryDecoder(const KeyOps& ops, std::uint32_t maxParallelism);
  ~EntryDecoder();
  EntryDecoder(const EntryDecoder&) = delete;
  EntryDecoder& operator=(const EntryDecoder&) = delete;

  /// Moves to the block's next entry; false at the end. Errors: kCorruptData, also for keys outside
  /// of the block's key groups.
  Result<bool> next(BlockReader& block);

  // The entry at hand:
  [[nodiscard]] const void* key() const { return key_; }
  [[nodiscard]] types::KeyHash hash() const { return hash_; }
  [[nodiscard]] std::uint32_t keyGroup() const { return keyGroup_; }
  [[nodiscard]] const Space& space() const { return space_; }
  [[nodiscard]] bool removed() const { return entry_.removed; }
  [[nodiscard]] types::ByteCursor& value() { return in_; }
  [[nodiscard]] const EntryView& view() const { return entry_; }

 private:
  const KeyOps& ops_;
  std::uint32_t maxParallelism_;
  void* key_;
  types::KeyHash hash_ = 0;
  std::uint32_t keyGroup_ = 0;
  Space space_;
  types::ByteCursor in_;
  EntryView entry_;
};

/// Leaves of a block what belongs to the key groups of `range`: `content` becomes empty when
/// nothing does. Errors: kCorruptData.
Status filterBlock(BlockInfo& info, std::string& content, const KeyOps& key,
                   std::uint32_t maxParallelism, types::KeyGroupRange range);

}  // namespace flink::state
