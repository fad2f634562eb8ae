#include "dataflow/operators/wire_record.h"

#include <stdexcept>

#include <fmt/format.h>

namespace flink::operators::wire {

void checkRecordSize(std::size_t size) {
  if (size <= kMaxRecordBytes) return;
  throw std::length_error(fmt::format(
      "record is too large to be sent; split it up: bytes={} limit={}", size, kMaxRecordBytes));
}

void throwNullKey() {
  throw std::invalid_argument(
      "Assigned key must not be null: a key selector gave a record no key; filter such records out "
      "or give them a key of their own");
}

void throwBadPartition(int channel, int numChannels) {
  throw std::out_of_range(fmt::format(
      "partitioner must return 0 <= partition < numPartitions: partition={} numPartitions={}",
      channel, numChannels));
}

std::size_t putElement(std::byte* to, const types::StreamElement& element) {
  const bool timed = element.kind == types::StreamElement::Kind::kWatermark;
  const std::size_t length = 1 + (timed ? sizeof element.time : 0);
  putWord(to, length, kElement);
  to[kLengthBytes] = static_cast<std::byte>(element.kind);
  if (timed) std::memcpy(to + kLengthBytes + 1, &element.time, sizeof element.time);
  return kLengthBytes + length;
}

void broadcastElement(types::SegmentWriter& writer, const types::StreamElement& element) {
  for (int channel = 0; channel < writer.numChannels(); ++channel) {
    if (writer.window(channel).free() < kMaxElementBytes) writer.nextSegment(channel);
    std::byte*& pos = writer.window(channel).pos;
    pos += putElement(pos, element);
  }
}

std::optional<types::StreamElement> parseElement(ByteView bytes) {
  using Kind = types::StreamElement::Kind;
  if (bytes.empty()) return std::nullopt;
  types::StreamElement element;
  element.kind = static_cast<Kind>(bytes.front());
  switch (element.kind) {
    case Kind::kWatermark:
      if (bytes.size() != 1 + sizeof element.time) return std::nullopt;
      std::memcpy(&element.time, bytes.data() + 1, sizeof element.time);
      return element;
    case Kind::kIdle:
    case Kind::kActive:
      if (bytes.size() != 1) return std::nullopt;
      return element;
  }
  return std::nullopt;
}

std::uint64_t mixSeed(std::uint64_t seed) {
  return (seed + 1) * 0x9E3779B97F4A7C15ULL;
}

}  // namespace flink::operators::wire
