#include "dataflow/network/frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/base/error_codes.h"
#include "dataflow/network/buffer.h"

namespace flink::network {
namespace {

constexpr std::uint16_t kMagic = 0xF11C;

template <class T>
void put(std::byte*& out, T value) {
  std::memcpy(out, &value, sizeof value);
  out += sizeof value;
}

template <class T>
T get(const std::byte*& in) {
  T value;
  std::memcpy(&value, in, sizeof value);
  in += sizeof value;
  return value;
}

void putText(std::byte*& out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  out += text.size();
}

std::string_view takeText(const std::byte*& in, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(in), size);
  in += size;
  return text;
}

/// How long a frame's payload may be; not legal: this side must not get such a frame.
struct LengthRange {
  std::uint32_t min = 0, max = 0;
  bool legal = true;
};

LengthRange eventLength(std::uint32_t event) {
  if (event > 0xFF) return {0, 0, false};  // the cast would cut it
  switch (static_cast<ChannelEvent::Type>(event)) {
    case ChannelEvent::Type::kEndOfPartition:
      return {0, 0};
    case ChannelEvent::Type::kCheckpointBarrier:
      return {8 + 8 + 1, 8 + 8 + 1 + ChannelEvent::kMaxPayloadBytes};
    case ChannelEvent::Type::kCancelCheckpoint:
      return {8, 8};
    case ChannelEvent::Type::kEndOfData:
      return {1, 1};
  }
  return {0, 0, false};
}

LengthRange lengthRange(const FrameHeader& header, FrameReaderSide side,
                        std::uint32_t segmentBytes) {
  if (side == FrameReaderSide::kProducer) {
    switch (header.type) {
      case FrameType::kPartitionRequest:
        return {kPartitionRequestBytes, kPartitionRequestBytes};
      case FrameType::kAddCredit:
      case FrameType::kCloseChannel:
      case FrameType::kResumeChannel:
        return {0, 0};
      default:
        return {0, 0, false};
    }
  }
  switch (header.type) {
    case FrameType::kBuffer:
      return {1, segmentBytes};
    case FrameType::kEvent:
      return eventLength(header.value);
    case FrameType::kBacklog:
      return {0, 0};
    case FrameType::kError:
      return {0, kMaxErrorBytes};
    default:
      return {0, 0, false};
  }
}

}  // namespace

void encodeFrameHeader(const FrameHeader& header, std::byte* out) {
  put(out, header.length);
  put(out, kMagic);
  put(out, static_cast<std::uint8_t>(header.type));
  put(out, header.flags);
  put(out, header.channel);
  put(out, header.sequence);
  put(out, header.value);
}

Result<FrameHeader> decodeFrameHeader(const std::byte* in, FrameReaderSide side,
                                      std::uint32_t segmentBytes) {
  FrameHeader header;
  header.length = get<std::uint32_t>(in);
  const auto magic = get<std::uint16_t>(in);
  header.type = static_cast<FrameType>(get<std::uint8_t>(in));
  header.flags = get<std::uint8_t>(in);
  header.channel = get<std::uint32_t>(in);
  header.sequence = get<std::uint32_t>(in);
  header.value = get<std::uint32_t>(in);
  if (magic != kMagic) {
    return Status(
        ErrorCode::kCorruptData,
        fmt::format("data frame without its mark: expected={:#06x} found={:#06x}", kMagic, magic));
  }
  const LengthRange range = lengthRange(header, side, segmentBytes);
  if (!range.legal) {
    return Status(ErrorCode::kCorruptData,
                  fmt::format("data frame of an unexpected type: type={} value={}",
                              static_cast<int>(header.type), header.value));
  }
  if (header.length < range.min || header.length > range.max) {
    return Status(
        ErrorCode::kLimitExceeded,
        fmt::format("data frame length out of range: type={} length={} min={} max={} "
                    "(taskmanager.memory.segment-size must be the same on all TaskManagers)",
                    static_cast<int>(header.type), header.length, range.min, range.max));
  }
  if ((header.flags & ~buffer_flag::kAll) != 0) {
    return Status(ErrorCode::kCorruptData,
                  fmt::format("data frame with unknown flags: flags={:#x}", header.flags));
  }
  const bool carriesCredit =
      header.type == FrameType::kPartitionRequest || header.type == FrameType::kAddCredit;
  if (carriesCredit && header.value > kMaxCredit) {
    return Status(ErrorCode::kLimitExceeded,
                  fmt::format("credit out of range: credit={} max={}", header.value, kMaxCredit));
  }
  return header;
}

Bytes encodePartitionRequest(std::uint32_t channel, std::uint32_t credit,
                             const PartitionRequest& request) {
  Bytes frame(kFrameHeaderBytes + kPartitionRequestBytes, '\0');
  auto* out = reinterpret_cast<std::byte*>(frame.data());
  FrameHeader header;
  header.length = kPartitionRequestBytes;
  header.type = FrameType::kPartitionRequest;
  header.channel = channel;
  header.value = credit;
  if (request.pausesAtBarriers) header.flags = request_flag::kPausesAtBarriers;
  encodeFrameHeader(header, out);
  out += kFrameHeaderBytes;
  putText(out, request.partition.dataSet.bytes());
  putText(out, request.partition.producer.job.bytes());
  putText(out, request.partition.producer.vertex.bytes());
  put(out, request.partition.producer.subtask);
  put(out, request.partition.producer.attempt);
  put(out, request.subpartition);
  return frame;
}

Result<PartitionRequest> decodePartitionRequest(const FrameHeader& header, ByteView payload) {
  if (payload.size() != kPartitionRequestBytes) {
    return Status(ErrorCode::kCorruptData,
                  fmt::format("partition request of the wrong size: expected={} found={}",
                              kPartitionRequestBytes, payload.size()));
  }
  const std::byte* in = payload.data();
  PartitionRequest request;
  request.partition.dataSet =
      *IntermediateDataSetId::fromBytes(takeText(in, IntermediateDataSetId::kSize));
  request.partition.producer.job = *JobId::fromBytes(takeText(in, JobId::kSize));
  request.partition.producer.vertex = *JobVertexId::fromBytes(takeText(in, JobVertexId::kSize));
  request.partition.producer.subtask = get<std::int32_t>(in);
  request.partition.producer.attempt = get<std::int32_t>(in);
  request.subpartition = get<std::int32_t>(in);
  request.pausesAtBarriers = (header.flags & request_flag::kPausesAtBarriers) != 0;
  return request;
}

std::size_t encodeEventPayload(const ChannelEvent& event, std::byte* out) {
  const std::byte* const begin = out;
  switch (event.type) {
    case ChannelEvent::Type::kEndOfPartition:
      break;
    case ChannelEvent::Type::kCheckpointBarrier:
      put(out, event.checkpointId);
      put(out, event.timestampMs);
      put(out, event.options);
      break;
    case ChannelEvent::Type::kCancelCheckpoint:
      put(out, event.checkpointId);
      break;
    case ChannelEvent::Type::kEndOfData:
      put(out, event.options);
      break;
  }
  return static_cast<std::size_t>(out - begin);
}

ChannelEvent decodeEvent(const FrameHeader& header, ByteView payload) {
  const std::byte* in = payload.data();
  ChannelEvent event;
  event.type = static_cast<ChannelEvent::Type>(header.value);
  switch (event.type) {
    case ChannelEvent::Type::kEndOfPartition:
      break;
    case ChannelEvent::Type::kCheckpointBarrier:
      event.checkpointId = get<std::uint64_t>(in);
      event.timestampMs = get<std::int64_t>(in);
      event.options = get<std::uint8_t>(in);
      event.payload = takeText(in, payload.size() - (8 + 8 + 1));
      break;
    case ChannelEvent::Type::kCancelCheckpoint:
      event.checkpointId = get<std::uint64_t>(in);
      break;
    case ChannelEvent::Type::kEndOfData:
      event.options = get<std::uint8_t>(in);
      break;
  }
  return event;
}

Bytes encodeBareFrame(FrameType type, std::uint32_t channel, std::uint32_t value) {
  Bytes frame(kFrameHeaderBytes, '\0');
  FrameHeader header;
  header.type = type;
  header.channel = channel;
  header.value = value;
  encodeFrameHeader(header, reinterpret_cast<std::byte*>(frame.data()));
  return frame;
}

Bytes encodeErrorFrame(std::uint32_t channel, const Status& reason) {
  // "<id>\0<message>": the outermost error by id, everything else as text.
  std::string text(reason.id());
  text.push_back('\0');
  text += reason.message();
  for (const Status* cause = reason.cause(); cause != nullptr; cause = cause->cause()) {
    text += fmt::format("; caused by: {}: {}", cause->id(), cause->message());
  }
  text.resize(std::min(text.size(), kMaxErrorBytes));
  Bytes frame(kFrameHeaderBytes, '\0');
  FrameHeader header;
  header.length = static_cast<std::uint32_t>(text.size());
  header.type = FrameType::kError;
  header.channel = channel;
  encodeFrameHeader(header, reinterpret_cast<std::byte*>(frame.data()));
  return frame + text;
}

Status decodeError(ByteView payload) {
  const std::string_view text = asText(payload);
  const std::size_t end = text.find('\0');
  const std::string_view id = text.substr(0, end);
  const std::string message(end == std::string_view::npos ? std::string_view("no reason given")
                                                          : text.substr(end + 1));
  return Status(errorCodeById(id).value_or(ErrorCode::kConnectionLost), message);
}

}  // namespace flink::network
