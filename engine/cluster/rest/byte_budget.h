#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace flink::rest {

/// What many requests may hold in memory together.
/// Thread: any. Lifetime: claims may outlive it.
class ByteBudget {
 public:
  explicit ByteBudget(std::uint64_t bytes)
      : left_(std::make_shared<std::atomic<std::uint64_t>>(bytes)) {}

  /// Takes `bytes` until the last copy of the result is gone; null when so much is not left.
  [[nodiscard]] std::shared_ptr<void> claim(std::uint64_t bytes) {
    std::uint64_t left = left_->load();
    do {
      if (left < bytes) return nullptr;
    } while (!left_->compare_exchange_weak(left, left - bytes));
    return {left_.get(), [owner = left_, bytes](void*) { owner->fetch_add(bytes); }};
  }

 private:
  std::shared_ptr<std::atomic<std::uint64_t>> left_;
};

}  // namespace flink::rest
