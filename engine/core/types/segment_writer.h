#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "core/base/bytes.h"

namespace flink::types {

/// The outgoing channels of one task and one edge, as bytes. The typed side (operators) serializes
/// straight into the window; the transport side (network) hands out and takes back segments.
/// dataflow/network implements it. Wire format of a channel: records and control elements, each
/// `u32 length word` + (with a timestamp: `i64`) + (records of keyed exchanges: `u16 key group`, on
/// channels inside one process also `u64 key hash`) + payload; all little endian; see
/// network/FORMAT.md. A record that does not fit into an empty segment is cut into several buffers,
/// marked by their header. Thread: the task's step only.
class SegmentWriter {
 public:
  /// Free bytes of a channel's current segment. Both null: no segment yet.
  struct Window {
    std::byte* pos = nullptr;
    std::byte* end = nullptr;
    [[nodiscard]] std::size_t free() const { return static_cast<std::size_t>(end - pos); }
  };

  virtual ~SegmentWriter() = default;
  [[nodiscard]] int numChannels() const { return static_cast<int>(windows_.size()); }
  /// The writer advances pos past every complete record and counts it with countRecord().
  [[nodiscard]] Window& window(int channel) { return windows_[static_cast<std::size_t>(channel)]; }
  /// True when records of this channel stay inside this process and carry their key's hash.
  [[nodiscard]] virtual bool carriesHash(int channel) const = 0;
  /// Hands over what the window holds and provides an empty segment; may wait for memory
  /// (Executor::await). After it the window is empty and at least `segmentBytes() - header` long.
  virtual void nextSegment(int channel) = 0;
  /// Emits a record (given without its length word) that is longer than a segment.
  virtual void writeLarge(int channel, std::uint32_t lengthWord, ByteView record) = 0;
  /// True when the task was told to stop: emitting goes nowhere and the caller should return soon.
  [[nodiscard]] virtual bool released() const = 0;
  void countRecords(std::uint64_t n) { numRecords_ += n; }
  [[nodiscard]] std::uint64_t numRecords() const { return numRecords_; }

 protected:
  /// Set up by the implementation: one window per channel.
  std::span<Window> windows_;

 private:
  std::uint64_t numRecords_ = 0;
};

/// What a reader gets: one buffer of one channel.
struct SegmentView {
  ByteView data;
  bool carriesHash = false;  ///< see SegmentWriter::carriesHash
  bool startsInside =
      false;  ///< begins with the rest of a record cut in an earlier buffer of the channel
  bool endsInside = false;  ///< its last record goes on in the channel's next buffer
};

}  // namespace flink::types
