#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "core/base/mutex.h"
#include "dataflow/network/buffer_pool.h"

namespace flink::network {

enum class SegmentKind : std::uint8_t { kExclusive, kFloating };

/// A remote channel that waits for segments.
class FloatingReceiver {
 public:
  virtual ~FloatingReceiver() = default;
  /// False when it has no use for the segment any more.
  virtual bool offer(std::byte* segment, SegmentKind kind) = 0;
};

/// The receive memory of one gate: exclusive segments of its remote channels, and a bounded number
/// of floating ones that go to the channels whose producers have a backlog, first come first
/// served. Thread: any; release() and onRoom() call receivers and must be called without their
/// locks.
class GateBuffers {
 public:
  explicit GateBuffers(int maxFloating) : maxFloating_(maxFloating) {}
  /// Called once, before use.
  void setPool(std::shared_ptr<LocalBufferPool> pool) { pool_ = std::move(pool); }

  /// A segment, or null: `receiver` is offered one later.
  std::byte* acquire(SegmentKind kind, std::weak_ptr<FloatingReceiver> receiver);
  void release(std::byte* segment, SegmentKind kind);
  /// The pool may have segments again.
  void onRoom();
  /// Nobody is served any more.
  void close();
  /// Channels that wait for a segment.
  [[nodiscard]] int numWaiting() const { return numWaiting_.load(std::memory_order_relaxed); }
  [[nodiscard]] int floatingInUse() const;
  [[nodiscard]] int poolSize() const { return pool_ == nullptr ? 0 : pool_->size(); }

 private:
  struct Waiting {
    std::weak_ptr<FloatingReceiver> receiver;
    SegmentKind kind;
  };

  const int maxFloating_;
  std::shared_ptr<LocalBufferPool> pool_;
  mutable Mutex mutex_;
  /// Exclusive wishes stand before floating ones.
  std::deque<Waiting> waiting_ FLINK_GUARDED_BY(mutex_);
  std::atomic<int> numWaiting_{0};
  int floatingInUse_ FLINK_GUARDED_BY(mutex_) = 0;
  bool closed_ FLINK_GUARDED_BY(mutex_) = false;
};

}  // namespace flink::network
