#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/base/clock.h"

namespace flink::task {

/// Learns how many records one call into the chain may take, so that a call costs a fraction of a
/// step's budget and fills only a few buffers: between calls the task looks at its budget and at
/// the room in its outputs. Thread: the task's step.
class BatchSizer {
 public:
  [[nodiscard]] std::size_t limit() const { return limit_; }

  /// A call with `limit()` came to `records` records (limit() if unknown), took `elapsed` and
  /// passed on `buffers` buffers. Grows only when the limit was what ended the call.
  void learn(std::size_t records, Duration elapsed, std::int64_t buffers, Duration budget) {
    if (elapsed > budget / 4 || buffers > kMaxBuffersPerCall) {
      limit_ = std::max<std::size_t>(1, std::min(limit_, records) / 2);
    } else if (records >= limit_ && elapsed < budget / 16 && buffers <= kMaxBuffersPerCall / 2) {
      limit_ = std::min(limit_ * 2, kMaxRecords);
    }
  }

 private:
  static constexpr std::size_t kMaxRecords = 1024;
  static constexpr std::int64_t kMaxBuffersPerCall = 4;
  std::size_t limit_ = 256;
};

}  // namespace flink::task
