#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "core/types/stream_time.h"
#include "dataflow/operators/record_slots.h"

namespace flink::operators {

/// What a source function emitted, in order: records, and event time between them. Records without
/// timestamps cost nothing for them.
/// Thread: one at a time.
template <class T>
class SourceQueue {
 public:
  void add(T record, types::Timestamp timestamp) {
    if (numRecords_ == records_.size())
      records_.grow(std::max<std::size_t>(64, 2 * records_.size()));
    if (timestamp != types::kNoTimestamp) {
      timestamps_.resize(numRecords_, types::kNoTimestamp);
      timestamps_.push_back(timestamp);
    }
    records_.data()[numRecords_++] = std::move(record);
  }
  void add(types::StreamElement element) { elements_.push_back({numRecords_, element}); }

  /// Takes the next up to `maxRecords` records, but none past the next element: forward(records,
  /// timestamps); or the element: put(element). False when nothing is left.
  template <class Forward, class Put>
  bool next(std::size_t maxRecords, Forward&& forward, Put&& put) {
    const std::size_t limit =
        nextElement_ < elements_.size() ? elements_[nextElement_].position : numRecords_;
    if (nextRecord_ < limit) {
      const std::size_t n = std::min(limit - nextRecord_, maxRecords);
      if (!timestamps_.empty()) timestamps_.resize(numRecords_, types::kNoTimestamp);
      forward(std::span<T>(records_.data() + nextRecord_, n),
              timestamps_.empty() ? nullptr : timestamps_.data() + nextRecord_);
      nextRecord_ += n;
      return true;
    }
    if (nextElement_ == elements_.size()) return false;
    put(elements_[nextElement_++].element);
    return true;
  }
  [[nodiscard]] bool atEnd() const {
    return nextRecord_ == numRecords_ && nextElement_ == elements_.size();
  }

  void clear() {
    numRecords_ = nextRecord_ = nextElement_ = 0;
    timestamps_.clear();
    elements_.clear();
  }
  void swap(SourceQueue& other) noexcept {
    records_.swap(other.records_);
    std::swap(numRecords_, other.numRecords_);
    std::swap(nextRecord_, other.nextRecord_);
    timestamps_.swap(other.timestamps_);
    elements_.swap(other.elements_);
    std::swap(nextElement_, other.nextElement_);
  }

 private:
  struct Placed {
    std::size_t position = 0;  ///< behind so many records
    types::StreamElement element;
  };
  RecordSlots<T> records_;
  std::size_t numRecords_ = 0;
  std::size_t nextRecord_ = 0;
  std::vector<types::Timestamp> timestamps_;  ///< of the first records; the rest have none
  std::vector<Placed> elements_;
  std::size_t nextElement_ = 0;
};

}  // namespace flink::operators
