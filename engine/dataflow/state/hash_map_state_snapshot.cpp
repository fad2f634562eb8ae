// HashMapStateBackend's snapshots.
#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "dataflow/state/hash_map_state_backend.h"

namespace flink::state {

namespace {

/// Counts what passes.
class CountingSink final : public SnapshotSink {
 public:
  CountingSink(SnapshotSink& target, std::uint64_t& numBytes)
      : target_(target), numBytes_(numBytes) {}
  Status writeBlock(const BlockInfo& info, ByteView content) override {
    numBytes_ += content.size();
    return target_.writeBlock(info, content);
  }

 private:
  SnapshotSink& target_;
  std::uint64_t& numBytes_;
};

}  // namespace

SnapshotPlan HashMapStateBackend::beginSnapshot(SnapshotId id, SnapshotMode mode) {
  FLINK_CHECK(!pending_.has_value(), "a snapshot began before the last one was written");
  const bool deltasTooLarge = deltaBytes_ > baseBytes_ / 2;
  if (mode == SnapshotMode::kDelta && (!confirmed_.has_value() || deltasTooLarge))
    mode = SnapshotMode::kBase;
  pending_ = Snapshot{id, mode, 0};
  if (mode != SnapshotMode::kComplete) {
    latest_ = pending_;
    tracking_ = true;
  }
  for (SnapshotPart* part : parts_) part->beginSnapshot(mode);
  numPendingParts_ = parts_.size();
  nextPart_ = 0;
  carried_.clear();
  nextCarried_ = 0;
  nextBlock_ = 0;
  if (mode != SnapshotMode::kDelta) {
    for (const auto& [name, blocks] : restored_) carried_.push_back(blocks);
  }
  return {mode, mode == SnapshotMode::kDelta ? *confirmed_ : 0};
}

Result<bool> HashMapStateBackend::writeCarried(SnapshotSink& sink, std::size_t& budget) {
  for (; nextCarried_ < carried_.size(); ++nextCarried_, nextBlock_ = 0) {
    const Blocks& blocks = *carried_[nextCarried_];
    for (; nextBlock_ < blocks.size(); ++nextBlock_) {
      if (budget == 0) return false;
      const auto& [info, content] = blocks[nextBlock_];
      FLINK_RETURN_IF_ERROR(sink.writeBlock(info, asBytes(content)));
      budget -= std::min<std::size_t>(budget, info.numEntries);
    }
    carried_[nextCarried_].reset();
  }
  return true;
}

Result<bool> HashMapStateBackend::writeParts(SnapshotSink& sink, std::size_t& budget) {
  for (; nextPart_ < numPendingParts_; ++nextPart_) {
    if (budget == 0) return false;
    FLINK_ASSIGN_OR_RETURN(const bool whole, parts_[nextPart_]->continueSnapshot(sink, budget));
    if (!whole) return false;
  }
  return true;
}

Result<bool> HashMapStateBackend::continueSnapshot(SnapshotSink& sink, std::size_t maxEntries) {
  FLINK_CHECK(pending_.has_value(), "no snapshot is being written");
  CountingSink counting(sink, pending_->numBytes);
  std::size_t budget = std::max<std::size_t>(1, maxEntries);
  Result<bool> done = writeCarried(counting, budget);
  if (done.isOk() && done.value()) done = writeParts(counting, budget);
  if (!done.isOk()) {
    abortSnapshot(pending_->id);
    return done;
  }
  if (done.value()) {
    if (latest_.has_value() && latest_->id == pending_->id) latest_ = pending_;
    pending_.reset();
  }
  return done;
}

void HashMapStateBackend::confirmSnapshot(SnapshotId id) {
  // Of several unconfirmed ones only the latest counts: what belongs to earlier ones alone cannot
  // be told from it any more, and stays in the next delta.
  if (!latest_.has_value() || latest_->id != id) return;
  FLINK_CHECK(!pending_.has_value() || pending_->id != id, "confirmed before it was written");
  for (SnapshotPart* part : parts_) part->confirmSnapshot();
  confirmed_ = id;
  if (latest_->mode == SnapshotMode::kBase) {
    baseBytes_ = latest_->numBytes;
    deltaBytes_ = 0;
  } else {
    deltaBytes_ += latest_->numBytes;
  }
  latest_.reset();
}

void HashMapStateBackend::abortSnapshot(SnapshotId id) {
  if (pending_.has_value() && pending_->id == id) {
    for (SnapshotPart* part : parts_) part->stopSnapshot();
    carried_.clear();
    pending_.reset();
  }
  // Its changes stay unconfirmed, so that the next delta has them again.
  if (latest_.has_value() && latest_->id == id) latest_.reset();
}

}  // namespace flink::state
