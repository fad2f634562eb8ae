#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataflow/network/compression.h"
#include "dataflow/network/network_environment.h"
#include "dataflow/network/probe.h"

namespace flink::network {

/// The windows of a result partition and the cutting of records that are longer than a segment;
/// what becomes of a full segment is the subclass's. Thread: the task's step.
class PartitionWriter : public ResultPartition {
 public:
  PartitionWriter(const PartitionSpec& spec, std::uint32_t segmentBytes,
                  std::shared_ptr<OutputProbe> probe);

  [[nodiscard]] bool carriesHash(int channel) const final {
    return carriesHash_[static_cast<std::size_t>(channel)];
  }
  void nextSegment(int channel) final;
  void writeLarge(int channel, std::uint32_t lengthWord, ByteView record) final;
  [[nodiscard]] std::int64_t bytesOut() const final { return probe_->bytes(); }
  [[nodiscard]] std::int64_t buffersOut() const final { return probe_->buffers(); }

 protected:
  /// What a channel's window stands in.
  struct OpenSegment {
    std::byte* start = nullptr;
    bool startsInside = false;
  };

  /// Passes the first `size` bytes of the channel's segment on. Returns the segment to go on with,
  /// null when none is kept. `endsInside`: the last record goes on in the next buffer.
  virtual std::byte* passOn(int channel, std::uint32_t size, std::uint8_t flags) = 0;
  /// A fresh segment; waits until there is one. Null once released.
  virtual std::byte* provideSegment(int channel) = 0;

  /// Bytes written into the channel's window and not passed on yet.
  [[nodiscard]] std::uint32_t pending(int channel) const;
  /// Passes pending bytes on; afterwards the window is empty, with or without a segment.
  void passOnPending(int channel, bool endsInside);
  void setSegment(int channel, std::byte* segment);
  [[nodiscard]] OpenSegment& open(int channel) { return open_[static_cast<std::size_t>(channel)]; }
  [[nodiscard]] std::uint8_t baseFlags(int channel) const;
  /// Segments keep room for the next frame's header, so that a receiver reads both with one call.
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  /// The task's name, for errors.
  [[nodiscard]] const std::string& owner() const { return owner_; }
  /// Refuses what finish() sends.
  [[nodiscard]] Status checkBroadcast(const ChannelEvent& event) const;
  [[nodiscard]] OutputProbe& probe() { return *probe_; }

 private:
  const std::string owner_;
  const std::size_t capacity_;
  std::vector<bool> carriesHash_;
  std::vector<Window> windowStore_;
  std::vector<OpenSegment> open_;
  /// Where emits go after release().
  std::vector<std::byte> discarded_;
  std::shared_ptr<OutputProbe> probe_;
};

}  // namespace flink::network
