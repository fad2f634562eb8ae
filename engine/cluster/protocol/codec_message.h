#pragma once

#include <algorithm>

#include <fmt/format.h>
#include <google/protobuf/arena.h>
#include <google/protobuf/io/zero_copy_stream.h>
#include <google/protobuf/message_lite.h>

#include "cluster/protocol/codec_fields.h"
#include "core/base/error_codes.h"

/// Private to the codecs: bytes ↔ protobuf messages, with bounded memory.
namespace flink::protocol {

/// Frames up to this size are parsed at one go: whatever they hold, it stays in the megabytes.
inline constexpr std::size_t kParseChunkBytes = 64U << 10;
/// Most memory that the objects of one frame may take (an empty nested message is 2 bytes on the wire, ~100 in memory).
inline constexpr std::size_t kMaxDecodedBytes = 256U << 20;

/// Hands a frame to the parser in pieces and ends it early when the objects made so far are over the limit.
class BoundedInput final : public google::protobuf::io::ZeroCopyInputStream {
 public:
  BoundedInput(ByteView bytes, const google::protobuf::Arena& arena) : bytes_(bytes), arena_(arena) {}

  bool Next(const void** data, int* size) override {
    overLimit_ = overLimit_ || arena_.SpaceUsed() > kMaxDecodedBytes;
    if (position_ == bytes_.size() || overLimit_) return false;
    const std::size_t n = std::min(kParseChunkBytes, bytes_.size() - position_);
    *data = bytes_.data() + position_;
    *size = static_cast<int>(n);
    position_ += n;
    return true;
  }
  void BackUp(int count) override { position_ -= static_cast<std::size_t>(count); }
  bool Skip(int count) override {
    const auto n = std::min(static_cast<std::size_t>(count), bytes_.size() - position_);
    position_ += n;
    return n == static_cast<std::size_t>(count);
  }
  [[nodiscard]] std::int64_t ByteCount() const override { return static_cast<std::int64_t>(position_); }
  [[nodiscard]] bool overLimit() const { return overLimit_; }

 private:
  ByteView bytes_;
  const google::protobuf::Arena& arena_;
  std::size_t position_ = 0;
  bool overLimit_ = false;
};

inline Status parseMessage(ByteView bytes, const google::protobuf::Arena& arena,
                           google::protobuf::MessageLite& message) {
  if (bytes.size() > kMaxFrameBytes) {
    return {ErrorCode::kLimitExceeded,
            fmt::format("message too large: size={} limit={}", bytes.size(), kMaxFrameBytes)};
  }
  BoundedInput input(bytes, arena);
  const bool parsed = bytes.size() <= kParseChunkBytes
                          ? message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))
                          : message.ParseFromZeroCopyStream(&input);
  if (parsed && !input.overLimit()) return Status::ok();
  if (input.overLimit()) {
    return {ErrorCode::kLimitExceeded, fmt::format("message holds too many objects: type={} size={} limit={}",
                                                   message.GetTypeName(), bytes.size(), kMaxDecodedBytes)};
  }
  return {ErrorCode::kBadFrame,
          fmt::format("message does not decode: type={} size={}", message.GetTypeName(), bytes.size())};
}

template <class T>
Bytes encode(const T& value) {
  google::protobuf::Arena arena;
  auto* message = google::protobuf::Arena::CreateMessage<typename WireOf<T>::Type>(&arena);
  put(value, *message);
  Bytes bytes;
  const bool serialized = message->SerializeToString(&bytes);
  FLINK_CHECK(serialized, "a control message is over 2 GiB");
  return bytes;
}

template <class T>
Result<T> decode(ByteView bytes) {
  google::protobuf::Arena arena;
  auto* message = google::protobuf::Arena::CreateMessage<typename WireOf<T>::Type>(&arena);
  FLINK_RETURN_IF_ERROR(parseMessage(bytes, arena, *message));
  T value;
  if (!get(*message, value)) {
    return {ErrorCode::kBadFrame,
            fmt::format("message holds a value that is none: type={}", message->GetTypeName())};
  }
  return value;
}

}  // namespace flink::protocol
