#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "dataflow/network/network_environment.h"

namespace flink::network {

/// Kinds of frames (FORMAT.md). The first group goes from consumer to producer, the second the
/// other way.
enum class FrameType : std::uint8_t {
  kPartitionRequest = 1,
  kAddCredit = 2,
  kCloseChannel = 3,
  kResumeChannel = 4,
  kBuffer = 16,
  kEvent = 17,
  kError = 18,
  kBacklog = 19,
};

inline constexpr std::size_t kFrameHeaderBytes = 20;
inline constexpr std::size_t kMaxErrorBytes = 8 << 10;
inline constexpr std::size_t kPartitionRequestBytes = 16 + 16 + 16 + 4 + 4 + 4;
inline constexpr std::uint32_t kMaxCredit = 1U << 20;
/// Of an event without its own payload.
inline constexpr std::size_t kMaxEventBytes = 8 + 8 + 1;

/// The fixed head of every frame.
struct FrameHeader {
  std::uint32_t length = 0;  ///< bytes that follow
  FrameType type = FrameType::kBuffer;
  std::uint8_t flags = 0;      ///< buffer_flag or request_flag bits
  std::uint32_t channel = 0;   ///< chosen by the consumer, unique in its connection
  std::uint32_t sequence = 0;  ///< counts the buffers and events of a channel
  std::uint32_t value = 0;     ///< credit, backlog or event, by type
};

void encodeFrameHeader(const FrameHeader& header, std::byte* out);

/// Which end of a connection reads: decides which types are legal and how long they may be.
enum class FrameReaderSide : std::uint8_t { kConsumer, kProducer };

/// Checks type, kind of event and length before anything is allocated for the frame. REQUIRES:
/// kFrameHeaderBytes at `in`. Errors: kCorruptData, kLimitExceeded.
Result<FrameHeader> decodeFrameHeader(const std::byte* in, FrameReaderSide side,
                                      std::uint32_t segmentBytes);

/// What a partition request asks for besides.
namespace request_flag {
inline constexpr std::uint8_t kPausesAtBarriers = 1;
}  // namespace request_flag

struct PartitionRequest {
  ResultPartitionId partition;
  std::int32_t subpartition = 0;
  /// After a barrier the producer forgets the channel's credit and sends nothing until
  /// kResumeChannel.
  bool pausesAtBarriers = false;
};
[[nodiscard]] Bytes encodePartitionRequest(std::uint32_t channel, std::uint32_t credit,
                                           const PartitionRequest& request);
/// Errors: kCorruptData.
Result<PartitionRequest> decodePartitionRequest(const FrameHeader& header, ByteView payload);

/// The payload of an event's frame, whose value is the event's type, but for `event.payload`, which
/// follows. Returns its size, at most kMaxEventBytes.
std::size_t encodeEventPayload(const ChannelEvent& event, std::byte* out);
/// REQUIRES: a header that decodeFrameHeader() has passed, and its payload.
[[nodiscard]] ChannelEvent decodeEvent(const FrameHeader& header, ByteView payload);

/// A frame without payload.
[[nodiscard]] Bytes encodeBareFrame(FrameType type, std::uint32_t channel, std::uint32_t value);

/// `reason` with its causes, cut to kMaxErrorBytes.
[[nodiscard]] Bytes encodeErrorFrame(std::uint32_t channel, const Status& reason);
/// Unknown ids become kConnectionLost with the peer's text.
[[nodiscard]] Status decodeError(ByteView payload);

}  // namespace flink::network
