#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/types/heap_bytes.h"
#include "core/types/key_hash.h"
#include "dataflow/operators/function_traits.h"
#include "dataflow/operators/operator.h"
#include "dataflow/operators/operator_factory.h"
#include "dataflow/operators/output.h"
#include "dataflow/operators/record_slots.h"
#include "dataflow/operators/wire_record.h"

namespace flink::operators {

/// Puts records together that were cut at segment borders, channel by channel.
class CutRecords {
 public:
  explicit CutRecords(int numChannels) : parts_(static_cast<std::size_t>(numChannels)) {}

  /// Takes what `segment` has of a record begun earlier, from its first byte. `complete` (with its
  /// length word in `word`) is empty while the record goes on in the next segment, and when there
  /// is none; it stays valid until drop(). Errors: kCorruptData.
  Status resume(int channel, const types::SegmentView& segment, std::size_t& offset,
                std::uint32_t& word, ByteView& complete);
  /// Keeps the beginning of a record, from `offset` to the end. Errors: kCorruptData when the
  /// segment is not cut.
  Status keep(int channel, const types::SegmentView& segment, std::size_t& offset);
  /// Forgets the record that resume() completed.
  void drop(int channel);

 private:
  std::vector<std::string> parts_;
};

[[nodiscard]] Status corruptRecord(int channel, const types::ByteCursor& in);
/// Reads the element behind a length word. Errors: kCorruptData.
Result<types::StreamElement> readElement(int channel, ByteView bytes);

/// Selector of edges without keys.
struct NoSelector {};

/// Decodes segments into reused records and hands them on in batches. With a Selector the batches
/// carry key hashes: those that came along, else recomputed. Batches carry timestamps once the edge
/// has seen one. Thread: the task's step.
template <class T, class Selector>
class TypedEdgeReader final : public EdgeReader {
 public:
  static constexpr bool kKeyed = !std::is_same_v<Selector, NoSelector>;

  TypedEdgeReader(Receiver& target, int numChannels, Selector selector)
      : target_(typedTarget(target)), selector_(std::move(selector)), cut_(numChannels) {}

  Result<EdgeReadResult> read(int channel, const types::SegmentView& segment, std::size_t& offset,
                              std::size_t maxRecords, std::uint64_t& numRecords) override {
    EdgeReadResult result;
    const std::size_t limit = std::max<std::size_t>(1, maxRecords);
    std::size_t count = 0;
    if (offset == 0) {
      ByteView whole;
      std::uint32_t word = 0;
      FLINK_RETURN_IF_ERROR(cut_.resume(channel, segment, offset, word, whole));
      if (!whole.empty()) {
        FLINK_RETURN_IF_ERROR(deliverLarge(channel, word, segment.carriesHash, whole));
        cut_.drop(channel);
        count = 1;
      }
    }
    const std::byte* const data = segment.data.data();
    const std::size_t size = segment.data.size();
    while (offset < size && count < limit) {
      const std::size_t left = size - offset;
      const std::uint32_t word = left < wire::kLengthBytes ? 0 : wire::getWord(data + offset);
      const std::size_t length = left < wire::kLengthBytes ? left : wire::lengthOf(word);
      if (length > left - std::min(left, wire::kLengthBytes)) [[unlikely]] {
        FLINK_RETURN_IF_ERROR(cut_.keep(channel, segment, offset));
        break;
      }
      offset += wire::kLengthBytes;
      if ((word & wire::kElement) != 0) [[unlikely]] {
        FLINK_ASSIGN_OR_RETURN(result.element, readElement(channel, {data + offset, length}));
        offset += length;
        break;
      }
      if (!decode({data + offset, length}, word, segment.carriesHash)) [[unlikely]]
        return corruptRecord(channel, in_);
      offset += length;
      ++count;
      if (filled_ == kBatchSize) {
        deliver();
        if (currentInterruption.interrupted) break;  // records take long: mail comes first
      }
    }
    deliver();
    numRecords += count;
    result.usedUp = offset >= size;
    return result;
  }

 private:
  static BatchReceiver<T>& typedTarget(Receiver& target) {
    if (target.recordType() != typeid(T)) throwTypeMismatch("", typeid(T), target.recordType());
    return static_cast<BatchReceiver<T>&>(target);
  }

  bool decode(ByteView record, std::uint32_t word, bool carriesHash) {
    if (filled_ == slots_.size()) [[unlikely]]
      grow();
    in_ = types::ByteCursor(record);
    if ((word & wire::kStamped) != 0) {
      const std::byte* from = in_.take(sizeof(types::Timestamp));
      if (from == nullptr) [[unlikely]]
        return false;
      if (!stamped_) [[unlikely]]
        beginStamps();
      std::memcpy(&stamps_[filled_], from, sizeof(types::Timestamp));
    } else if (stamped_) {
      stamps_[filled_] = types::kNoTimestamp;
    }
    T& slot = slots_.data()[filled_];
    if constexpr (kKeyed) {
      const std::size_t prefix = carriesHash ? wire::HashPrefix::size() : wire::GroupPrefix::size();
      const std::byte* from = in_.take(prefix);
      if (from == nullptr) [[unlikely]]
        return false;
      if (!types::readValue(in_, slot)) [[unlikely]]
        return false;
      if (carriesHash) {
        std::memcpy(&hashes_[filled_], from + sizeof(std::uint16_t), sizeof(types::KeyHash));
      } else {
        hashes_[filled_] = types::keyHash(callKeySelector(selector_, std::as_const(slot)));
      }
    } else {
      if (!types::readValue(in_, slot)) [[unlikely]]
        return false;
    }
    if (in_.remaining() != 0) [[unlikely]]
      return in_.fail("bytes left over");
    ++filled_;
    return true;
  }

  /// A record longer than a segment travels alone, so that only one slot ever holds so much memory.
  Status deliverLarge(int channel, std::uint32_t word, bool carriesHash, ByteView record) {
    if (!decode(record, word, carriesHash)) return corruptRecord(channel, in_);
    deliver();
    if (types::heapBytes(slots_.data()[0]) > wire::kKeptLargeBytes) slots_.data()[0] = T();
    return Status::ok();
  }

  void deliver() {
    if (filled_ == 0) return;
    const std::size_t filled = std::exchange(filled_, 0);
    target_.process({std::span<T>(slots_.data(), filled), kKeyed ? hashes_.data() : nullptr,
                     stamped_ ? stamps_.data() : nullptr});
  }

  void beginStamps() {
    stamped_ = true;
    stamps_.assign(slots_.size(), types::kNoTimestamp);
  }

  void grow() {
    slots_.grow(std::min(kBatchSize, std::max<std::size_t>(16, slots_.size() * 4)));
    if constexpr (kKeyed) hashes_.resize(slots_.size());
    if (stamped_) stamps_.resize(slots_.size());
  }

  BatchReceiver<T>& target_;
  [[no_unique_address]] Selector selector_;
  CutRecords cut_;
  types::ByteCursor in_;
  RecordSlots<T> slots_;
  std::vector<types::KeyHash> hashes_;
  std::vector<types::Timestamp> stamps_;
  bool stamped_ = false;
  std::size_t filled_ = 0;
};

}  // namespace flink::operators
