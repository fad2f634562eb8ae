#pragma once

#include <cstdint>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/types/key_group.h"

namespace flink::state {

/// What a block holds. The numbers are part of the snapshot format (FORMAT.md): never renumber.
enum class BlockKind : std::uint8_t {
  kKeyedBase = 1,      ///< all entries of a keyed state
  kKeyedDelta = 2,     ///< removals, then entries, since the snapshot that this one is based on
  kTimers = 3,         ///< all timers of a queue
  kTimersDelta = 4,    ///< removals, then timers, since the snapshot that this one is based on
  kOperatorList = 5,   ///< elements to be dealt out among subtasks
  kOperatorUnion = 6,  ///< elements that every subtask gets
  kBroadcast = 7,      ///< entries that are the same in every subtask
  kRaw = 8,            ///< bytes of an operator that reads them itself
};
[[nodiscard]] std::string_view blockKindName(BlockKind kind);

/// Describes a block: enough to deal blocks out without looking into them.
struct BlockInfo {
  BlockKind kind = BlockKind::kRaw;
  std::string stateName;  ///< of the state or timer queue; at most kMaxStateName bytes
  /// Keyed kinds and timers: every entry lies within, other ones may be of the same groups.
  std::uint32_t firstKeyGroup = 0;
  std::uint32_t lastKeyGroup = 0;
  std::uint64_t numEntries = 0;  ///< removals included

  friend bool operator==(const BlockInfo&, const BlockInfo&) = default;
};
constexpr std::size_t kMaxStateName = 4096;
/// kInvalidArgument unless the name has 1 to kMaxStateName bytes.
[[nodiscard]] Status checkStateName(const std::string& name);

/// Takes the blocks of one snapshot, in an order that has to be kept for restoring. Blocks have
/// about kTargetBlockBytes; a single larger entry makes a larger block.
/// Thread: that of its caller, which is the task's step.
class SnapshotSink {
 public:
  static constexpr std::size_t kTargetBlockBytes = 256 << 10;
  virtual ~SnapshotSink() = default;
  /// `content` is valid during the call only. After an error the snapshot has failed.
  virtual Status writeBlock(const BlockInfo& info, ByteView content) = 0;
};

using SnapshotId = std::uint64_t;

enum class SnapshotMode : std::uint8_t {
  kDelta,     ///< what changed since the last confirmed snapshot; a base where that is better
  kBase,      ///< everything; later deltas may build on it
  kComplete,  ///< everything; leaves the chain of deltas alone (savepoints)
};

/// What a snapshot turned out to be.
struct SnapshotPlan {
  SnapshotMode mode = SnapshotMode::kBase;  ///< kDelta only if it is one
  /// kDelta: the confirmed snapshot whose blocks (with those that it is based on itself) come
  /// before the blocks of this one.
  SnapshotId basedOn = 0;
};

/// Passes blocks on until their content exceeds Flink's limit for state that travels in memory.
/// Errors: kStateTooLarge.
class LimitedSnapshotSink final : public SnapshotSink {
 public:
  static constexpr std::uint64_t kDefaultMaxBytes = 5 << 20;
  LimitedSnapshotSink(SnapshotSink& target, std::uint64_t maxBytes = kDefaultMaxBytes)
      : target_(target), maxBytes_(maxBytes) {}
  Status writeBlock(const BlockInfo& info, ByteView content) override;

 private:
  SnapshotSink& target_;
  std::uint64_t maxBytes_;
  std::uint64_t numBytes_ = 0;
};

}  // namespace flink::state
