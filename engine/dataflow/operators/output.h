#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/current_code.h"
#include "core/types/heap_bytes.h"
#include "dataflow/operators/collector.h"
#include "dataflow/operators/interruption.h"
#include "dataflow/operators/operator.h"
#include "dataflow/operators/record_slots.h"

namespace flink::operators {

/// Says that the graph connected an output to an input of another type: a bug of whoever built it.
[[noreturn]] void throwTypeMismatch(std::string_view tag, const std::type_info& produced,
                                    const std::type_info& consumed);
[[noreturn]] void throwNotCopyable(const std::type_info& type);

/// Records per batch inside a chain: enough to make per-batch costs vanish, few enough to stay in
/// the nearest cache.
constexpr std::size_t kBatchSize = 256;
/// A batch of larger records is cut short at about this many bytes of reused memory.
constexpr std::size_t kBatchHeapBytes = 1 << 20;

/// Fills batches for the receivers of one tag. The receivers share nothing: with several of them
/// all but the last get copies.
template <class T>
class Output final : public Collector<T> {
 public:
  Output(const OperatorOutputs& outputs, std::string_view tag) {
    for (const auto& [name, receiver] : outputs) {
      if (name != tag) continue;
      if (receiver->recordType() != typeid(T))
        throwTypeMismatch(tag, typeid(T), receiver->recordType());
      receivers_.push_back(static_cast<BatchReceiver<T>*>(receiver));
    }
  }

  Collector<T>& collector() { return *this; }

  /// The timestamp of what is collected from now on; kNoTimestamp takes it away again.
  void setTimestamp(types::Timestamp timestamp) {
    if (timestamp == timestamp_) return;
    stampCollected();
    timestamp_ = timestamp;
  }

  /// Hands on what was collected.
  void flush() {
    const std::size_t filled = collected();
    if (filled == 0) return;
    if (timestamp_ != types::kNoTimestamp || numStamped_ > 0) stampCollected();
    forward(std::span<T>(slots_.data(), filled), numStamped_ > 0 ? stamps_.data() : nullptr);
    numStamped_ = 0;
    this->pos_ = slots_.data();
    limitRetainedMemory(filled);
  }

  /// Hands on records that live elsewhere. REQUIRES: nothing collected is waiting.
  void forward(std::span<T> records, const types::Timestamp* timestamps = nullptr) {
    numRecords_ += records.size();
    if (receivers_.empty() || records.empty()) return;
    // Not restored when a receiver throws: then the thrower stays named.
    const char* const sender = currentCode.op;
    if constexpr (std::is_copy_assignable_v<T>) {
      for (std::size_t i = 0; i + 1 < receivers_.size(); ++i) {
        copies_.grow(records.size());
        for (std::size_t r = 0; r < records.size(); ++r)
          copies_.data()[r] = std::as_const(records[r]);
        receivers_[i]->process({std::span<T>(copies_.data(), records.size()), nullptr, timestamps});
      }
    } else if (receivers_.size() > 1) {
      throwNotCopyable(typeid(T));
    }
    receivers_.back()->process({records, nullptr, timestamps});
    currentCode.op = sender;
  }

  [[nodiscard]] std::uint64_t numRecords() const { return numRecords_; }
  [[nodiscard]] bool isConnected() const { return !receivers_.empty(); }

 private:
  [[nodiscard]] std::size_t collected() const {
    return static_cast<std::size_t>(this->pos_ - slots_.data());
  }

  /// Gives the current timestamp to what was collected since it was set.
  void stampCollected() {
    const std::size_t filled = collected();
    if (filled == numStamped_) return;
    if (stamps_.size() < filled) stamps_.resize(std::max(filled, kBatchSize));
    std::fill(stamps_.begin() + static_cast<std::ptrdiff_t>(numStamped_),
              stamps_.begin() + static_cast<std::ptrdiff_t>(filled), timestamp_);
    numStamped_ = filled;
  }

  void makeRoom() override {
    if (slots_.size() >= capacity_) {
      checkInterruption(*currentInterruption.requested);
      flush();
      if (this->pos_ != this->end_) return;
    }
    const std::size_t filled = collected();
    slots_.grow(std::min(capacity_, std::max<std::size_t>(16, slots_.size() * 4)));
    this->pos_ = slots_.data() + filled;
    this->end_ = slots_.data() + slots_.size();
  }

  /// Looks at one slot per batch, so that a few giant records do not leave every slot with a
  /// giant's memory.
  void limitRetainedMemory(std::size_t filled) {
    if constexpr (!types::kNoHeap<T>) {
      const std::size_t bytes = types::heapBytes(slots_.data()[sampled_++ % filled]);
      if (bytes * slots_.size() > kBatchHeapBytes * 4) [[unlikely]] {
        capacity_ = std::max<std::size_t>(1, kBatchHeapBytes / bytes);
        slots_.clear();
        this->pos_ = this->end_ = nullptr;
      } else if (capacity_ < kBatchSize && bytes * capacity_ * 4 < kBatchHeapBytes) {
        capacity_ = std::min(kBatchSize, capacity_ * 2);
      }
    }
  }

  std::vector<BatchReceiver<T>*> receivers_;
  RecordSlots<T> slots_;
  RecordSlots<T> copies_;
  std::size_t capacity_ = kBatchSize;
  std::size_t sampled_ = 0;
  std::uint64_t numRecords_ = 0;
  types::Timestamp timestamp_ = types::kNoTimestamp;
  std::vector<types::Timestamp> stamps_;
  std::size_t numStamped_ = 0;  ///< of those collected
};

/// Calls each(record) for the records of a batch; what it collects into `outputs` gets the record's
/// timestamp.
template <class In, class Each, class... Outputs>
void forEachRecord(const Batch<In>& batch, Each&& each, Outputs&... outputs) {
  const std::atomic<bool>& requested = *currentInterruption.requested;
  if (batch.timestamps == nullptr) (outputs.setTimestamp(types::kNoTimestamp), ...);
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    checkInterruption(requested, outputs...);
    if (batch.timestamps != nullptr) (outputs.setTimestamp(batch.timestamps[i]), ...);
    each(batch.records[i]);
  }
}

}  // namespace flink::operators
