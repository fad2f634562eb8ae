#include "cluster/protocol/data_hello.h"

#include <cstdint>

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::protocol {
namespace {

constexpr std::string_view kMagic = "FLKD";
constexpr std::uint16_t kVersion = 1;

void putU16(Bytes& bytes, std::uint16_t number) {
  bytes.push_back(static_cast<char>(number >> 8));
  bytes.push_back(static_cast<char>(number & 0xff));
}

std::uint16_t getU16(std::string_view bytes) {
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(bytes[0]) << 8 |
                                    static_cast<std::uint8_t>(bytes[1]));
}

}  // namespace

Bytes encodeDataHello(const DataHello& hello) {
  FLINK_CHECK(hello.consumer.size() <= kMaxConsumerNameBytes,
              "the consumer's name is too long for a data hello");
  Bytes bytes(kMagic);
  putU16(bytes, kVersion);
  putU16(bytes, static_cast<std::uint16_t>(hello.consumer.size()));
  bytes += hello.job.bytes();
  bytes += hello.token.bytes();
  bytes += hello.consumer;
  return bytes;
}

Result<std::size_t> decodeDataHelloHead(ByteView head, DataHello& hello) {
  std::string_view text = asText(head);
  if (text.size() != kDataHelloHeadBytes || !text.starts_with(kMagic)) {
    return {ErrorCode::kBadFrame,
            fmt::format("not a data connection of this product: bytes={}", text.size())};
  }
  text.remove_prefix(kMagic.size());
  if (const auto version = getU16(text); version != kVersion) {
    return {
        ErrorCode::kBadFrame,
        fmt::format("data connection of another version: version={} ours={}", version, kVersion)};
  }
  const std::size_t nameBytes = getU16(text.substr(2));
  if (nameBytes > kMaxConsumerNameBytes) {
    return {ErrorCode::kBadFrame, fmt::format("consumer's name too long: bytes={} limit={}",
                                              nameBytes, kMaxConsumerNameBytes)};
  }
  hello.job = *JobId::fromBytes(text.substr(4, JobId::kSize));
  hello.token = *JobToken::fromBytes(text.substr(4 + JobId::kSize, JobToken::kSize));
  return nameBytes;
}

}  // namespace flink::protocol
