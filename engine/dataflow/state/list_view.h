#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "dataflow/state/value_forms.h"

namespace flink {

/// The elements of a list state, in place. Lifetime: until the next call on any state.
template <class T>
class ListView {
 public:
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = const T*;
    using reference = const T&;
    Iterator() = default;
    Iterator(const std::byte* at, std::size_t stride) : at_(at), stride_(stride) {}
    reference operator*() const { return *reinterpret_cast<const T*>(at_); }
    pointer operator->() const { return reinterpret_cast<const T*>(at_); }
    Iterator& operator++() {
      at_ += stride_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      at_ += stride_;
      return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

   private:
    const std::byte* at_ = nullptr;
    std::size_t stride_ = 0;
  };

  ListView() = default;
  explicit ListView(const std::vector<T>& elements)
      : first_(reinterpret_cast<const std::byte*>(elements.data())), size_(elements.size()) {}
  explicit ListView(const std::vector<state::TtlValue<T>>& elements)
      : first_(elements.empty() ? nullptr
                                : reinterpret_cast<const std::byte*>(&elements.front().value)),
        stride_(sizeof(state::TtlValue<T>)),
        size_(elements.size()) {}
  /// Elements that are no longer part of the state.
  explicit ListView(std::shared_ptr<const std::vector<T>> owned)
      : first_(reinterpret_cast<const std::byte*>(owned->data())),
        size_(owned->size()),
        owned_(std::move(owned)) {}

  [[nodiscard]] Iterator begin() const { return Iterator(first_, stride_); }
  [[nodiscard]] Iterator end() const { return Iterator(first_ + size_ * stride_, stride_); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// REQUIRES: position < size().
  const T& operator[](std::size_t position) const {
    return *Iterator(first_ + position * stride_, stride_);
  }
  [[nodiscard]] std::vector<T> toVector() const { return std::vector<T>(begin(), end()); }

 private:
  const std::byte* first_ = nullptr;
  std::size_t stride_ = sizeof(T);
  std::size_t size_ = 0;
  std::shared_ptr<const std::vector<T>> owned_;
};

}  // namespace flink
