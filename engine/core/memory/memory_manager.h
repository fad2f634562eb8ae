#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/base/mutex.h"
#include "core/base/result.h"
#include "core/memory/segment_pool.h"

namespace flink::memory {

/// Deals the managed memory of a slot out to operators, in pages, and knows who has what.
/// Thread: any. Ownership: the pages are the manager's; every owner ends with releaseAll().
class MemoryManager {
 public:
  /// Names one user of memory, usually by its address.
  using Owner = const void*;

  MemoryManager(std::int64_t totalBytes, std::int32_t pageSize);

  /// All or nothing. Errors: kMemoryAllocation.
  Result<std::vector<std::byte*>> allocatePages(Owner owner, std::size_t numPages);
  /// REQUIRES: `pages` belong to `owner`.
  void releasePages(Owner owner, const std::vector<std::byte*>& pages);
  void releaseAll(Owner owner);

  [[nodiscard]] std::int64_t available() const;
  [[nodiscard]] std::int64_t total() const { return pool_.total() * pool_.segmentBytes(); }
  [[nodiscard]] std::int32_t pageSize() const { return pool_.segmentBytes(); }

 private:
  SegmentPool pool_;
  mutable Mutex mutex_;
  std::unordered_map<Owner, std::vector<std::byte*>> pagesOf_ FLINK_GUARDED_BY(mutex_);
  std::int64_t free_ FLINK_GUARDED_BY(mutex_);
};

}  // namespace flink::memory
