#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace flink::operators {

/// An array of reused records (a vector that works for bool too and never shrinks by itself).
template <class T>
class RecordSlots {
 public:
  [[nodiscard]] T* data() const { return slots_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Makes at least `size` slots; what is there stays.
  void grow(std::size_t size) {
    if (size <= size_) return;
    auto larger = std::make_unique<T[]>(size);
    for (std::size_t i = 0; i < size_; ++i) larger[i] = std::move(slots_[i]);
    slots_ = std::move(larger);
    size_ = size;
  }
  void clear() {
    slots_.reset();
    size_ = 0;
  }
  void swap(RecordSlots& other) noexcept {
    slots_.swap(other.slots_);
    std::swap(size_, other.size_);
  }

 private:
  std::unique_ptr<T[]> slots_;
  std::size_t size_ = 0;
};

}  // namespace flink::operators
