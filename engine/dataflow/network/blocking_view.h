#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "core/base/fs.h"
#include "core/base/mutex.h"
#include "dataflow/network/blocking_partition.h"
#include "dataflow/network/buffer.h"
#include "dataflow/network/subpartition.h"

namespace flink::network {

/// Reads one subpartition of a blocking partition's file, a few buffers ahead of its consumer, on
/// the blocking pool. It reads into one segment of its own, so that it always gets on, and into up
/// to kReadAhead - 1 of those that all readers of the worker share, while there are any: outside
/// the network memory, which belongs to what flows. Thread: any.
class BlockingSubpartitionView final
    : public SubpartitionView,
      public SegmentOwner,
      public std::enable_shared_from_this<BlockingSubpartitionView> {
 public:
  static constexpr std::size_t kReadAhead = 8;

  static std::shared_ptr<BlockingSubpartitionView> create(
      std::shared_ptr<BlockingPartition> partition, int index,
      std::weak_ptr<SubpartitionListener> listener);
  BlockingSubpartitionView(std::shared_ptr<BlockingPartition> partition, int index,
                           std::weak_ptr<SubpartitionListener> listener);
  ~BlockingSubpartitionView() override;

  TakeResult take(Taken& out, bool eventsOnly) override;
  void release() override;
  void recycle(std::byte* segment, std::uint32_t channel) override;

 private:
  /// Starts reading when enough segments are free. Call without the lock.
  void readOn();
  /// One round of reading, on the blocking pool, into `segment` first.
  void readAhead(std::byte* segment);
  Status readNext(std::byte* segment, const StoredBuffer& stored);
  /// Null when no segment can be had now; the next recycle() comes with one.
  std::byte* takeSegment() FLINK_REQUIRES(mutex_);
  /// Gives up all segments that hold nothing.
  void dropFree() FLINK_REQUIRES(mutex_);
  [[nodiscard]] bool atEnd() const FLINK_REQUIRES(mutex_) {
    return released_ || !failure_.isOk() || nextToRead_ == stored_.size();
  }

  const std::shared_ptr<BlockingPartition> partition_;
  const std::vector<StoredBuffer>& stored_;
  std::shared_ptr<ReadableFile> file_;  // used by the reading round only

  Mutex mutex_;
  std::weak_ptr<SubpartitionListener> listener_ FLINK_GUARDED_BY(mutex_);
  std::unique_ptr<std::byte[]> own_ FLINK_GUARDED_BY(mutex_);
  std::size_t numSegments_ FLINK_GUARDED_BY(mutex_) = 0;  ///< its own and the shared ones it has
  std::vector<std::byte*> free_ FLINK_GUARDED_BY(mutex_);
  std::deque<Buffer> ready_ FLINK_GUARDED_BY(mutex_);
  std::size_t nextToRead_ FLINK_GUARDED_BY(mutex_) = 0;
  bool reading_ FLINK_GUARDED_BY(mutex_) = false;
  bool dataEnded_ FLINK_GUARDED_BY(mutex_) = false;  ///< kEndOfData taken
  bool ended_ FLINK_GUARDED_BY(mutex_) = false;      ///< kEndOfPartition taken
  bool released_ FLINK_GUARDED_BY(mutex_) = false;
  Status failure_ FLINK_GUARDED_BY(mutex_);
};

}  // namespace flink::network
