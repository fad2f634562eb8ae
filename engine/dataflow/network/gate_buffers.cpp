#include "dataflow/network/gate_buffers.h"

#include <utility>

namespace flink::network {

std::byte* GateBuffers::acquire(SegmentKind kind, std::weak_ptr<FloatingReceiver> receiver) {
  MutexLock lock(mutex_);
  if (closed_) return nullptr;
  if (kind == SegmentKind::kExclusive || floatingInUse_ < maxFloating_) {
    if (std::byte* segment = pool_->acquire(); segment != nullptr) {
      if (kind == SegmentKind::kFloating) ++floatingInUse_;
      return segment;
    }
  }
  if (kind == SegmentKind::kExclusive) {
    waiting_.push_front({std::move(receiver), kind});
  } else {
    waiting_.push_back({std::move(receiver), kind});
  }
  numWaiting_.store(static_cast<int>(waiting_.size()), std::memory_order_relaxed);
  return nullptr;
}

void GateBuffers::release(std::byte* segment, SegmentKind kind) {
  while (true) {
    Waiting next{{}, kind};
    {
      MutexLock lock(mutex_);
      // An exclusive segment comes back when its channel closes; it is not passed on as a floating
      // one.
      if (kind == SegmentKind::kExclusive || closed_ || waiting_.empty() ||
          waiting_.front().kind != kind) {
        if (kind == SegmentKind::kFloating) --floatingInUse_;
        break;
      }
      next = std::move(waiting_.front());
      waiting_.pop_front();
      numWaiting_.store(static_cast<int>(waiting_.size()), std::memory_order_relaxed);
    }
    if (const auto receiver = next.receiver.lock();
        receiver != nullptr && receiver->offer(segment, kind))
      return;
  }
  pool_->release(segment);
  if (numWaiting() > 0) onRoom();
}

void GateBuffers::onRoom() {
  while (true) {
    Waiting next{{}, SegmentKind::kFloating};
    std::byte* segment = nullptr;
    {
      MutexLock lock(mutex_);
      if (closed_ || waiting_.empty()) return;
      if (waiting_.front().kind == SegmentKind::kFloating && floatingInUse_ >= maxFloating_) return;
      segment = pool_->acquire();
      if (segment == nullptr) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
      numWaiting_.store(static_cast<int>(waiting_.size()), std::memory_order_relaxed);
      if (next.kind == SegmentKind::kFloating) ++floatingInUse_;
    }
    if (const auto receiver = next.receiver.lock();
        receiver != nullptr && receiver->offer(segment, next.kind))
      continue;
    {
      MutexLock lock(mutex_);
      if (next.kind == SegmentKind::kFloating) --floatingInUse_;
    }
    pool_->release(segment);
  }
}

void GateBuffers::close() {
  {
    MutexLock lock(mutex_);
    closed_ = true;
    waiting_.clear();
    numWaiting_.store(0, std::memory_order_relaxed);
  }
  if (pool_ != nullptr) pool_->close();
}

int GateBuffers::floatingInUse() const {
  MutexLock lock(mutex_);
  return floatingInUse_;
}

}  // namespace flink::network
