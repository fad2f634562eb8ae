#pragma once

#include <cstdint>
#include <optional>

#include "cluster/protocol/messages.h"
#include "core/base/bytes.h"
#include "core/base/result.h"

namespace flink::protocol {

inline constexpr std::uint32_t kProtocolVersion = 1;
/// Larger frames are refused before anything is allocated for them.
inline constexpr std::size_t kMaxFrameBytes = 64U << 20;

enum class EnvelopeKind : std::uint8_t { kRequest, kResponse, kError, kEvent, kPing, kPong };

/// What every control frame carries around its body.
struct Envelope {
  std::uint32_t protocolVersion = kProtocolVersion;
  EnvelopeKind kind = EnvelopeKind::kRequest;
  Method method = Method::kGetVersion;
  std::uint64_t requestId = 0;
  std::string sender;
  Epoch epoch = Epoch::kNone;   ///< kNone: not fenced (clients)
  std::int64_t deadlineMs = 0;  ///< how long the sender waits, relative; 0 = no answer expected
  std::string errorId, errorMessage;  ///< kError
  /// Requests of one ordered stream run once each, by their sequence (1, 2, ...); 0 = no stream.
  /// Below `streamBase` the sender has every answer.
  std::uint64_t stream = 0, sequence = 0, streamBase = 0;
  Bytes body;
};

[[nodiscard]] Bytes encodeEnvelope(const Envelope& envelope);
/// Errors: kBadFrame, kLimitExceeded.
[[nodiscard]] Result<Envelope> decodeEnvelope(ByteView frame);
/// The answer to a request of another protocol version, in that version; nothing for other frames.
[[nodiscard]] std::optional<Envelope> refusalOfOtherVersion(ByteView frame);

/// Protobuf encoding of one message of messages.h, job_graph.h or cluster_view.h. Instantiated in
/// codec*.cpp for every request, every response, JobGraph, JobResult and ClusterEvent.
template <class T>
[[nodiscard]] Bytes encode(const T& value);
/// Errors: kBadFrame, kLimitExceeded.
template <class T>
[[nodiscard]] Result<T> decode(ByteView bytes);

}  // namespace flink::protocol
