#pragma once

#include <cstddef>

namespace flink {

/// Counts what this process asks of operator new while it lives, on all threads. A test binary that
/// uses it links counting_new.cpp, which replaces the global operators.
class AllocationCounter {
 public:
  AllocationCounter();
  ~AllocationCounter();
  AllocationCounter(const AllocationCounter&) = delete;
  AllocationCounter& operator=(const AllocationCounter&) = delete;
  [[nodiscard]] std::size_t numAllocations() const;
  [[nodiscard]] std::size_t numBytes() const;
};

}  // namespace flink
