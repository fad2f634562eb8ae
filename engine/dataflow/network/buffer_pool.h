#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/base/mutex.h"
#include "core/base/result.h"
#include "core/memory/segment_pool.h"

namespace flink::network {

class LocalBufferPool;

/// Deals the worker's network memory out to partitions and gates: each has a guaranteed minimum;
/// what is left over is shared in proportion to what each may use beyond it. Thread: any.
class NetworkBufferPool : public std::enable_shared_from_this<NetworkBufferPool> {
 public:
  NetworkBufferPool(std::int64_t totalBytes, std::int32_t segmentBytes);
  /// More memory for all, rounded down to whole segments; it stays until the end.
  void add(std::int64_t bytes);

  /// `onRoom` is called (outside locks, on any thread) when a pool that could not get a segment may
  /// get one now, or when its size grew. Errors: kInsufficientNetworkBuffers.
  Result<std::shared_ptr<LocalBufferPool>> createPool(int minSegments, int maxSegments,
                                                      std::function<void()> onRoom);

  [[nodiscard]] std::int32_t segmentBytes() const { return segmentBytes_; }
  [[nodiscard]] std::int64_t totalSegments() const;
  [[nodiscard]] std::int64_t usedSegments() const;
  /// Sum of what the pools may use at most, as a share of the total in percent (Flink's
  /// RequestedMemoryUsage).
  [[nodiscard]] int requestedUsagePercent() const;

 private:
  friend class LocalBufferPool;
  std::byte* acquire(LocalBufferPool& pool, int overdraft);
  void release(LocalBufferPool& pool, std::byte* segment);
  void remove(LocalBufferPool& pool);
  std::byte* takeSegment() FLINK_REQUIRES(mutex_);
  void giveSegment(std::byte* segment) FLINK_REQUIRES(mutex_);
  void redistribute() FLINK_REQUIRES(mutex_);
  /// Takes the callbacks of starving pools that could get a segment now.
  void collectStarving(std::vector<std::shared_ptr<std::function<void()>>>& callbacks)
      FLINK_REQUIRES(mutex_);

  const std::int32_t segmentBytes_;
  mutable Mutex mutex_;
  /// One more with every add(): as many as a worker has slots, at most.
  std::vector<std::unique_ptr<memory::SegmentPool>> memory_ FLINK_GUARDED_BY(mutex_);
  std::int64_t totalSegments_ FLINK_GUARDED_BY(mutex_) = 0;
  std::int64_t used_ FLINK_GUARDED_BY(mutex_) = 0;
  std::int64_t guaranteed_ FLINK_GUARDED_BY(mutex_) = 0;
  /// Guaranteed segments that their pools have not taken: nobody else gets these.
  std::int64_t reserved_ FLINK_GUARDED_BY(mutex_) = 0;
  int starving_ FLINK_GUARDED_BY(mutex_) = 0;
  /// Registered pools in order of creation.
  std::vector<LocalBufferPool*> pools_ FLINK_GUARDED_BY(mutex_);
};

/// One partition's or gate's share of the network memory.
/// Thread: any. Lifetime: segments may come back after close(); the shared memory lives until then.
class LocalBufferPool {
 public:
  ~LocalBufferPool();
  LocalBufferPool(const LocalBufferPool&) = delete;
  LocalBufferPool& operator=(const LocalBufferPool&) = delete;

  /// Null when size() + overdraft segments are in use or the memory is used up by others.
  std::byte* acquire(int overdraft = 0) { return global_->acquire(*this, overdraft); }
  void release(std::byte* segment) { global_->release(*this, segment); }
  /// Gives up the guarantee; acquire() returns null from now on.
  void close() { global_->remove(*this); }

  [[nodiscard]] int size() const { return size_.load(std::memory_order_relaxed); }
  [[nodiscard]] int inUse() const { return inUse_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::int32_t segmentBytes() const { return global_->segmentBytes(); }

 private:
  friend class NetworkBufferPool;
  LocalBufferPool(std::shared_ptr<NetworkBufferPool> global, int minSegments, int maxSegments,
                  std::function<void()> onRoom);

  const std::shared_ptr<NetworkBufferPool> global_;
  const int minSegments_;
  const int maxSegments_;
  std::shared_ptr<std::function<void()>> onRoom_;
  // Written under the global pool's lock, read without it for metrics and limits.
  std::atomic<int> size_{0};
  std::atomic<int> inUse_{0};
  bool starving_ = false;
  bool closed_ = false;
};

}  // namespace flink::network
