#include "dataflow/network/buffer_pool.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/check.h"
#include "core/base/error_codes.h"

namespace flink::network {

NetworkBufferPool::NetworkBufferPool(std::int64_t totalBytes, std::int32_t segmentBytes)
    : segmentBytes_(segmentBytes) {
  memory_.push_back(std::make_unique<memory::SegmentPool>(totalBytes, segmentBytes));
  totalSegments_ = memory_.back()->total();
}

void NetworkBufferPool::add(std::int64_t bytes) {
  auto more = std::make_unique<memory::SegmentPool>(bytes, segmentBytes_);
  std::vector<std::shared_ptr<std::function<void()>>> callbacks;
  {
    MutexLock lock(mutex_);
    totalSegments_ += more->total();
    memory_.push_back(std::move(more));
    redistribute();
    collectStarving(callbacks);
  }
  for (const auto& callback : callbacks) (*callback)();
}

std::int64_t NetworkBufferPool::totalSegments() const {
  MutexLock lock(mutex_);
  return totalSegments_;
}

std::byte* NetworkBufferPool::takeSegment() {
  for (const auto& memory : memory_) {
    if (std::byte* segment = memory->acquire(); segment != nullptr) return segment;
  }
  return nullptr;
}

void NetworkBufferPool::giveSegment(std::byte* segment) {
  const auto owner = std::find_if(memory_.begin(), memory_.end(),
                                  [&](const auto& memory) { return memory->owns(segment); });
  FLINK_CHECK(owner != memory_.end(), "a segment was given back that is not network memory");
  (*owner)->release(segment);
}

Result<std::shared_ptr<LocalBufferPool>> NetworkBufferPool::createPool(
    int minSegments, int maxSegments, std::function<void()> onRoom) {
  std::vector<std::shared_ptr<std::function<void()>>> callbacks;
  std::shared_ptr<LocalBufferPool> pool;
  {
    MutexLock lock(mutex_);
    if (guaranteed_ + minSegments > totalSegments_) {
      return Status(
          ErrorCode::kInsufficientNetworkBuffers,
          fmt::format(
              "Insufficient number of network buffers: required {}, but only {} available. The "
              "total "
              "number of network buffers is currently set to {} of {} bytes each. You can increase "
              "this number by setting the configuration keys "
              "'taskmanager.memory.network.fraction', "
              "'taskmanager.memory.network.min', and 'taskmanager.memory.network.max'",
              minSegments, totalSegments_ - guaranteed_, totalSegments_, segmentBytes_));
    }
    pool.reset(
        new LocalBufferPool(shared_from_this(), minSegments, maxSegments, std::move(onRoom)));
    guaranteed_ += minSegments;
    reserved_ += minSegments;
    pools_.push_back(pool.get());
    redistribute();
    collectStarving(callbacks);
  }
  for (const auto& callback : callbacks) (*callback)();
  return pool;
}

std::int64_t NetworkBufferPool::usedSegments() const {
  MutexLock lock(mutex_);
  return used_;
}

int NetworkBufferPool::requestedUsagePercent() const {
  MutexLock lock(mutex_);
  std::int64_t requested = 0;
  for (const LocalBufferPool* pool : pools_) requested += pool->maxSegments_;
  return totalSegments_ == 0 ? 0 : static_cast<int>(100 * requested / totalSegments_);
}

std::byte* NetworkBufferPool::acquire(LocalBufferPool& pool, int overdraft) {
  MutexLock lock(mutex_);
  if (pool.closed_) return nullptr;
  const bool owed = pool.inUse() < pool.minSegments_;
  const std::int64_t free = totalSegments_ - used_;
  if (pool.inUse() < pool.size() + overdraft && free > (owed ? 0 : reserved_)) {
    if (std::byte* segment = takeSegment(); segment != nullptr) {
      ++used_;
      if (owed) --reserved_;
      pool.inUse_.fetch_add(1, std::memory_order_relaxed);
      return segment;
    }
  }
  // At its own maximum the pool hears of room through its own releases.
  const bool othersInTheWay =
      pool.inUse() < pool.size() + overdraft || pool.size() < pool.maxSegments_;
  if (othersInTheWay && !pool.starving_) {
    pool.starving_ = true;
    ++starving_;
  }
  return nullptr;
}

void NetworkBufferPool::release(LocalBufferPool& pool, std::byte* segment) {
  std::vector<std::shared_ptr<std::function<void()>>> callbacks;
  {
    MutexLock lock(mutex_);
    giveSegment(segment);
    --used_;
    pool.inUse_.fetch_sub(1, std::memory_order_relaxed);
    if (!pool.closed_ && pool.inUse() < pool.minSegments_) ++reserved_;
    if (starving_ > 0) collectStarving(callbacks);
  }
  for (const auto& callback : callbacks) (*callback)();
}

void NetworkBufferPool::remove(LocalBufferPool& pool) {
  std::vector<std::shared_ptr<std::function<void()>>> callbacks;
  {
    MutexLock lock(mutex_);
    if (pool.closed_) return;
    pool.closed_ = true;
    if (pool.starving_) --starving_;
    pool.starving_ = false;
    guaranteed_ -= pool.minSegments_;
    reserved_ -= std::max(0, pool.minSegments_ - pool.inUse());
    pools_.erase(std::find(pools_.begin(), pools_.end(), &pool));
    redistribute();
    collectStarving(callbacks);
  }
  for (const auto& callback : callbacks) (*callback)();
}

void NetworkBufferPool::redistribute() {
  const std::int64_t excess = totalSegments_ - guaranteed_;
  std::int64_t wanted = 0;
  for (const LocalBufferPool* pool : pools_) wanted += pool->maxSegments_ - pool->minSegments_;
  // Rounding goes to the pools in order of creation, so that the shares add up to the excess.
  std::int64_t wantedSoFar = 0;
  std::int64_t given = 0;
  const std::int64_t toGive = std::min(excess, wanted);
  for (LocalBufferPool* pool : pools_) {
    wantedSoFar += pool->maxSegments_ - pool->minSegments_;
    const std::int64_t upTo = wanted == 0 ? 0 : toGive * wantedSoFar / wanted;
    pool->size_.store(pool->minSegments_ + static_cast<int>(upTo - given),
                      std::memory_order_relaxed);
    given = upTo;
  }
}

void NetworkBufferPool::collectStarving(
    std::vector<std::shared_ptr<std::function<void()>>>& callbacks) {
  const std::int64_t free = totalSegments_ - used_;
  for (LocalBufferPool* pool : pools_) {
    const bool owed = pool->inUse() < pool->minSegments_;
    if (!pool->starving_ || pool->inUse() >= pool->size() || free <= (owed ? 0 : reserved_))
      continue;
    pool->starving_ = false;
    --starving_;
    callbacks.push_back(pool->onRoom_);
  }
}

LocalBufferPool::LocalBufferPool(std::shared_ptr<NetworkBufferPool> global, int minSegments,
                                 int maxSegments, std::function<void()> onRoom)
    : global_(std::move(global)),
      minSegments_(minSegments),
      maxSegments_(std::max(minSegments, maxSegments)),
      onRoom_(std::make_shared<std::function<void()>>(std::move(onRoom))) {}

LocalBufferPool::~LocalBufferPool() {
  close();
}

}  // namespace flink::network
