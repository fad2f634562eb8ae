#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/mutex.h"

namespace flink::memory {

/// Anonymous memory of a fixed size that the system backs with pages only where it is written.
class MappedRegion {
 public:
  explicit MappedRegion(std::size_t bytes);
  ~MappedRegion();
  MappedRegion(const MappedRegion&) = delete;
  MappedRegion& operator=(const MappedRegion&) = delete;
  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Cuts one region into segments of equal size. The segment given back last is given out first: it
/// is warm in the cache, and a pool that is never full never touches the rest of its region.
/// Thread: any.
class SegmentPool {
 public:
  /// `totalBytes` is rounded down to whole segments. REQUIRES: segmentBytes > 0.
  SegmentPool(std::int64_t totalBytes, std::int32_t segmentBytes);

  /// Null when all segments are taken.
  [[nodiscard]] std::byte* acquire();
  /// REQUIRES: `segment` came from acquire() and was not given back since.
  void release(std::byte* segment);

  [[nodiscard]] std::int32_t segmentBytes() const { return segmentBytes_; }
  [[nodiscard]] std::int64_t total() const { return total_; }
  [[nodiscard]] std::int64_t used() const;
  /// True when `segment` is the start of one of this pool's segments.
  [[nodiscard]] bool owns(const std::byte* segment) const;

 private:
  const std::int32_t segmentBytes_;
  const std::int64_t total_;
  const MappedRegion region_;
  mutable Mutex mutex_;
  std::vector<std::uint32_t> returned_ FLINK_GUARDED_BY(mutex_);  // indices, last in first out
  std::int64_t untouched_ FLINK_GUARDED_BY(mutex_) = 0;  // first index that was never given out
};

}  // namespace flink::memory
