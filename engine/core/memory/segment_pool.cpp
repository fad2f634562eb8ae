#include "core/memory/segment_pool.h"

#include <sys/mman.h>

#include <fmt/format.h>

#include "core/base/check.h"

namespace flink::memory {

MappedRegion::MappedRegion(std::size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  // Not reserved: the memory model has already made sure that the sizes add up to what the process
  // may use.
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  FLINK_CHECK(memory != MAP_FAILED,
              fmt::format("the system refuses to map memory: bytes={}", bytes));
  data_ = static_cast<std::byte*>(memory);
}

MappedRegion::~MappedRegion() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

SegmentPool::SegmentPool(std::int64_t totalBytes, std::int32_t segmentBytes)
    : segmentBytes_(segmentBytes),
      total_(segmentBytes > 0 ? totalBytes / segmentBytes : 0),
      region_(static_cast<std::size_t>(total_) * static_cast<std::size_t>(segmentBytes)) {
  FLINK_CHECK(segmentBytes > 0 && totalBytes >= 0,
              "a segment pool needs a segment size and no negative total");
  returned_.reserve(static_cast<std::size_t>(total_));  // release() never allocates
}

std::byte* SegmentPool::acquire() {
  std::int64_t index = 0;
  {
    MutexLock lock(mutex_);
    if (!returned_.empty()) {
      index = returned_.back();
      returned_.pop_back();
    } else if (untouched_ < total_) {
      index = untouched_++;
    } else {
      return nullptr;
    }
  }
  return region_.data() + index * segmentBytes_;
}

void SegmentPool::release(std::byte* segment) {
  FLINK_CHECK(owns(segment), "a segment was given back to a pool that it is not from");
  const auto index = static_cast<std::uint32_t>((segment - region_.data()) / segmentBytes_);
  MutexLock lock(mutex_);
  FLINK_CHECK(static_cast<std::int64_t>(returned_.size()) < untouched_,
              "a segment was given back twice");
  returned_.push_back(index);
}

std::int64_t SegmentPool::used() const {
  MutexLock lock(mutex_);
  return untouched_ - static_cast<std::int64_t>(returned_.size());
}

bool SegmentPool::owns(const std::byte* segment) const {
  if (segment < region_.data() || segment >= region_.data() + region_.size()) return false;
  return (segment - region_.data()) % segmentBytes_ == 0;
}

}  // namespace flink::memory
