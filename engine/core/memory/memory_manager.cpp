#include "core/memory/memory_manager.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/check.h"
#include "core/base/error_codes.h"

namespace flink::memory {

MemoryManager::MemoryManager(std::int64_t totalBytes, std::int32_t pageSize)
    : pool_(totalBytes, pageSize), free_(pool_.total()) {}

Result<std::vector<std::byte*>> MemoryManager::allocatePages(Owner owner, std::size_t numPages) {
  MutexLock lock(mutex_);
  if (numPages > static_cast<std::size_t>(free_)) {
    const auto pageBytes = static_cast<std::size_t>(pageSize());
    return Status(ErrorCode::kMemoryAllocation,
                  fmt::format("Cannot allocate {} bytes. Available: {} bytes.",
                              numPages * pageBytes, free_ * pageSize()));
  }
  free_ -= static_cast<std::int64_t>(numPages);
  std::vector<std::byte*> pages;
  pages.reserve(numPages);
  for (std::size_t i = 0; i < numPages; ++i) pages.push_back(pool_.acquire());
  std::vector<std::byte*>& all = pagesOf_[owner];
  all.insert(all.end(), pages.begin(), pages.end());
  return pages;
}

void MemoryManager::releasePages(Owner owner, const std::vector<std::byte*>& pages) {
  MutexLock lock(mutex_);
  const auto found = pagesOf_.find(owner);
  FLINK_CHECK(found != pagesOf_.end() || pages.empty(),
              "pages were released for an owner that has none");
  for (std::byte* page : pages) {
    std::vector<std::byte*>& all = found->second;
    const auto position = std::find(all.rbegin(), all.rend(), page);
    FLINK_CHECK(position != all.rend(), "a page was released for an owner that does not have it");
    *position = all.back();
    all.pop_back();
    pool_.release(page);
    ++free_;
  }
  if (found != pagesOf_.end() && found->second.empty()) pagesOf_.erase(found);
}

void MemoryManager::releaseAll(Owner owner) {
  MutexLock lock(mutex_);
  const auto found = pagesOf_.find(owner);
  if (found == pagesOf_.end()) return;
  for (std::byte* page : found->second) pool_.release(page);
  free_ += static_cast<std::int64_t>(found->second.size());
  pagesOf_.erase(found);
}

std::int64_t MemoryManager::available() const {
  MutexLock lock(mutex_);
  return free_ * pageSize();
}

}  // namespace flink::memory
