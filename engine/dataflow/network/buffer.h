#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "dataflow/network/network_environment.h"

namespace flink::network {

/// What a buffer's header says about its content (FORMAT.md).
namespace buffer_flag {
inline constexpr std::uint8_t kStartsInside = 1;
inline constexpr std::uint8_t kEndsInside = 2;
inline constexpr std::uint8_t kCompressed = 4;
inline constexpr std::uint8_t kCarriesHash = 8;
inline constexpr std::uint8_t kAll = 15;
}  // namespace buffer_flag

/// Takes back the segments it gave out.
/// Thread: any.
class SegmentOwner {
 public:
  virtual ~SegmentOwner() = default;
  /// `channel` is the value the buffer was made with.
  virtual void recycle(std::byte* segment, std::uint32_t channel) = 0;
};

/// One segment with its content; gives the segment back when destroyed.
/// Ownership: keeps its owner alive, so a buffer may outlive the partition or gate it came from.
class Buffer {
 public:
  Buffer() = default;
  Buffer(std::byte* segment, std::shared_ptr<SegmentOwner> owner, std::uint32_t channel)
      : segment_(segment), channel_(channel), owner_(std::move(owner)) {}
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer moved(std::move(other));
    swap(moved);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() {
    if (owner_ != nullptr) owner_->recycle(segment_, channel_);
  }

  [[nodiscard]] bool valid() const { return owner_ != nullptr; }
  [[nodiscard]] std::byte* data() const { return segment_; }
  [[nodiscard]] ByteView bytes() const { return {segment_, size}; }

  std::uint32_t size = 0;
  std::uint8_t flags = 0;

 private:
  void swap(Buffer& other) noexcept {
    std::swap(size, other.size);
    std::swap(flags, other.flags);
    std::swap(segment_, other.segment_);
    std::swap(channel_, other.channel_);
    owner_.swap(other.owner_);
  }

  std::byte* segment_ = nullptr;
  std::uint32_t channel_ = 0;
  std::shared_ptr<SegmentOwner> owner_;
};

/// What stands in the queue of a channel: a buffer or an event.
struct QueuedItem {
  Buffer buffer;
  std::optional<ChannelEvent> event;
};

/// What a reader takes from a channel: a buffer, an event, or the reason why nothing will come any
/// more.
struct Taken : QueuedItem {
  [[nodiscard]] bool endsChannel() const {
    return event.has_value() && event->type == ChannelEvent::Type::kEndOfPartition;
  }
  Status failure;
  int backlog = 0;    ///< buffers still queued behind this one
  bool more = false;  ///< another take() would give something now
};

enum class TakeResult : std::uint8_t { kNothing, kTaken, kFailed };

}  // namespace flink::network
