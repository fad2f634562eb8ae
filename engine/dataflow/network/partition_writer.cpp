#include "dataflow/network/partition_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/base/error_codes.h"
#include "dataflow/network/buffer.h"
#include "dataflow/network/frame.h"

namespace flink::network {
namespace {
/// A cut record leaves at least this much of itself in its first buffer, its length prefix
/// included.
constexpr std::size_t kMinFirstPiece = 64;
}  // namespace

PartitionWriter::PartitionWriter(const PartitionSpec& spec, std::uint32_t segmentBytes,
                                 std::shared_ptr<OutputProbe> probe)
    : owner_(spec.owner),
      capacity_(segmentBytes - kFrameHeaderBytes),
      carriesHash_(spec.localConsumers),
      windowStore_(spec.localConsumers.size()),
      open_(spec.localConsumers.size()),
      probe_(std::move(probe)) {
  if (spec.blocking) carriesHash_.assign(carriesHash_.size(), false);
  windows_ = windowStore_;
}

std::uint32_t PartitionWriter::pending(int channel) const {
  const auto index = static_cast<std::size_t>(channel);
  return open_[index].start == nullptr
             ? 0
             : static_cast<std::uint32_t>(windowStore_[index].pos - open_[index].start);
}

std::uint8_t PartitionWriter::baseFlags(int channel) const {
  return carriesHash(channel) ? buffer_flag::kCarriesHash : std::uint8_t{0};
}

Status PartitionWriter::checkBroadcast(const ChannelEvent& event) const {
  if (event.payload.size() > ChannelEvent::kMaxPayloadBytes) {
    return Status(
        ErrorCode::kLimitExceeded,
        fmt::format("an event's payload is too large (are the checkpoint's directories that "
                    "long?): producer=\"{}\" bytes={} max={}",
                    owner_, event.payload.size(), ChannelEvent::kMaxPayloadBytes));
  }
  if (event.type != ChannelEvent::Type::kEndOfPartition) return Status::ok();
  return Status(
      ErrorCode::kInvalidArgument,
      fmt::format("the end of a partition is sent by finish() alone: producer=\"{}\"", owner_));
}

void PartitionWriter::setSegment(int channel, std::byte* segment) {
  open(channel).start = segment;
  window(channel) = segment == nullptr ? Window{} : Window{segment, segment + capacity_};
}

void PartitionWriter::passOnPending(int channel, bool endsInside) {
  const std::uint32_t size = pending(channel);
  if (size == 0) return;
  std::uint8_t flags = baseFlags(channel);
  if (open(channel).startsInside) flags |= buffer_flag::kStartsInside;
  if (endsInside) flags |= buffer_flag::kEndsInside;
  probe_->countBuffer(size);
  setSegment(channel, passOn(channel, size, flags));
  open(channel).startsInside = endsInside;
}

void PartitionWriter::nextSegment(int channel) {
  if (!released()) passOnPending(channel, false);
  if (!released() && open(channel).start == nullptr) setSegment(channel, provideSegment(channel));
  if (open(channel).start == nullptr || released()) {
    // Released: whatever the task still emits is written over and over into one place.
    if (discarded_.empty()) discarded_.resize(capacity_);
    window(channel) = {discarded_.data(), discarded_.data() + discarded_.size()};
  }
}

void PartitionWriter::writeLarge(int channel, std::uint32_t lengthWord, ByteView record) {
  if (window(channel).free() < kMinFirstPiece) nextSegment(channel);
  std::memcpy(window(channel).pos, &lengthWord, sizeof lengthWord);
  window(channel).pos += sizeof lengthWord;
  while (true) {
    Window& target = window(channel);
    const std::size_t size = std::min(target.free(), record.size());
    std::memcpy(target.pos, record.data(), size);
    target.pos += size;
    record = record.subspan(size);
    if (record.empty() || released()) return;
    passOnPending(channel, true);
    nextSegment(channel);
  }
}

}  // namespace flink::network
